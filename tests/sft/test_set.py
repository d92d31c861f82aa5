"""`--set` from outside: what a param changes in a plan, what a wrong one is told, and imports on a real disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import sft

SPEC = """edition 2026
import "parts/common.sft" as common
param longest = 80

source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }

filter short { keep words(message) <= longest }

task triage {
  from    = tickets
  filters = [short, common.clean]
}
"""
COMMON = """edition 2026
param shortest = 1
filter clean { keep words(message) >= shortest }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "spec.sft").write_text(SPEC)
    (tmp_path / "parts" / "common.sft").write_text(COMMON)
    (tmp_path / "tickets.jsonl").write_text('{"message": "Where is my parcel?"}\n')
    return tmp_path


def hashes(project: Path, *settings: str) -> dict[str, str]:
    done = sft("compile", "spec.sft", "--format", "json", *settings, cwd=project)
    assert done.returncode == 0, done.stderr
    return {f"{step['kind']}:{step['name']}": step["hash"] for step in json.loads(done.stdout)["steps"]}


def test_a_setting_changes_the_steps_that_use_it(project: Path) -> None:
    before, after = hashes(project), hashes(project, "--set", "common.shortest=2")
    assert [name for name in before if before[name] != after[name]] == ["filter:triage.common.clean"]
    assert hashes(project, "--set", "longest=80", "--set", "common.shortest=1") == before


@pytest.mark.parametrize("command", ["check", "compile", "plan", "run"])
def test_a_wrong_setting_is_refused_by_every_command(project: Path, command: str) -> None:
    done = sft(command, "spec.sft", "--set", "longst=3", "--set", "common.shortest=2%", cwd=project)
    assert done.returncode == 1
    assert "SFT0240" in done.stderr and "did you mean `longest`?" in done.stderr
    assert "SFT0239" in done.stderr and "common.sft:2" in done.stderr


def test_a_plan_names_files_relative_to_the_spec(project: Path) -> None:
    done = sft("compile", str(project / "spec.sft"), "--format", "json", cwd=project.parent)
    places = {step["name"]: step["place"]["path"] for step in json.loads(done.stdout)["steps"]}
    assert places == {"tickets": "spec.sft", "triage.short": "spec.sft", "triage.common.clean": "parts/common.sft"}
    assert str(project) not in done.stdout


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("parts", "`parts` is a folder"),
        ("parts/comon.sft", "did you mean `parts/common.sft`?"),
        ("nowhere/common.sft", "there is no folder `nowhere`"),
        ("latin.sft", "is not UTF-8 text (byte 15)"),
    ],
)
def test_an_import_that_cannot_be_read_is_told_at_the_import(project: Path, path: str, said: str) -> None:
    (project / "latin.sft").write_bytes("edition 2026 #Müll".encode("latin-1"))
    (project / "spec.sft").write_text(SPEC.replace("parts/common.sft", path))
    done = sft("check", "spec.sft", cwd=project)
    assert done.returncode == 1 and "SFT0230" in done.stderr and said in done.stderr, done.stderr
    assert done.stderr.count("error[") == 1
