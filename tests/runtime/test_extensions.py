"""Functions of the user's own in a run: their values, their failures with row and line, and what an edit runs again."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import sft
from runtime.relational import engine, parquet
from runtime.store import Store
from runtime.world import LocalWorld
from spec_lang.diagnostics import DiagnosticError

MINE = """
import sft
print("never at a check")

@sft.scorer
def depth(level: int | None, text: str) -> float | None:
    if text == "boom":
        raise ValueError("no \\x1b[31m depth")
    if text == "type":
        return "deep"
    if text == "nan":
        return float("nan")
    if text == "inf":
        return -float("inf")
    if text == "huge":
        return 10**400
    return None if text == "none" else len(text) + (10 * level if level is not None else 0.5)

@sft.filter
def known(text: str) -> bool:
    return text != "unknown"
"""
SPEC = """
edition 2026
extension mine { path = "./mine.py" }
source talk { path = "talk.jsonl"   licence = "CC0-1.0"   origin = human }
filter good { keep known(lower(text)) or level == 7 }
score quality { deep = 2 * depth(level, text) }
task scored {
  from = talk   filters = [good]   scores = [quality]
  split { key = if(known(text), text, "x")   train = 50%   test = 50% }
}
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "s.sft").write_text(SPEC, encoding="utf-8")
    write(tmp_path, ["abc", "UNKNOWN", "none", "de"])
    return tmp_path / "s.sft"


def write(folder: Path, texts: list[str]) -> None:
    lines = [f'{{"text": "{text}", "level": {place or "null"}}}\n' for place, text in enumerate(texts)]
    lines.append('{"text": null, "level": 7}\n')
    (folder / "talk.jsonl").write_text("".join(lines), encoding="utf-8")


def test_values_reach_filters_scores_and_keys(spec: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert list(sft.check(spec)) == []
    sft.compile(spec)
    assert capfd.readouterr().out == ""
    assert sft.run(spec).status == "done"
    store = Store(spec.parent / ".sft")
    step = store.query("SELECT step_hash FROM steps WHERE step_id = 'score:scored.quality'")[0][0]
    with engine(spec.parent) as db:
        rows = db.rows(f"SELECT text, deep FROM {parquet(store.root / 'objects' / step / 'rows.parquet')}")
    assert rows == [("abc", 7.0), ("none", None), ("de", 64.0), (None, None)]


def test_an_edit_of_the_file_runs_its_steps_again(spec: Path) -> None:
    assert sft.run(spec).computed == 4
    assert sft.run(spec).computed == 0
    (spec.parent / "mine.py").write_text(MINE + "# another comment\n", encoding="utf-8")
    plan, _ = sft.compile(spec)
    assert plan is not None
    changed = {
        change.step_id: change.reasons for change in sft.diff(plan, Store(spec.parent / ".sft")) if change.reasons
    }
    assert changed["filter:scored.good"] == ("./mine.py changed",)
    assert sft.run(spec).computed == 3


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("boom", "SFT0432", "(talk.jsonl:1): mine.py:8: ValueError: no"),
        ("type", "SFT0433", "gave a value of the type `str` and not a number for row"),
        ("nan", "SFT0433", "gave nan and not a number"),
        ("inf", "SFT0433", "gave -inf and not a number"),
        ("huge", "SFT0433", "gave inf and not a number"),
    ],
)
def test_a_failure_names_row_and_line(spec: Path, text: str, code: str, words: str) -> None:
    write(spec.parent, [text])
    outcome = sft.run(spec)
    assert [item.code for item in outcome.findings] == [code]
    assert words in outcome.findings[0].message and "\x1b" not in outcome.findings[0].message


def test_a_file_beside_an_extension_is_not_found(spec: Path) -> None:
    (spec.parent / "helper.py").write_text("x = 1\n", encoding="utf-8")
    (spec.parent / "mine.py").write_text("import helper\n" + MINE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sft", "run", "s.sft"], cwd=spec.parent, capture_output=True, text=True
    )
    assert "SFT0437" in done.stderr and "mine.py:1: ModuleNotFoundError" in done.stderr


def test_a_package_is_found_by_its_entry_point_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug" / "__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")
    (tmp_path / "plug" / "marks.py").write_text(MINE, encoding="utf-8")
    point = EntryPoint("plugged", "plug.marks", "sft.extensions")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: (point,) if group == point.group else ())
    monkeypatch.syspath_prepend(tmp_path)
    assert LocalWorld(tmp_path).extension(None, "plugged") == MINE
    found = LocalWorld(tmp_path).extension(None, "pluged")
    assert not isinstance(found, str) and found.code == "SFT0266" and "`plugged`" in (found.help or "")


def test_a_changed_file_is_not_loaded(spec: Path) -> None:
    plan, _ = sft.compile(spec)
    assert plan is not None
    (spec.parent / "mine.py").write_text(MINE + "\n", encoding="utf-8")
    from sft.project import execute

    try:
        outcome = execute(plan, spec)
    except DiagnosticError as error:
        raise AssertionError from error
    assert [item.code for item in outcome.findings] == ["SFT0437"]


def test_a_module_is_known_by_its_name_while_it_is_loaded_and_no_longer_when_that_fails(spec: Path) -> None:
    parts = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass Part:\n    n: int\n"
    )
    (spec.parent / "mine.py").write_text(parts + MINE, encoding="utf-8")
    outcome = sft.run(spec)
    assert outcome.status == "done", outcome.findings
    (spec.parent / "mine.py").write_text(MINE + "raise ValueError\n", encoding="utf-8")
    before = {*sys.modules}
    assert [item.code for item in sft.run(spec).findings] == ["SFT0437"]
    assert not [name for name in {*sys.modules} - before if name.startswith("sft_extension_")]


def test_a_truth_value_of_numpy_is_one(spec: Path) -> None:
    said = "import numpy\n    return numpy.bool_(text != 'unknown')"
    (spec.parent / "mine.py").write_text(MINE.replace('return text != "unknown"', said), encoding="utf-8")
    outcome = sft.run(spec)
    assert outcome.status == "done", outcome.findings
    dropped = Store(spec.parent / ".sft").query(
        "SELECT line FROM ledger WHERE step_hash IN (SELECT step_hash FROM steps)"
    )
    assert dropped == [(2,)]
