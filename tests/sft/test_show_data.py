"""`sft show` and `sft trace` over data steps that ran, also where a run was stopped: exports, which train nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sft.cli import main

SPEC = """edition 2026
source town { path = "town.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{q}"   assistant = "{a}" }
filter few {
  dedup exact on lower(q)
  keep n < LIMIT
}
score long { length = words(q) }
task small { from = town   filters = [few]   scores = [long]   templates = [plain] }
task big { from = town   templates = [plain] }
mixture both { use small weight 50%   use big weight 50%   total = 60 rows }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [{"id": f"row {n}", "q": f"Weather in town {n}", "a": "y", "n": n} for n in range(100)]
    rows[1] = {"id": "row 1", "q": "weather in TOWN 0", "a": "y", "n": 0.5}
    (tmp_path / "town.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def export(folder: Path, limit: int) -> int:
    (folder / "spec.sft").write_text(SPEC.replace("LIMIT", str(limit)))
    return main(["export", "both", "--file", "spec.sft", "--to", "out"])


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main([*words]) == 0
    return capsys.readouterr().out


def test_a_refused_mixture_shows_what_it_would_take(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, 9) == 1
    page = told(capsys, "show", "mixture")
    line = next(line for line in page.splitlines() if line.startswith("small"))
    assert line.split() == ["small", "8", "50.00%", "30.0", "30", "3.75", "times"]
    assert "not done: `mix:both` (failed)" in page


def test_a_run_that_was_stopped_before_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, -1) == 1
    assert told(capsys, "show", "mixture") == "not done: `mix:both` (skipped)\n"
    assert told(capsys, "show", "scores") == "not done: `score:small.long` (skipped)\n"
    assert told(capsys, "show", "decontamination") == "this run compares no rows with held-out ones\n"


def test_data_steps_of_a_run_as_pages(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, 60) == 0
    assert "the spec has no gate" in told(capsys, "show", "verdicts")
    lines = told(capsys, "show", "duplicates").splitlines()
    stays, goes = (" ".join(line.split()) for line in lines[-2:])
    assert stays == "1 town.jsonl:1 Weather in town 0 stays"
    assert goes == "town.jsonl:2 weather in TOWN 0 equal dedup exact on lower(q)"
    [group] = json.loads(told(capsys, "show", "duplicates", "--format", "json"))["groups"]
    assert (group["file"], group["line"], group["stands_for"][0]["on"]) == ("town.jsonl", 1, ["q"])
    page = told(capsys, "trace", "town.jsonl:4")
    assert "\nn       3\n" in page and "kept; length 4\n" in page


def test_a_step_has_the_name_that_tables_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(folder, 60) == 0
    whole = told(capsys, "show", "ledger", "--step", "ingest:town")
    assert "ingest town" in whole
    assert told(capsys, "show", "ledger", "--step", "ingest town") == whole
    assert told(capsys, "show", "ledger", "--step", "town") == whole
    assert main(["show", "ledger", "--step", "nothing"]) == 1
    assert "this run has no step `nothing`" in capsys.readouterr().err


def test_a_name_of_several_steps_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = SPEC.replace("LIMIT", "60").replace("length = words(q)", "length = words(q)   keep length > 0")
    (folder / "spec.sft").write_text(spec)
    assert main(["export", "both", "--file", "spec.sft", "--to", "out"]) == 0
    assert main(["show", "ledger", "--step", "small.long"]) == 1
    assert "several steps of this run are called `small.long`" in capsys.readouterr().err


def test_decontamination_that_leaves_no_row_shows_what_gave_it_away(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "asked.jsonl").write_text((folder / "town.jsonl").read_text())
    held_out = """
source asked { path = "asked.jsonl"   licence = "CC0-1.0"   origin = human }
task test { from = asked   templates = [plain] }
mixture clean { use big   decontaminate against [test] ngram 3 coverage 50% }
"""
    (folder / "spec.sft").write_text(SPEC.replace("LIMIT", "60") + held_out)
    assert main(["export", "clean", "--file", "spec.sft", "--to", "out"]) == 1
    assert "SFT0420" in capsys.readouterr().err
    assert "town.jsonl:1" in told(capsys, "show", "decontamination")


def test_duplicates_name_no_file_that_another_run_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = SPEC.replace("LIMIT", "60")
    (folder / "a_old.jsonl").write_text("\n" + (folder / "town.jsonl").read_text().replace('"a": "y"', '"a": "z"', 1))
    (folder / "spec.sft").write_text(spec.replace("town.jsonl", "a_old.jsonl"))
    assert main(["export", "both", "--file", "spec.sft", "--to", "old"]) == 0
    (folder / "spec.sft").write_text(spec)
    assert main(["export", "both", "--file", "spec.sft", "--to", "out"]) == 0
    assert "a_old" not in told(capsys, "show", "duplicates", "--format", "json")


def test_a_line_is_found_under_every_name_of_its_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Equal files are read once, and a file that was renamed is not read again."""
    assert export(folder, 60) == 0
    (folder / "town.jsonl").rename(folder / "city.jsonl")
    (folder / "copy.jsonl").write_bytes((folder / "city.jsonl").read_bytes())
    spec = SPEC.replace("LIMIT", "61").replace("town.jsonl", "city.jsonl")
    spec += 'source again { path = "copy.jsonl"   licence = "CC0-1.0"   origin = human }\n'
    spec = spec.replace("task big { from = town", "task big { from = again")
    (folder / "spec.sft").write_text(spec)
    assert main(["export", "both", "--file", "spec.sft", "--to", "more"]) == 0
    for name in ("town.jsonl", "city.jsonl", "copy.jsonl"):
        assert "Weather in town 3" in told(capsys, "trace", f"{name}:4")
    assert main(["trace", "village.jsonl:4"]) == 1


def test_a_name_means_the_file_that_has_it_now(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file was renamed, and its old name given to another one: a line of that one is meant."""
    assert export(folder, 60) == 0
    (folder / "town.jsonl").rename(folder / "city.jsonl")
    (folder / "town.jsonl").write_text(
        "".join(json.dumps({"q": f"Rain {n}", "a": "n", "n": n}) + "\n" for n in range(9))
    )
    spec = SPEC.replace("LIMIT", "61").replace("source town", "source rain").replace("from = town", "from = rain", 1)
    spec += 'source town { path = "city.jsonl"   licence = "CC0-1.0"   origin = human }\n'
    (folder / "spec.sft").write_text(spec.replace("weight 50%", "").replace("total = 60 rows", ""))
    assert main(["export", "both", "--file", "spec.sft", "--to", "more"]) == 0
    assert "Rain 3" in told(capsys, "trace", "town.jsonl:4")
    assert "Weather in town 3" in told(capsys, "trace", "city.jsonl:4")


def test_rows_of_a_list_are_called_rows_and_not_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in (folder / "town.jsonl").read_text().splitlines()]
    (folder / "town.json").write_text(json.dumps(rows, indent=1))
    spec = SPEC.replace("town.jsonl", "town.json").replace("LIMIT", "50").replace("total = 60 rows", "")
    (folder / "spec.sft").write_text(spec)
    assert main(["export", "small", "--file", "spec.sft", "--to", "out"]) == 0
    ledger = told(capsys, "show", "ledger")
    assert "town.json row 2 " in ledger and "town.json:" not in ledger
    assert "stood in: town.json row 1" in ledger or "town.json row 1" in ledger
    by_row, by_line = (told(capsys, "trace", f"town.json{mark}2") for mark in (" row ", ":"))
    assert by_row == by_line and "town.json row 2 (source town)" in by_row
