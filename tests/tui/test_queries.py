"""The queries against a real store; numbers are those that ``sample_store`` wrote."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError
from tests.tui.sample_store import HOSTILE, RUN, row_id
from tui import drop_queries, queries, training_queries
from tui.widgets.row_pages import PAGE


def test_runs_and_run(done: Store) -> None:
    (run,) = queries.runs(done, 10)
    assert (run.run_id, run.status, run.verdict, run.steps, run.cached) == (RUN, "done", "fail", 14, 2)
    assert run.ended_at is not None and run.ended_at - run.started_at == pytest.approx(84)
    assert queries.run(done, RUN) == run
    assert queries.runs(done, 10, after=RUN) == []


def test_an_unknown_run_is_a_finding(done: Store) -> None:
    with pytest.raises(DiagnosticError) as caught:
        queries.run(done, "nope")
    assert caught.value.diagnostics[0].code == "SFT0914"


def test_steps_come_in_plan_order_with_labels(done: Store) -> None:
    steps = queries.steps(done, RUN)
    assert [step.kind for step in steps[:3]] == ["ingest", "filter", "split"]
    predict = next(step for step in steps if step.step_id == "predict:format.tuned.chatty")
    assert predict.labels == {"eval": "format", "model": "tuned", "template": "chatty"}


def test_rule_counts_name_every_rule_and_add_up(done: Store) -> None:
    counts = drop_queries.rule_counts(done, RUN)
    clean = {c.rule: (c.dropped, c.reason) for c in counts if c.step_id == "filter:triage.clean"}
    assert clean == {
        "0": (2, "too short or too long to be a ticket"),
        "1": (1, None),
        "2": (12, None),
        "3": (23, None),
        "4": (0, None),
    }
    assert sum(c.dropped for c in counts) == 1 + 38 + 1 + 1


CLEAN = "filter:triage.clean"


def test_drops_show_the_row_and_its_survivor(done: Store) -> None:
    (first, *_) = drop_queries.first_drops(done, RUN, CLEAN, "3", 5)
    assert (first.line, first.value, first.survivor, first.survivor_line) == (200, "0.920", row_id(150), 150)
    dropped, kept = json.loads(first.content or ""), json.loads(first.survivor_content or "")
    assert dropped["instruction"] == kept["instruction"] + " Regards"


def test_an_unreadable_line_has_no_row(done: Store) -> None:
    (first, *_) = drop_queries.first_drops(done, RUN, None, None, 1)
    assert (first.rule, first.line, first.row_id, first.content) == ("unreadable", 217, None, None)


def test_pages_of_drops_follow_each_other(done: Store, copied: Callable[[Store], Store]) -> None:
    """Whatever positions are asked for, as the list of the dashboard does, and where rows are dropped twice."""
    twice = copied(done)
    with twice.writing() as con:  # a mixture that repeats a row and a training that drops it leave entries like these
        con.execute("INSERT INTO ledger SELECT * REPLACE (NULL AS file, NULL AS line) FROM ledger WHERE rule = '2'")
        con.execute("INSERT INTO ledger SELECT * FROM ledger WHERE rule = '2' AND line IS NULL")
    found = drop_queries.drop_list(twice, RUN, CLEAN, None)
    whole = drop_queries.drop_page(twice, RUN, found, 0, found.total)
    assert found.total == len(whole) == 38 + 24
    assert whole[:24:2] == whole[1:24:2] and len({row.row_id for row in whole[:24]}) == 12  # they have no place
    assert [row.line for row in whole[24:]] == sorted(row.line or 0 for row in whole[24:])
    for page in (1, 7, PAGE, 50):
        for begin in range(0, found.total, page):
            rows = drop_queries.drop_page(twice, RUN, found, begin, min(begin + page, found.total))
            assert rows == whole[begin : begin + page]


def test_a_list_of_drops_whose_places_have_moved_is_not_read(done: Store, copied: Callable[[Store], Store]) -> None:
    store = copied(done)
    found = drop_queries.drop_list(store, RUN, CLEAN, None)
    with store.writing() as con:
        con.execute("UPDATE ledger SET line = line + 1 WHERE rowid = ?", [int(found.at[30])])
    assert len(drop_queries.drop_page(store, RUN, found, 0, 25)) == 25
    with pytest.raises(drop_queries.StaleList):
        drop_queries.drop_page(store, RUN, found, 25, 38)


def test_an_unreadable_line_is_found_by_what_is_said_of_it(done: Store) -> None:
    (row,) = drop_queries.drop_page(done, RUN, drop_queries.drop_list(done, RUN, "ingest:tickets", "unreadable"), 0, 1)
    assert row.detail
    assert drop_queries.drop_list(done, RUN, "ingest:tickets", None, row.detail.upper()).total == 1
    assert drop_queries.drop_list(done, RUN, "ingest:tickets", None, "no such words").total == 0


def test_dropped_rows_are_searched_by_what_they_hold(done: Store) -> None:
    found = drop_queries.drop_list(done, RUN, CLEAN, "3", "REGARDS")
    assert found.total == 22  # one of them stands on the line that could not be read
    assert len(drop_queries.drop_page(done, RUN, found, 20, 22)) == 2
    assert drop_queries.drop_list(done, RUN, CLEAN, "2", "regards").total == 0


def test_a_long_training_is_averaged(done: Store) -> None:
    step = next(step for step in queries.steps(done, RUN) if step.kind == "train")
    course = training_queries.course(done, step.step_hash)
    whole = course.points
    assert len(whole) == 51 and course.validation[0].loss == pytest.approx(2.75) and whole[0].loss is None
    assert [one.step for one in course.validation] == [0, 10, 20, 30, 40, 50]
    short = training_queries.course(done, step.step_hash, most=10).points
    assert len(short) <= 12
    assert sum(point.tokens or 0 for point in short) == sum(point.tokens or 0 for point in whole)


def test_gates_and_looks(done: Store) -> None:
    rows = queries.gates(done, RUN)
    assert [(row.requirement, row.part) for row in rows] == [
        *((0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3), (4, 0))
    ]
    assert queries.looks(done, RUN) == {rows[0].step_hash: 3}


def test_looks_at_several_sets_are_those_of_one_of_them(done: Store, copied: Callable[[Store], Store]) -> None:
    """Of a gate over two evals one set may have decided many gates, and the other have most of the items of others."""
    store = copied(done)
    gate = queries.gates(store, RUN)[0].step_hash
    with store.writing() as con:
        con.execute("DELETE FROM looks")
        for held_out, decided in (("a", gate), ("b", gate), *(("a", f"other {n}") for n in range(4))):
            con.execute("INSERT INTO looks VALUES (?, ?, 'r', now())", [held_out, decided])
    for others, times in (({"b": 3}, 5), ({"b": 9}, 10), ({"a": 1, "b": 3}, 6)):
        with store.writing() as con:
            con.execute("DELETE FROM results WHERE step_hash = ?", [gate])
            row = [gate, RUN, json.dumps({"looks_at_most": others})]
            con.execute("INSERT INTO results VALUES (?, 'gate', ?, 1, 1, 0, 0.1, ?, now())", row)
        assert queries.looks(store, RUN) == {gate: times}


def test_hostile_text_comes_back_as_it_was_stored(hostile: Store) -> None:
    (run,) = queries.runs(hostile, 1)
    assert run.spec == "triage.sft" + HOSTILE
    assert drop_queries.rule_counts(hostile, RUN)[1].text == "keep words(instruction) in 3..80" + HOSTILE
