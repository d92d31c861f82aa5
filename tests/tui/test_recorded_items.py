"""Answers that were made elsewhere, of which nobody recorded the question: what an item says of them, whichever way it
is looked at; what metrics read of answers; and how often items have decided gates.

Runs of a small spec, half a second each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import Store
from sft.project import run
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from sft.run_report.markdown_page import markdown_page
from tests.command import sft
from tests.tui.conftest import Journey
from tui import queries

Walk = Callable[..., None]
ITEMS = 8
SPEC = """edition 2026
source sheet { path = "sheet.jsonl"   licence = "CC0-1.0"   origin = human }
filter clean { keep number < 8 }
task sums { from = sheet   filters = [clean] }
model older { recorded = sheet   item = question   answer = older }
model newer { recorded = sheet   item = question   answer = newer }
eval exam {
  models   = [older, newer]
  data     = sums
  expected = answer
  metric right = numeric_match()
  metric same  = exact_match()
}
gate release { require exam.right(newer) >= 50% at 95% }
"""


def write(folder: Path, spec: str = SPEC) -> Path:
    """``older`` is right in a sentence, ``newer`` right but for the first two, of which one hides its number."""
    rows = [
        {
            "number": n,
            "question": f"How much is {n} and 2?",
            "answer": str(n + 2),
            "older": f"The sum of them is {n + 2}.",
            "newer": f"It is {n + 2}. \x1b[31mX\x1b[0m" if n == 0 else "I know not" if n == 1 else f"{n + 2}",
        }
        for n in range(ITEMS)
    ]
    (folder / "sheet.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "exam.sft").write_text(spec, encoding="utf-8")
    return folder / "exam.sft"


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exam")
    assert run(write(folder)).status == "done"
    return folder


@pytest.fixture(scope="module")
def store(exam: Path) -> Store:
    return Store(exam / ".sft")


def test_the_row_stands_for_a_question_that_nobody_recorded(exam: Path, store: Store, walk: Walk) -> None:
    told = sft("show", "predictions", "--metric", "right", "--text", "hides", "--all", cwd=exam)
    assert told.returncode == 0, told.stderr
    listed = json.loads(sft("show", "predictions", "--metric", "right", "--format", "json", cwd=exam).stdout)
    first = next(row for row in listed["items"] if "It is" in row["output"])["row_id"]
    page = sft("show", "predictions", "--row", first, cwd=exam).stdout
    assert "row: question" in page and "How much is 0 and 2?" in page and "row: older" not in page
    data = json.loads(sft("show", "predictions", "--row", first, "--format", "json", cwd=exam).stdout)
    assert data["item"]["templates"][0]["row"]["question"] == "How much is 0 and 2?"
    facts = run_facts(store, queries.runs(store, 1)[0].run_id, 50)
    assert "row: question" in html_page(facts, []) and "question: How much is 0 and 2?" in markdown_page(facts)

    async def journey(go: Journey) -> None:
        await go.press("5")
        assert "row  question  How much is" in go.text()
        await go.press("p")
        assert "The row that the answer is for has:" in go.text() and "How much is" in go.text()

    walk(store, journey, run_id=queries.runs(store, 1)[0].run_id, size=(110, 40))


def test_an_item_says_what_its_metric_read(exam: Path, store: Store, walk: Walk) -> None:
    facts = run_facts(store, queries.runs(store, 1)[0].run_id, 50)
    pages = [html_page(facts, []), markdown_page(facts)]
    assert all("0% (read 0)" in page and "0% (read no number)" in page for page in pages)
    assert "100% (read 2)" in pages[0]  # of the other model, which is right

    async def journey(go: Journey) -> None:
        await go.press("5")
        assert "✗ right 0% (read" in go.text() and "✓ right 100% (read" in go.text()

    walk(store, journey, run_id=queries.runs(store, 1)[0].run_id, size=(120, 40))


def test_a_difference_of_a_right_answer_is_no_fault(store: Store, walk: Walk) -> None:
    """It is marked all the same, without the colour of what is wrong."""
    facts = run_facts(store, queries.runs(store, 1)[0].run_id, 50)
    ((view, _), *_) = facts.evals[0].failures
    older, newer = (output.answers[0] for output in view.outputs)
    assert not older.wrong and newer.wrong and any(piece.kind != "same" for piece in older.pieces)
    page = html_page(facts, [])
    assert 'class="fine"' in page and f"in colour where {facts.evals[0].chosen.metric}" in page

    async def journey(go: Journey) -> None:
        await go.press("5")
        bad = go.app.screen.ink.bad  # type: ignore[attr-defined]
        left, right = (_colours(go, f"#{side} Static") for side in ("left", "right"))
        assert any(bad in style for style in right) and not any(bad in style for style in left)
        await go.press("m", "o")  # the older model, all of whose answers are right
        items = go.app.screen.query_one("#items").row  # type: ignore[attr-defined]
        assert items is not None and not any(bad in str(span.style) for span in items.cells[4].spans)

    walk(store, journey, run_id=queries.runs(store, 1)[0].run_id, size=(120, 40))


def _colours(go: Journey, selector: str) -> list[str]:
    """Of an answer; the line above it has the badges of all metrics."""
    content = go.app.screen.query_one(selector).content  # type: ignore[attr-defined]
    return [str(span.style) for span in content.spans if span.start >= content.plain.index("\n")]


def test_a_row_less_begins_no_new_count_of_gates(tmp_path: Path) -> None:
    assert run(write(tmp_path)).status == "done"
    last = run(write(tmp_path, SPEC.replace("number < 8", "number < 7")))
    store = Store(tmp_path / ".sft")
    (gate,) = queries.gates(store, last.run_id)
    assert "decided 1 gate; 1 more gate was decided on other sets with most of its items." in gate.reason
    assert list(queries.looks(store, last.run_id).values()) == [2]


def test_a_step_is_meant_by_the_name_of_its_block(exam: Path) -> None:
    told = sft("show", "ledger", "--step", "clean", cwd=exam)
    assert told.returncode == 0 and "filter sums.clean" in told.stdout
    several = sft("show", "run", "--step", "recorded", cwd=exam)
    assert several.returncode != 0 and "`predict:exam.older.recorded`" in several.stderr
