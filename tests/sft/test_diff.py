"""`sft diff` of specs from outside: exit codes, sections, and what happens when one does not compile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import sft

SPEC = """edition 2026
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }
filter clean { keep words(message) in 2..80 }
task triage { from = tickets   filters = [clean] }
"""
SAME = """edition 2026   # reordered, with a comment
task triage {
  filters = [clean]
  from    = tickets
}
filter clean { keep words(message) in 2..80 }
source tickets { licence = "CC0-1.0"   origin = human   path = "tickets.jsonl" }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.sft").write_text(SPEC)
    (tmp_path / "same.sft").write_text(SAME)
    (tmp_path / "b.sft").write_text(SPEC.replace("2..80", "2..90").replace("clean", "tidy"))
    (tmp_path / "c.sft").write_text(SPEC.replace("2..80", "2..90"))
    (tmp_path / "tickets.jsonl").write_text('{"message": "Where is it?"}\n')
    return tmp_path


def test_the_same_in_another_order_is_the_same(project: Path) -> None:
    done = sft("diff", "a.sft", "same.sft", cwd=project)
    assert done.returncode == 0, done.stderr
    assert "the same" in done.stdout and "the same results" in done.stdout


def test_a_changed_rule_is_told_with_the_steps_that_differ(project: Path) -> None:
    done = sft("diff", "a.sft", "c.sft", cwd=project)
    assert done.returncode == 2
    assert "~ filter clean" in done.stdout
    assert "keep words(message) in 2..80 -> keep words(message) in 2..90" in done.stdout
    assert "~ filter:triage.clean\n    rule 1: 80 -> 90 (c.sft:3)" in done.stdout


def test_json_has_the_same_facts(project: Path) -> None:
    found = json.loads(sft("diff", "a.sft", "c.sft", "--format", "json", cwd=project).stdout)
    assert (found["same"], found["verdicts"], found["metrics"]) == (False, None, None)
    assert found["blocks"][0]["title"] == "filter clean"
    states = {step["step"]: step["state"] for step in found["steps"]}
    assert states == {"ingest:tickets": "same", "filter:triage.clean": "changed"}


def test_a_spec_that_does_not_compile_is_still_compared_by_its_blocks(project: Path) -> None:
    (project / "c.sft").write_text(SPEC.replace("words(message)", "words(massage)"))
    done = sft("diff", "a.sft", "c.sft", cwd=project)
    assert done.returncode == 2 and "SFT0301" in done.stderr
    assert "words(massage)" in done.stdout and "c.sft does not compile" in done.stdout


@pytest.mark.parametrize(
    ("second", "code"), [("nowhere.sft", "SFT0912"), ("last", "SFT0902"), ("broken.sft", "SFT0109")]
)
def test_what_cannot_be_compared_is_an_error(project: Path, second: str, code: str) -> None:
    (project / "broken.sft").write_text("edition 2026\nfilter a { keep }\n")
    done = sft("diff", "a.sft", second, cwd=project)
    assert done.returncode == 1 and code in done.stderr, done.stderr


def test_a_spec_and_a_run_are_compared_by_their_steps(project: Path) -> None:
    assert sft("run", "a.sft", "--plain", cwd=project).returncode == 0
    assert sft("diff", "last", "a.sft", cwd=project).returncode == 0
    assert sft("diff", "last", "same.sft", cwd=project).returncode == 0
    assert sft("bless", "last", "main", "--anyway", cwd=project).returncode == 0
    done = sft("diff", "main", "b.sft", cwd=project)
    assert done.returncode == 2 and "+ filter:triage.tidy" in done.stdout and "- filter:triage.clean" in done.stdout


def test_what_is_neither_a_file_nor_a_run_is_said_to_be_neither(project: Path) -> None:
    done = sft("diff", "a.sft", "nope", cwd=project)
    assert done.returncode == 1
    assert "there is no file `nope`, and there is no store in `.`" in done.stderr


def test_what_does_not_compile_is_not_the_same(project: Path) -> None:
    """The blocks agree; what the imported files say may differ all the same."""
    for name, column in (("one", "message"), ("two", "mesage")):
        folder = project / name
        folder.mkdir()
        (folder / "parts.sft").write_text(f"edition 2026\nfilter clean {{ keep words({column}) in 2..80 }}\n")
        (folder / "spec.sft").write_text(
            'edition 2026\nimport "parts.sft" as parts\n'
            'source tickets { path = "../tickets.jsonl"   licence = "CC0-1.0"   origin = human }\n'
            "task triage { from = tickets   filters = [parts.clean] }\n"
        )
    done = sft("diff", "one/spec.sft", "two/spec.sft", "--format", "json", cwd=project)
    found = json.loads(done.stdout)
    assert (done.returncode, found["same"], found["blocks"], found["steps"]) == (2, False, [], None)
