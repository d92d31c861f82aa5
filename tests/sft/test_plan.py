"""`sft plan` from outside on real stores of data-only specs: states, reasons, rows, expected time, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command import sft

SPEC = """edition 2026

source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }

template plain { user = "{message}"   assistant = "{label}" }

filter clean {
  keep words(message) in 2..80
}

task triage {
  from      = tickets
  filters   = [clean]
  templates = [plain]
  split { key = message   train = 70%   test = 30% }
}

mixture mixed {
  use triage
}
"""


def save(project: Path, count: int) -> None:
    rows = [
        {"message": f"Where is parcel {number}?" if number % 10 else "Help!", "label": "a"} for number in range(count)
    ]
    (project / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write(folder: Path) -> Path:
    (folder / "data.sft").write_text(SPEC)
    save(folder, 100)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its run; never touched."""
    folder = write(tmp_path_factory.mktemp("once"))
    done = sft("run", "data.sft", "--plain", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def finished(once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(once, tmp_path / "finished"))


def edit(project: Path, old: str, new: str) -> None:
    text = (project / "data.sft").read_text()
    assert old in text
    (project / "data.sft").write_text(text.replace(old, new))


def records(project: Path, code: int) -> dict[str, dict[str, Any]]:
    done = sft("plan", "data.sft", "--format", "json", cwd=project)
    assert done.returncode == code, done.stderr
    return {record["step"]: record for record in map(json.loads, done.stdout.splitlines())}


def test_before_the_first_run_rows_of_files_are_known_and_time_is_not(project: Path) -> None:
    found = records(project, 2)
    assert {record["state"] for record in found.values()} == {"run"}
    assert (found["ingest:tickets"]["rows"], found["ingest:tickets"]["rows_counted"]) == (100, True)
    assert (found["filter:triage.clean"]["rows"], found["filter:triage.clean"]["rows_counted"]) == (100, False)
    assert {record["seconds"] for record in found.values()} == {None}
    text = sft("plan", "data.sft", cwd=project).stdout
    assert "5 to run" in text and "time: not known" in text
    assert not (project / ".sft").exists()


def test_after_a_run_there_is_nothing_to_do(finished: Path) -> None:
    found = records(finished, 0)
    assert {record["state"] for record in found.values()} == {"cached"}
    assert (found["filter:triage.clean"]["rows"], found["split:triage"]["rows"]) == (100, 90)
    assert all(record["rows_counted"] and record["seconds_by"] == "measured" for record in found.values())
    assert "nothing to do" in sft("plan", "data.sft", cwd=finished).stdout


def test_rows_and_time_follow_the_last_run_in_proportion(finished: Path) -> None:
    before = records(finished, 0)
    save(finished, 200)
    found = records(finished, 2)
    assert {record["state"] for record in found.values()} == {"rerun"}
    assert found["ingest:tickets"]["reasons"] == ["tickets.jsonl changed"]
    assert (found["ingest:tickets"]["rows"], found["split:triage"]["rows"]) == (200, 180)
    assert not found["split:triage"]["rows_counted"]
    assert found["filter:triage.clean"]["seconds"] == pytest.approx(
        2 * before["filter:triage.clean"]["seconds"], abs=0.002
    )
    assert found["filter:triage.clean"]["seconds_by"] == "its last run"


def test_a_reason_names_the_field_its_values_and_its_line(finished: Path) -> None:
    edit(finished, "2..80", "2..90")
    found = records(finished, 2)
    assert found["filter:triage.clean"]["reasons"] == ["rule 1: 80 -> 90 (data.sft:8)"]
    assert found["split:triage"]["reasons"] == ["because filter:triage.clean reruns"]
    text = sft("plan", "data.sft", cwd=finished, COLUMNS="80").stdout
    assert "rule 1: 80 -> 90 (data.sft:8)" in text and "because" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_renamed_and_a_removed_block_are_told_apart(finished: Path) -> None:
    edit(finished, "clean", "tidy")
    edit(finished, "mixture mixed {\n  use triage\n}\n", "")
    found = records(finished, 0)
    assert found["filter:triage.tidy"]["renamed_from"] == "filter:triage.clean"
    assert [step for step, record in found.items() if record["state"] == "orphan"] == [
        "render:triage.train",
        "mix:mixed",
    ]
    text = sft("plan", "data.sft", cwd=finished).stdout
    assert "renamed from filter:triage.clean" in text and "2 no longer in the plan" in text


def test_a_new_step_is_timed_by_others_of_its_kind(finished: Path) -> None:
    edit(finished, "template plain", 'filter more { drop message matches r"zzz" }\n\ntemplate plain')
    edit(finished, "[clean]", "[clean, more]")
    found = records(finished, 2)
    assert found["filter:triage.more"]["state"] == "run"
    assert found["filter:triage.more"]["seconds_by"] == "1 earlier filter step"
    assert found["filter:triage.more"]["rows"] == 90 and found["filter:triage.more"]["rows_counted"]


def test_text_of_a_spec_reaches_a_terminal_without_control_characters(finished: Path) -> None:
    edit(finished, '"{message}"', '"\\u001b[31m{message}"')
    text = sft("plan", "data.sft", cwd=finished).stdout
    assert "\x1b" not in text and "template `plain`" in text


def test_a_mixture_is_expected_to_take_what_it_will_take(project: Path) -> None:
    edit(project, "use triage", "use triage cap 3")
    assert records(project, 2)["mix:mixed"]["rows"] == 3
    assert sft("run", "data.sft", cwd=project).returncode == 0
    assert records(project, 0)["mix:mixed"]["rows"] == 3


def test_few_rows_say_nothing_of_the_time_that_many_take(finished: Path) -> None:
    save(finished, 5_000)
    found = records(finished, 2)
    assert found["ingest:tickets"]["seconds"] is None and found["filter:triage.clean"]["seconds"] is None
    save(finished, 300)
    assert records(finished, 2)["ingest:tickets"]["seconds"] > 0


def test_a_store_that_cannot_be_one_is_said_to_be_none(project: Path) -> None:
    for command in ("plan", "run"):
        done = sft(command, "data.sft", "--store", "tickets.jsonl", cwd=project)
        assert done.returncode == 1 and "error[SFT0905]: `tickets.jsonl` is a file" in done.stderr, command
        done = sft("run", "data.sft", "--store", "tickets.jsonl/x", cwd=project)
        assert done.returncode == 1 and "error[SFT0905]" in done.stderr
