from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from runtime.store import Store
from tests.tui.listing import prediction_counts, prediction_page
from tests.tui.sample_store import RUN, STARTED
from tui import marks
from tui import prediction_queries as asked
from tui.prediction_queries import PredictionFilter

CHOSEN = PredictionFilter("format", "tuned", "smol", "exact")


def test_cells_of_an_eval_in_plan_order(done: Store) -> None:
    cells = [(cell.model, cell.template) for cell in asked.cells(done, RUN) if cell.answered]
    assert cells == [("smol", "plain"), ("smol", "chatty"), ("tuned", "plain"), ("tuned", "chatty")]


def test_cells_without_predictions_yet(running: Store) -> None:
    assert [cell.answered for cell in asked.cells(running, RUN)] == [False] * 4
    assert prediction_counts(running, RUN, CHOSEN)["all"] == 0


def test_counts_agree_with_the_pages(done: Store) -> None:
    counts = prediction_counts(done, RUN, CHOSEN)
    assert counts["all"] == 120 and counts["failed"] + counts["passed"] + counts["unmeasured"] == 120
    for outcome in asked.OUTCOMES:
        rows = prediction_page(done, RUN, replace(CHOSEN, outcome=outcome), 500)
        assert len(rows) == counts[outcome], outcome


def test_failures_come_first(done: Store) -> None:
    values = [row.value for row in prediction_page(done, RUN, CHOSEN, 500)]
    assert values == sorted(values) and values[0] == 0.0 and values[-1] == 1.0


def test_worse_is_higher_where_less_is_better(done: Store, tmp_path: Path) -> None:
    done = Store(Path(copytree(done.root, tmp_path / ".sft")))
    before = prediction_counts(done, RUN, CHOSEN)
    relabel = "UPDATE steps SET labels = json_merge_patch(labels, ?::JSON) WHERE kind = 'measure'"
    done.write(lambda con: con.execute(relabel, ['{"better:exact": "lower"}']))
    after = prediction_counts(done, RUN, CHOSEN)
    assert before["gained"] > before["lost"]
    assert (after["lost"], after["gained"]) == (before["gained"], before["lost"])
    assert (after["failed"], after["passed"]) == (before["passed"], before["failed"])
    values = [row.value for row in prediction_page(done, RUN, CHOSEN, 500)]
    assert values == sorted(values, reverse=True)
    done.write(lambda con: con.execute(relabel, ['{"better:exact": "neither"}']))
    neither = prediction_counts(done, RUN, CHOSEN)
    assert (neither["lost"], neither["gained"]) == (0, 0)


def test_pages_follow_each_other(done: Store) -> None:
    whole = prediction_page(done, RUN, CHOSEN, 500)
    pages = [row for offset in range(0, 120, 50) for row in prediction_page(done, RUN, CHOSEN, 50, offset)]
    assert pages == whole


def test_one_template_and_one_slice(done: Store) -> None:
    chatty = prediction_page(done, RUN, replace(CHOSEN, template="chatty"), 500)
    assert len(chatty) == 60 and {row.template for row in chatty} == {"chatty"}
    billing = prediction_page(done, RUN, replace(CHOSEN, slice="category", slice_value="billing"), 500)
    assert len(billing) == 40 and all('"billing"' in row.expected for row in billing)


def test_without_a_metric_items_are_not_measured(done: Store) -> None:
    rows = prediction_page(done, RUN, replace(CHOSEN, metric=None), 500)
    assert len(rows) == 120 and {row.value for row in rows} == {None}


def test_an_item_has_every_model_and_metric(done: Store) -> None:
    row = prediction_page(done, RUN, CHOSEN, 1)[0]
    item = asked.item(done, RUN, "format", row.row_id, row.template)
    assert [output.model for output in item.outputs] == ["smol", "tuned"]
    assert item.metrics["tuned", "exact"] == 0.0 and item.metrics["tuned", "json"] == 1.0
    assert list(item.slices) == ["category"]


def test_a_long_output_is_cut_in_the_list_only(running: Store) -> None:
    with running.writing() as con:  # as a run does before the first answer comes
        con.execute("UPDATE steps SET status = 'running', started_at = now() WHERE kind = 'predict'")
    step = next(cell.step_hash for cell in asked.cells(running, RUN) if cell.model == "tuned")
    columns = ("step_hash", "row_id", "prompt", "output", "expected", "stop_reason", "prompt_tokens", "output_tokens")
    row = (step, "id", "q", "x" * 10_000, "y", "length", 1, 2_500, 0.1, STARTED)
    running.insert("predictions", (*columns, "seconds", "made_at"), [row])
    (line,) = prediction_page(running, RUN, CHOSEN, 10)
    assert len(line.output) == asked.HEAD_CHARACTERS and not line.differs_later
    with running.writing() as con:
        con.execute("UPDATE predictions SET expected = left(output, 5000) WHERE row_id = 'id'")
    (line,) = prediction_page(running, RUN, CHOSEN, 10)
    assert line.expected == line.output and line.differs_later
    assert len(asked.item(running, RUN, "format", "id", line.template).outputs[0].output) == 10_000


