"""What an eval takes for an item, and between whom a gate decides: equal rows, unread lines, other prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from runtime.store import Store
from sft.cli import main
from tests.two_models import exam, write

SPEC = exam(
    after="""gate release {
  require exam.exact(new) >= 80% at 95%
  require exam.exact(new) no_worse_than old by 10pt at 95%
}
"""
).replace("answer = new   prompt = asked", "answer = new   prompt = shown")
ASKED = [{"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(100)]


def verdicts(folder: Path, asked: Sequence[Mapping[str, Any] | str], shown: str = "{}") -> list[tuple[Any, ...]]:
    """Verdict, items and reason of both requirements, where either model answers the first ten questions wrongly and
    `new` was shown them so."""
    said = []
    for place, row in enumerate(ASKED):
        reply = "?" if place < 10 else row["answer"]
        question = row["question"]
        said.append(
            {"question": question, "old": reply, "new": reply, "asked": question, "shown": shown.format(question)}
        )
    main(["run", str(write(folder, SPEC, asked, said)), "--plain"])
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
