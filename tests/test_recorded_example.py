"""`examples/recorded-answers`: its rows are what its script writes, and its gate passes without a model."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

from runtime.store import Store
from sft.project import check, run

FOLDER = Path(__file__).parent.parent / "examples" / "recorded-answers"


def test_the_rows_are_what_the_script_writes() -> None:
    made = runpy.run_path(str(FOLDER / "make_answers.py"))
    rows = made["questions"]()
    for name, written in (("questions", rows), ("answers", made["answers"](rows))):
        text = (FOLDER / "data" / f"{name}.jsonl").read_text(encoding="utf-8")
        assert [json.loads(line) for line in text.splitlines()] == written


def test_it_has_no_finding() -> None:
    assert [item.message for item in check(FOLDER / "sums.sft", strict=True)] == []


def test_the_gate_passes_and_one_lost_answer_leaves_it_open(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "x")
    spec = tmp_path / "x" / "sums.sft"
    assert run(spec).verdict == "pass"
    answers = tmp_path / "x" / "data" / "answers.jsonl"
    answers.write_text(answers.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    assert run(spec).verdict == "inconclusive"
    reasons = [
        row[0] for row in Store(tmp_path / "x" / ".sft").query("SELECT reason FROM gates WHERE verdict <> 'pass'")
    ]
    assert any("pair is missing" in reason or "pairs are missing" in reason for reason in reasons)
