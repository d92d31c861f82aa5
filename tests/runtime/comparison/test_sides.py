"""Two models out of a store: which of their templates are the same, and what else than the models differs."""

from __future__ import annotations

import pytest

from compiler.plan import Plan, StepKind
from compiler.step_params import MeasureParams
from runtime.comparison.sides import Measured, compare_sides
from runtime.comparison.texts import texts_of
from runtime.store import Store, insert_rows
from tests.compiler.quickstart import changed
from tests.runtime.measuring.test_blessed import GATE, IDS, compiled, step_of, write_answers

SPEC = changed(GATE, "")
ASKED = ("step_hash", "row_id", "prompt", "output", "expected", "stop_reason", "made_at")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("sides") / ".sft").create()


def measured(store: Store, label: str, text: str, summary: str = "{}") -> Measured:
    """The model `tuned` of a spec, with answers to all items."""
    plan: Plan = compiled(text, store.root)
    step = step_of(plan, StepKind.MEASURE)
    assert isinstance(step.params, MeasureParams)
    there = store.query("SELECT 1 FROM item_metrics WHERE step_hash = ? LIMIT 1", [step.hash])
    if not there:
        write_answers(store, step, 0.9)
        made = "2026-01-02 12:00:00+00"
        asked = {plan.step(step.inputs[cell.input]).hash: cell.template for cell in step.params.cells}
        known = {row[0] for row in store.query("SELECT DISTINCT step_hash FROM predictions")}
        rows = [
            (hash, row_id, "[]", f"under {name}", "e", "length", made)
            for hash, name in asked.items()
            if hash not in known
            for row_id in IDS
        ]
        with store.writing() as con:
            if rows:
                insert_rows(con, "predictions", ASKED, rows)
            con.execute(
                "INSERT INTO results VALUES (?, 'measure', 'r', 0, 0, 0, 0, ?, TIMESTAMPTZ '2026-01-02 12:00:00+00')",
                [step.hash, summary],
            )
    return Measured(label, "run", plan, step, "tuned")


def test_a_renamed_template_is_compared_with_itself(store: Store) -> None:
    one = measured(store, "one", SPEC)
    two = measured(store, "two", SPEC.replace("chatty", "friendly"))
    found = compare_sides(store, one, two, "exact")
    assert found.differs == () and found.templates == ("plain", "friendly")
    assert found.change is not None and found.change.n == len(IDS)
    assert found.buckets.keys().isdisjoint({"incomparable"})
    item = found.items[0]
    (texts,) = texts_of(store, one, two, [item])
    assert texts.first == texts.second == f"under {'chatty' if item.template == 'friendly' else item.template}"


def test_another_text_under_the_old_name_is_no_pair_beside_the_old_text(store: Store) -> None:
    """The old text stands under a new name, and the old name shows something else."""
    one = measured(store, "one", changed("templates = [plain, chatty]", "templates = [plain]", SPEC))
    text = SPEC.replace("plain", "bare").replace("chatty", "plain")
    two = measured(store, "two", text)
    found = compare_sides(store, one, two, "exact")
    assert found.templates == ("bare",)
    assert found.differs == ("templates: `bare` against `bare` and `plain`",)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("max_new_tokens = 48", "max_new_tokens = 64", "decode: max_new_tokens 48 against 64"),
        ("exact_match()", 'exact_match(normalise = "text")', "metric: exact_match(normalise = none) against"),
        ("A customer writes:", "A client writes:", "prompt: `chatty` says something else"),
        ("templates = [plain, chatty]", "templates = [plain]", "templates: `plain` and `chatty` against `plain`"),
        ("epochs        = 1", "epochs        = 2", ""),
    ],
)
def test_what_differs_beside_the_model_is_named(store: Store, old: str, new: str, told: str) -> None:
    """As gates name it for a blessed run: `tests/runtime/measuring/test_blessed.py` has the same changes."""
    one, two = measured(store, "one", SPEC), measured(store, "two", changed(old, new, SPEC))
    found = compare_sides(store, one, two, "exact")
    assert len(found.differs) == bool(told) and all(text.startswith(told) for text in found.differs)
    assert (found.outcome == "inconclusive") == bool(told)


def test_items_that_an_eval_lost_leave_a_comparison_open(store: Store) -> None:
    """They are in no side's list of items, so no pair tells of them."""
    one = measured(store, "one", SPEC)
    two = measured(
        store, "two", changed("max_new_tokens = 48", "max_new_tokens = 49", SPEC), '{"lost": 3, "unread": 1}'
    )
    found = compare_sides(store, one, two, "exact")
    assert found.outcome == "inconclusive" and found.differs[1:] == (
        "items of two: 3 items were answered and are in no row of the data (`no_row` in `sft show ledger`): take data "
        "that has them, or keep only the answers to its rows in a task",
        "items of two: 1 line of the data could not be read, so what stands there was never asked (`unreadable` in "
        "`sft show ledger`): mend it, or take it out",
    )
    alone = compare_sides(store, two, two, "exact")
    assert alone.outcome == "inconclusive" and all(text.startswith("items: ") for text in alone.differs)
