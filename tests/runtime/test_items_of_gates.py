"""What an eval takes for an item, and between whom a gate decides: equal rows, unread lines, other prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from runtime.store import Store
from sft.cli import main

SPEC = """\
edition 2026
source asked { path = "asked.jsonl"   licence = "CC0-1.0"   origin = human }
source one   { path = "one.jsonl"   licence = "CC0-1.0"   origin = model }
source two   { path = "two.jsonl"   licence = "CC0-1.0"   origin = model }
task questions { from = asked }
model first  { recorded = one   item = question   answer = reply   prompt = shown }
model second { recorded = two   item = question   answer = reply   prompt = shown }
eval exam {
  models   = [first, second]
  data     = questions
  expected = answer
  metric right = exact_match()
}
gate release {
  require exam.right(second) >= 80% at 95%
  require exam.right(second) no_worse_than first by 10pt at 95%
}
"""
ASKED = [{"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(100)]


def answers(wrong: int, shown: str = "{}") -> list[dict[str, str]]:
    """Recorded answers to all questions, the first of them wrong."""
    return [
        {
            "question": row["question"],
            "reply": "?" if place < wrong else row["answer"],
            "shown": shown.format(row["question"]),
        }
        for place, row in enumerate(ASKED)
    ]


def verdicts(folder: Path, asked: Sequence[Mapping[str, Any] | str], shown: str = "{}") -> list[tuple[Any, ...]]:
    """Verdict, items and reason of both requirements."""
    files = {"asked": asked, "one": answers(10), "two": answers(10, shown)}
    for name, rows in files.items():
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "s.sft").write_text(SPEC)
    main(["run", str(folder / "s.sft"), "--plain"])
    found = "SELECT verdict, n, reason FROM gates ORDER BY step_hash, requirement"
    return Store(folder / ".sft").query(found)


def test_whole_data_that_is_asked_alike_passes(tmp_path: Path) -> None:
    assert [(verdict, n) for verdict, n, _ in verdicts(tmp_path, ASKED)] == [("pass", 100)] * 2


def test_equal_rows_are_one_item(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = verdicts(tmp_path, [*ASKED, *ASKED[:60], *ASKED[:30]])
    assert [(verdict, n) for verdict, n, _ in found] == [("pass", 100)] * 2
    assert "90 rows repeat another one: equal rows are one item" in capsys.readouterr().err
    assert Store(tmp_path / ".sft").query("SELECT DISTINCT n FROM metrics") == [(100,)]


def test_nothing_passes_where_a_line_of_the_data_could_not_be_read(tmp_path: Path) -> None:
    for verdict, n, reason in verdicts(tmp_path, [*ASKED, '{"question": "cut o']):
        assert (verdict, n) == ("inconclusive", 100)
        assert "1 line of the data could not be read" in reason and "take it out" in reason


def test_nothing_is_decided_between_models_that_were_asked_differently(tmp_path: Path) -> None:
    (alone, _, _), (compared, _, reason) = verdicts(tmp_path, ASKED, "Think step by step. {}")
    assert (alone, compared) == ("pass", "inconclusive")
    assert "More than the models differs between the two: prompt: 100 items were asked otherwise." in reason