@pytest.fixture
def written(done: Store, tmp_path: Path) -> Store:
    """A finished run for a test to write to."""
    return Store(Path(copytree(done.root, tmp_path / ".sft")))


def _asked_three_times(store: Store) -> tuple[str, str]:
    """One item of `tuned` under `plain` with three answers, of which the second is wrong."""
    step = next(c.step_hash for c in asked.cells(store, RUN) if (c.model, c.template) == ("tuned", "plain"))
    measure = store.query("SELECT step_hash FROM steps WHERE kind = 'measure' AND run_id = ?", [RUN])[0][0]
    columns = ("step_hash", "row_id", "sample", "prompt", "output", "expected", "stop_reason", "prompt_tokens")
    with store.writing() as con:
        con.execute("DELETE FROM predictions")
    for sample, said in enumerate(("yes", "no", "yes")):
        row = (step, "id", sample, "q", said, "yes", "length", 1, 2, 0.1, STARTED)
        store.insert("predictions", (*columns, "output_tokens", "seconds", "made_at"), [row])
        values = (measure, "tuned", "plain", "id", sample, "exact", float(said == "yes"))
        names = ("step_hash", "model", "template", "row_id", "sample", "metric", "value")
        store.insert("sample_metrics", names, [values])
    item = (measure, "tuned", "plain", "id", "exact", 2 / 3)
    store.insert("item_metrics", ("step_hash", "model", "template", "row_id", "metric", "value"), [item])
    return step, measure


def test_any_of_several_answers_is_found_and_a_mark_keeps_the_one_on_show(written: Store) -> None:
    step, _ = _asked_three_times(written)
    other = written.query("SELECT step_hash FROM steps WHERE name = 'format.smol.plain'")[0][0]
    with written.writing() as con:
        con.execute("UPDATE predictions SET output = 'no, never' WHERE sample = 1")
        con.execute("INSERT INTO predictions SELECT * REPLACE (? AS step_hash) FROM predictions", [other])
        con.execute("INSERT INTO sample_metrics SELECT * REPLACE ('smol' AS model) FROM sample_metrics")
    for text, items in (("yes", 1), ("neve", 1), ("x", 0)):
        assert len(prediction_page(written, RUN, replace(CHOSEN, text=text), 9)) == items, text
    for condition, items in (("output = 'no, never'", 1), ("base_output = 'no, never'", 1), ("base_output = 'yes'", 0)):
        assert len(prediction_page(written, RUN, replace(CHOSEN, condition=condition), 9)) == items, condition
    place = written.query("SELECT rowid FROM predictions WHERE step_hash = ? AND sample = 1", [step])[0][0]
    marks.set_mark(written, marks.Marked("format", "plain", "id", RUN, "tuned", place))
    assert [mark.output for mark in marks.marks(written, RUN)] == ["no, never"]
    marks.set_mark(written, marks.Marked("format", "plain", "id", RUN, "tuned", 10**9))  # places have moved
    assert [mark.output for mark in marks.marks(written, RUN)] == ["yes"]


def test_an_item_asked_several_times_is_one_row_with_its_worst_answer(written: Store) -> None:
    step, _ = _asked_three_times(written)
    assert next(c.answered for c in asked.cells(written, RUN) if c.step_hash == step)
    (row,) = prediction_page(written, RUN, CHOSEN, 10)
    assert (row.output, row.value) == ("no", 2 / 3)
    assert prediction_counts(written, RUN, CHOSEN)["failed"] == 1
    item = asked.item(written, RUN, "format", "id", "plain")
    assert [(output.sample, output.output) for output in item.outputs] == [(0, "yes"), (1, "no"), (2, "yes")]
    assert item.samples == {("tuned", n, "exact"): value for n, value in enumerate((1.0, 0.0, 1.0))}


def test_slices_that_overlap_show_an_item_once(written: Store) -> None:
    _, measure = _asked_three_times(written)
    tags = [(measure, "id", "tag", value) for value in ("a", "b")]
    written.insert("item_slices", ("step_hash", "row_id", "slice", "value"), tags)
    for value in ("a", "b", "(small: a, b)"):
        rows = prediction_page(written, RUN, replace(CHOSEN, slice="tag", slice_value=value), 10)
        assert [row.row_id for row in rows] == ["id"], value
    assert asked.item(written, RUN, "format", "id", "plain").slices == {"tag": "a, b"}


def test_the_pool_of_small_slices_holds_their_items(done: Store) -> None:
    """The sample store has slices of 20 items, which requirements show as a pool."""
    counts = dict(done.query("SELECT value, count(*) FROM item_slices WHERE slice = 'category' GROUP BY value"))
    small = sorted(value for value, count in counts.items() if count < 30)
    assert small
    pool = f"(small: {', '.join(small)})"
    rows = prediction_page(done, RUN, replace(CHOSEN, slice="category", slice_value=pool), 500)
    assert len(rows) == 2 * sum(counts[value] for value in small), "under two templates each"


def test_a_slice_by_template_opens_the_answers_under_it(done: Store) -> None:
    by_template = replace(CHOSEN, slice="shown", slice_value="chatty")
    assert {row.template for row in prediction_page(done, RUN, by_template, 500)} == {"chatty"}
