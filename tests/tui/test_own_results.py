"""What a run shows is what it made: runs share step hashes, and so all that hangs on them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.own_results import begun_steps, finished_by, made_steps
from runtime.store import Store
from sft.comparing_models import Wanted, compare_models
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from sft.show import show
from sft.show_pages import PAGES
from spec_lang.diagnostics import DiagnosticError
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import home_queries, prediction_queries, queries, training_queries
from tui.compare_queries import comparison
from tui.fate_queries import row_fate
from tui.item_filters import PredictionFilter, listed
from tui.screens.predictions import PredictionsScreen
from tui.side_queries import sides
from tui.view_models.compare import compare_lines
from tui.view_models.runs import run_view

STOPPED = "20260101-000000-dead"


def stop(store: Store, at: str, *, rest: str) -> Store:
    """Put before the newest run one of the same plan that was killed in a step. The newest one went on from there."""
    run_id = queries.runs(store, 1)[0].run_id
    with store.writing() as con:
        con.execute(
            "INSERT INTO runs BY NAME SELECT * REPLACE (? AS run_id, 'interrupted' AS status, NULL AS verdict, "
            "NULL AS ended_at, started_at - INTERVAL 1 MINUTE AS started_at) FROM runs WHERE run_id = ?",
            [STOPPED, run_id],
        )
        con.execute(
            """
            INSERT INTO steps BY NAME SELECT * EXCLUDE (here) REPLACE (
                $stopped AS run_id,
                CASE WHEN ordinal < here THEN status WHEN ordinal = here THEN 'interrupted' ELSE $rest END AS status,
                CASE WHEN ordinal = here THEN now() - INTERVAL 1 DAY END AS started_at,
                CASE WHEN ordinal < here THEN summary END AS summary
            ) FROM (
                SELECT *, max(ordinal) FILTER (step_id = $at) OVER () AS here FROM steps WHERE run_id = $run
            )
            """,
            {"stopped": STOPPED, "rest": rest, "at": at, "run": run_id},
        )
        con.execute(
            "INSERT OR IGNORE INTO results SELECT step_hash, kind, run_id, 0, 0, 0, 0.0, coalesce(summary, '{}'), "
            "now() FROM steps WHERE run_id = ?",
            [run_id],
        )
    return store


@pytest.fixture
def stopped(request: pytest.FixtureRequest, three: Path, tmp_path: Path) -> Store:
    """A run that was killed in its measuring, and the one that continued it. What it never came to is ``skipped``, or
    what the test says."""
    store = Store(Path(shutil.copytree(three, tmp_path / "own")) / ".sft")
    return stop(store, "measure:exam", rest=getattr(request, "param", "skipped"))


# Before the next run begins, after it, and in stores of before.
@pytest.mark.parametrize("stopped", ["pending", "skipped", "interrupted"], indirect=True)
def test_a_run_that_another_one_continued_has_measured_and_decided_nothing(stopped: Store) -> None:
    rows = {row.run.run_id: row for row in home_queries.home(stopped, 9)}
    assert rows[STOPPED].headline is None and sum(row.headline is None for row in rows.values()) == 1
    assert queries.gates(stopped, STOPPED) == [] and queries.looks(stopped, STOPPED) == {}
    (newest, *_) = rows
    found = comparison(stopped, STOPPED, newest).found
    assert {pair.first for pair in found.verdicts} == {None} and {pair.first for pair in found.metrics} == {None}
    title = next(line for line in compare_lines(found) if line.key == "verdicts")
    assert (title.name, title.first, title.second) == ("requirements: none in both", "", "2 only")
    assert title.words == "2 decided in the second alone"
    with pytest.raises(DiagnosticError, match="did not come to measure"):
        compare_models(Wanted(f"{STOPPED}:new", f"{newest}:new"), stopped)


def test_no_page_and_no_report_of_it_has_a_number_that_it_did_not_come_to(stopped: Store) -> None:
    measured = re.compile(r"70%|0\.7\b|\"verdict\": \"(pass|fail)|[✓✗] (pass|fail)")
    assert measured.search(show(stopped, None, "metrics")) and measured.search(show(stopped, None, "verdicts"))
    for view in PAGES.keys() - {"runs"}:
        for fmt in ("text", "json"):
            assert not measured.search(show(stopped, STOPPED, view, fmt)), (view, fmt)
    facts = run_facts(stopped, STOPPED, 20)
    assert not facts.metrics and not facts.report.gates
    assert all(one.compared is None and not one.counts["failed"] for one in facts.evals)
    assert "70%" not in html_page(facts, [])


def test_the_fate_of_a_row_ends_where_the_run_ended(stopped: Store) -> None:
    newest = queries.runs(stopped, 1)[0].run_id
    for run_id, state in ((newest, "measured"), (STOPPED, "unknown")):
        steps = {step.step_id: step.state for step in row_fate(stopped, run_id, "asked.jsonl:1").steps}
        assert steps["measure:exam"] == state and steps["filter:questions.clean"] == "kept"


def test_the_steps_say_which_run_has_done_them_since(stopped: Store) -> None:
    newest = queries.runs(stopped, 1)[0].run_id
    steps = queries.steps(stopped, STOPPED)
    left = [step for step in steps if step.finished_by is not None]
    assert [step.step_id for step in left] == ["measure:exam", "gate:release"]
    assert {step.step_id for step in steps if not step.begun} == {step.step_id for step in left}
    assert {step.step_id for step in left} == finished_by(stopped, STOPPED).keys()
    view = run_view(queries.run(stopped, STOPPED), steps, 0.0)
    told = {line.step_id: line.note for line in view.steps}
    assert told["gate:release"].endswith(f"run {newest} has done it since")
    assert told["measure:exam"].endswith(f"run {left[0].finished_by} has done it since")
    assert not any(step.finished_by for step in queries.steps(stopped, newest))


def test_a_list_says_which_run_has_the_answers(done: Store, tmp_path: Path, walk: Callable[..., None]) -> None:
    """It asked, and may have paid for it: that it asked nobody would be wrong."""
    at = "predict:format.tuned.plain"
    store = stop(Store(Path(shutil.copytree(done.root, tmp_path / ".sft"))), at, rest="skipped")
    chosen = PredictionFilter("format", "tuned", None, None)
    assert prediction_queries.answered_since(store, STOPPED, chosen) == RUN
    assert prediction_queries.answered_since(store, RUN, chosen) is None

    async def journey(go: Journey) -> None:
        go.app.push_screen(PredictionsScreen(STOPPED, wanted=chosen))
        await go.settle()
        assert f"Run {RUN} has done it since" in go.text() and "asked no model" not in go.text()

    walk(store, journey, run_id=STOPPED, size=(120, 40))


def test_what_comes_bit_by_bit_is_its_own_until_another_run_has_finished_it(done: Store, tmp_path: Path) -> None:
    """A training and answers that were interrupted: what there is of them is shown, as long as it is all there is."""
    store = stop(Store(Path(shutil.copytree(done.root, tmp_path / ".sft"))), "train:tuned", rest="pending")
    train = next(step for step in queries.steps(store, STOPPED) if step.kind == "train")
    assert train.finished_by == RUN and training_queries.course_of(store, train).points == ()
    assert f"run {RUN} has trained it since" in " ".join(show(store, STOPPED, "training").split())
    with store.writing() as con:
        con.execute("DELETE FROM results WHERE kind = 'train'")
    train = next(step for step in queries.steps(store, STOPPED) if step.kind == "train")
    assert train.begun and len(training_queries.course_of(store, train).points) == 51
    assert "train:tuned" in begun_steps(store, STOPPED) - made_steps(store, STOPPED)
    cells = prediction_queries.cells(store, STOPPED)  # of a step that it never came to there is nothing in any case
    assert not any(cell.answered for cell in cells)
    assert not len(listed(store, STOPPED, PredictionFilter("format", "tuned", "smol", "exact")).order)
    with store.writing() as con:
        con.execute(
            "UPDATE steps SET status = 'interrupted', started_at = now() WHERE run_id = ? AND kind = 'predict'",
            [STOPPED],
        )
        con.execute("DELETE FROM results WHERE kind = 'predict'")
    assert all(cell.answered for cell in prediction_queries.cells(store, STOPPED))
    found = listed(store, STOPPED, PredictionFilter("format", "tuned", "smol", "exact"))
    assert found.counts["unmeasured"] == len(found.order) == 120  # measured by the other run alone


def test_a_run_that_was_stopped_is_no_other_side(done: Store, tmp_path: Path) -> None:
    store = stop(Store(Path(shutil.copytree(done.root, tmp_path / ".sft"))), "train:tuned", rest="skipped")
    assert STOPPED not in {side.run_id for side in sides(store, RUN, "format")}
    assert json.loads(show(store, STOPPED, "predictions", "json"))["items"] == []
