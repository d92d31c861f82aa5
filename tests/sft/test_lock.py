"""`sft lock` and `--locked` from outside, on real files: what is written, what drift is told, what is never allowed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import sft

SPEC = """edition 2026
import "parts/common.sft" as common

source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }

task triage { from = tickets }
task more   { from = common.more }
"""
COMMON = """edition 2026
source more { path = "more.csv"   licence = "CC0-1.0"   origin = human }
"""
POLICY = """edition 2026
policy conduct { text = "conduct.md"   version = "3" }
"""
ROWS = [json.dumps({"message": f"Where is parcel {number}?"}) for number in range(20)]


def save(project: Path, rows: list[str]) -> None:
    (project / "tickets.jsonl").write_text("".join(f"{row}\n" for row in rows))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "spec.sft").write_text(SPEC)
    (tmp_path / "parts" / "common.sft").write_text(COMMON)
    (tmp_path / "parts" / "more.csv").write_text("message\nhello\n")
    save(tmp_path, ROWS)
    done = sft("lock", "spec.sft", cwd=tmp_path)
    assert done.returncode == 0 and "2 files, 21 rows" in done.stderr, done.stderr
    return tmp_path


def test_a_lock_holds_until_something_changes(project: Path) -> None:
    written = (project / "sft.lock").read_bytes()
    again = sft("lock", "spec.sft", cwd=project)
    assert "holds" in again.stderr and (project / "sft.lock").read_bytes() == written
    assert sft("lock", "spec.sft", "--check", cwd=project).returncode == 0
    assert sft("compile", "spec.sft", "--locked", cwd=project).returncode == 0


def test_a_lock_has_no_data_and_no_place_of_this_machine(project: Path) -> None:
    text = (project / "sft.lock").read_text()
    assert "parcel" not in text and "hello" not in text and str(project) not in text
    assert set(json.loads(text)["specs"]["spec.sft"]["files"]) == {"tickets.jsonl", "parts/more.csv"}


@pytest.mark.parametrize("command", ["compile", "plan", "run"])
def test_drift_is_refused_with_the_rows_that_changed(project: Path, command: str) -> None:
    save(project, [*ROWS[:4], '{"message": "other"}', *ROWS[5:], '{"message": "new"}'])
    done = sft(command, "spec.sft", "--locked", cwd=project)
    assert done.returncode == 1
    assert "error[SFT0750]" in done.stderr and "1 row changed (line 5), 1 row added (line 21)" in done.stderr
    assert "spec.sft:4:25" in done.stderr
    assert not (project / ".sft").exists()
    assert sft("compile", "spec.sft", cwd=project).returncode == 0


def test_locking_again_says_what_is_accepted(project: Path) -> None:
    save(project, ROWS[1:])
    looked = sft("lock", "spec.sft", "--check", "--format", "json", cwd=project)
    told = json.loads(looked.stdout)
    assert looked.returncode == 1 and (told["holds"], told["written"]) == (False, False)
    assert told["changes"] == ["~ tickets.jsonl: 1 row removed (row 1 of the pinned file)"]
    assert sft("lock", "spec.sft", cwd=project).stdout.splitlines() == told["changes"]
    assert sft("plan", "spec.sft", "--locked", cwd=project).returncode == 2


def test_without_a_lock_locked_is_an_error(project: Path) -> None:
    (project / "other.sft").write_text(SPEC)
    assert "no section for `other.sft`" in sft("compile", "other.sft", "--locked", cwd=project).stderr
    (project / "sft.lock").unlink()
    done = sft("compile", "spec.sft", "--locked", cwd=project)
    assert done.returncode == 1 and "SFT0753" in done.stderr


def test_the_specs_of_a_folder_share_a_lock(project: Path) -> None:
    (project / "other.sft").write_text(SPEC)
    assert sft("lock", "other.sft", cwd=project).returncode == 0
    assert sft("lock", "spec.sft", "--check", cwd=project).returncode == 0
    assert set(json.loads((project / "sft.lock").read_text())["specs"]) == {"spec.sft", "other.sft"}


def test_a_damaged_lock_stops_every_command_that_reads_it(project: Path) -> None:
    (project / "sft.lock").write_text("<<<<<<< HEAD\n")
    for command in ("check", "compile", "lock"):
        done = sft(command, "spec.sft", cwd=project)
        assert done.returncode == 1 and "SFT0755" in done.stderr, command


def test_a_policy_may_not_say_something_else_under_its_version(project: Path) -> None:
    spec, words = project / "policy.sft", project / "conduct.md"
    spec.write_text(POLICY)
    missing = sft("lock", "policy.sft", cwd=project)
    assert missing.returncode == 1 and "SFT0756" in missing.stderr
    words.write_text("Be kind.\n")
    assert sft("lock", "policy.sft", cwd=project).returncode == 0
    assert "SFT0752" not in sft("check", "policy.sft", cwd=project).stderr
    words.write_text("Be kind and brief.\n")
    for command in ("check", "compile", "lock"):
        done = sft(command, "policy.sft", cwd=project)
        assert done.returncode == 1 and "SFT0752" in done.stderr, command
    spec.write_text(POLICY.replace('"3"', '"4"'))
    accepted = sft("lock", "policy.sft", cwd=project)
    assert accepted.returncode == 0 and accepted.stdout == "~ policy conduct: version 3 -> 4, text\n"


def run_in(project: Path, environment: dict[str, str], *args: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sft", *args]
    return subprocess.run(command, cwd=project, capture_output=True, env={**os.environ, **environment}, timeout=120)


def test_processes_that_lock_at_once_keep_each_others_sections(project: Path) -> None:
    names = [f"s{number}.sft" for number in range(6)]
    for name in names:
        (project / name).write_text(SPEC)
    command = [sys.executable, "-m", "sft", "lock"]
    running = [
        subprocess.Popen([*command, name], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in names
    ]
    assert [process.wait(120) for process in running] == [0] * 6
    assert set(json.loads((project / "sft.lock").read_text())["specs"]) == {"spec.sft", *names}
    assert not [entry.name for entry in project.iterdir() if entry.name.startswith(".")]


def test_an_imported_policy_keeps_its_words_and_no_version_is_used_twice(project: Path) -> None:
    rules, words = project / "parts" / "rules.sft", project / "parts" / "conduct.md"
    rules.write_text(POLICY)
    words.write_text("Be kind.\n")
    text = SPEC.replace("as common\n", 'as common\nimport "parts/rules.sft" as rules\n')
    (project / "spec.sft").write_text(text.replace("origin = human }", "origin = human   policy = rules.conduct }"))
    assert sft("lock", "spec.sft", cwd=project).stdout == "+ policy rules.conduct\n"
    words.write_text("Be brief.\n")
    assert "SFT0752" in sft("check", "spec.sft", cwd=project).stderr
    rules.write_text(POLICY.replace('"3"', '"4"'))
    assert sft("lock", "spec.sft", cwd=project).returncode == 0
    words.write_text("Be silent.\n")
    rules.write_text(POLICY)
    for command in ("check", "lock"):
        assert "under version 3" in sft(command, "spec.sft", cwd=project).stderr, command
    words.unlink()
    assert "SFT0756" in sft("check", "spec.sft", cwd=project).stderr
    words.write_text("Be kind.\n")
    assert sft("lock", "spec.sft", cwd=project).stdout == "~ policy rules.conduct: version 4 -> 3, text\n"


@pytest.mark.parametrize(
    ("path", "why"),
    [("/dev/zero", "no ordinary file"), ("t\\u0000.md", "no file can have this name"), ("parts", "it is a folder")],
)
def test_the_words_of_a_policy_are_an_ordinary_file(project: Path, path: str, why: str) -> None:
    (project / "policy.sft").write_text(POLICY.replace("conduct.md", path))
    done = sft("lock", "policy.sft", cwd=project)
    assert done.returncode == 1 and "SFT0756" in done.stderr and why in done.stderr, done.stderr


def test_what_accepts_drift_is_the_command_as_it_was_called(project: Path) -> None:
    (project / "spec.sft").write_text(
        SPEC.replace("edition 2026\n", "edition 2026\n").replace("source tickets", "param n = 3\n\nsource tickets")
    )
    save(project, ROWS[1:])
    called = f"sft lock {project.name}/spec.sft --set n=4"
    spec = f"{project.name}/spec.sft"
    done = sft("compile", spec, "--locked", "--set", "n=4", cwd=project.parent)
    assert f"`{called}`" in done.stderr, done.stderr
    assert f"`{called}`" in sft("lock", spec, "--check", "--set", "n=4", cwd=project.parent).stderr


def test_a_linked_spec_shares_the_section_of_what_it_leads_to(project: Path) -> None:
    (project / "parts" / "link.sft").symlink_to(project / "spec.sft")
    assert "holds for spec.sft" in sft("lock", "parts/link.sft", cwd=project).stderr
    assert sft("compile", "parts/link.sft", "--locked", cwd=project).returncode == 0
    assert not (project / "parts" / "sft.lock").exists()


def test_names_that_a_terminal_cannot_show_are_escaped(project: Path) -> None:
    (project / "spec.sft").write_text(SPEC.replace("tickets.jsonl", "grüße.jsonl"))
    (project / "tickets.jsonl").rename(project / "grüße.jsonl")
    done = run_in(project, {"PYTHONIOENCODING": "ascii"}, "lock", "spec.sft")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"+ gr\\xfc\\xdfe.jsonl\n- tickets.jsonl\n"
