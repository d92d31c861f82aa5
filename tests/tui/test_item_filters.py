"""Filters of items on arrays, against what plain Python makes of the same rows."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.store import Store
from tests.tui.failure_store import OTHER_RUN, copied
from tests.tui.listing import prediction_counts
from tests.tui.sample_store import RUN, STARTED
from tui import prediction_queries as asked
from tui.cause_queries import CAUSES
from tui.item_condition import Column, ConditionError, row_columns
from tui.item_filters import Listed, PredictionFilter, causes_of, listed
from tui.item_index import Asked, Matched, item_index
from tui.item_order import OUTCOMES
from tui.item_pages import StaleIndex, item_at, item_rows, position_of
from tui.shelf import Shelf
from tui.side_queries import item_beside, sides
from tui.view_models.failures import filter_line

ALL = PredictionFilter("format", "tuned", "smol", "exact")


def rows_of(store: Store, found: Listed) -> list[asked.PredictionRow]:
    return item_rows(store, found, 0, len(found.order))


def ids(store: Store, chosen: PredictionFilter) -> list[tuple[str, str]]:
    return [(row.row_id, row.template) for row in rows_of(store, listed(store, RUN, chosen))]


@pytest.fixture
def writable(done: Store, tmp_path: Path) -> Store:
    return Store(Path(shutil.copytree(done.root, tmp_path / ".sft")))


def test_outcomes_are_what_the_values_say(writable: Store) -> None:
    with writable.writing() as con:  # some items of each kind
        con.execute("UPDATE item_metrics SET value = 1 WHERE model = 'smol' AND metric = 'exact' AND rowid % 5 = 0")
        con.execute("UPDATE item_metrics SET value = NULL WHERE model = 'smol' AND metric = 'exact' AND rowid % 11 = 0")
        con.execute(
            "UPDATE item_metrics SET value = NULL WHERE model = 'tuned' AND metric = 'exact' AND rowid % 13 = 0"
        )
    values: dict[tuple[str, str], dict[str, float | None]] = {}
    sql = "SELECT row_id, template, model, value FROM item_metrics WHERE metric = 'exact'"
    for row_id, template, model, value in writable.query(sql):
        values.setdefault((row_id, template), {})[model] = value
    wanted: dict[str, set[tuple[str, str]]] = {name: set() for name in OUTCOMES}
    for key, found in values.items():
        own, base = found["tuned"], found["smol"]
        wanted["all"].add(key)
        wanted["unmeasured"] |= {key} if own is None else set()
        wanted["failed"] |= {key} if own is not None and own < 1 else set()
        wanted["passed"] |= {key} if own is not None and own >= 1 else set()
        wanted["incomparable"] |= {key} if (own is None) != (base is None) else set()
        if own is not None and base is not None:
            wanted["lost"] |= {key} if own < base else set()
            wanted["gained"] |= {key} if own > base else set()
            wanted["still"] |= {key} if own < 1 and own == base else set()
    assert all(wanted[name] for name in OUTCOMES)
    for name in OUTCOMES:
        assert set(ids(writable, replace(ALL, outcome=name))) == wanted[name], name
    counts = prediction_counts(writable, RUN, ALL)
    assert counts == {name: len(keys) for name, keys in wanted.items()}


def test_the_worst_stand_first_and_the_order_is_total(done: Store) -> None:
    rows = rows_of(done, listed(done, RUN, ALL))
    assert [row.value for row in rows] == sorted(row.value or 0.0 for row in rows)
    assert len({(row.row_id, row.template) for row in rows}) == len(rows) == 120
    found = listed(done, RUN, ALL)
    for place in (0, 7, 60, 119):
        assert position_of(found, item_at(found, place)) == place
    assert position_of(found, (1, "plain")) is None and position_of(found, (1, "no template")) is None


def test_a_metric_that_is_a_number_has_no_failures(writable: Store) -> None:
    with writable.writing() as con:
        con.execute("UPDATE metrics SET unit = 'plain' WHERE metric = 'exact'")
        con.execute("UPDATE item_metrics SET value = length(row_id) + rowid % 7 WHERE metric = 'exact'")
    counts = prediction_counts(writable, RUN, ALL)
    assert counts["failed"] == counts["passed"] == counts["still"] == 0
    assert counts["lost"] and counts["gained"]
    with writable.writing() as con:
        con.execute(
            """UPDATE steps SET labels = '{"eval": "format", "better:exact": "neither"}' WHERE kind = 'measure'"""
        )
    assert prediction_counts(writable, RUN, ALL)["lost"] == 0


@given(st.lists(st.integers(0, 40), unique=True, max_size=30), st.lists(st.integers(0, 40), unique=True, max_size=30))
def test_values_are_matched_by_the_hashes_of_items(own: list[int], others: list[int]) -> None:
    values = np.array([10.0 * other for other in others])
    found = Matched(np.array(own, np.uint64)).take(np.array(others, np.uint64), values, np.nan)
    wanted = [10.0 * item if item in others else None for item in own]
    assert [None if np.isnan(value) else value for value in found] == wanted


def test_a_text_is_found_in_any_case_and_what_means_something_to_sql_does_not(writable: Store) -> None:
    keys = {row.row_id: row for row in rows_of(writable, listed(writable, RUN, ALL))}
    first = next(iter(keys))
    with writable.writing() as con:
        con.execute("UPDATE predictions SET output = 'Über 100% _sure_ \\ ''quoted''' WHERE row_id = ?", [first])
    for text in ("über", "100%", "_sure_", "\\", "'quoted'", "Über"):
        assert {row for row, _ in ids(writable, replace(ALL, text=text))} == {first}, text
    for text in ("ÜBER", "100_", "'; DROP TABLE runs; --"):
        assert not ids(writable, replace(ALL, text=text)), text
    assert len(ids(writable, replace(ALL, text="triage the support"))) == 120, "prompts are looked at too"


CAUSED = {
    "error": ("anything", "content_filter", '{"a": 1}'),
    "empty": (" \n\t", "end_of_turn", '{"a": 1}'),
    "refusal": ("I'm sorry, but I can't help with that.", "length", '{"a": 1}'),
    "truncated": ('{"a": 1, "b', "length", '{"a": 1}'),
    "wrong format": ("The answer is a.", "end_of_turn", '{"a": 1}'),
    "wrong value": ('{"a": 2}', "end_of_turn", '{"a": 1}'),
}


def test_every_cause_is_told_by_what_is_stored(writable: Store) -> None:
    keys = [row.row_id for row in rows_of(writable, listed(writable, RUN, replace(ALL, template="plain")))]
    with writable.writing() as con:
        con.execute("UPDATE item_metrics SET value = 0 WHERE metric = 'exact' AND model = 'tuned'")
        for row_id, (output, stop, expected) in zip(keys, CAUSED.values(), strict=False):
            con.execute(
                "UPDATE predictions SET output = ?, stop_reason = ?, expected = ? WHERE row_id = ?",
                [output, stop, expected, row_id],
            )
    shelf = Shelf()
    for row_id, cause in zip(keys, CAUSES, strict=False):
        found = ids(writable, replace(ALL, template="plain", cause=cause))
        assert (row_id, "plain") in found, cause
    counts = causes_of(writable, listed(writable, RUN, replace(ALL, template="plain"), shelf), shelf)
    assert sum(counts.values()) == 60 and set(counts) == set(CAUSES)


@pytest.mark.parametrize(
    ("expected", "output", "cause"),
    [
        ("42", "It is forty-two.", "wrong format"),
        ("42", "41", "wrong value"),
        ("I cannot help with that", "I can't help with that.", "wrong value"),
        ("text", "Sorry to hear that. Your parcel is on its way.", "wrong value"),
        ("text", "Sorry, I am not able to share that.", "refusal"),
    ],
)
def test_what_a_cause_is_not(writable: Store, expected: str, output: str, cause: str) -> None:
    with writable.writing() as con:
        con.execute("UPDATE item_metrics SET value = 0 WHERE metric = 'exact' AND model = 'tuned'")
        con.execute("UPDATE predictions SET stop_reason = 'end_of_turn', output = ?, expected = ?", [output, expected])
    shelf = Shelf()
    assert set(causes_of(writable, listed(writable, RUN, ALL, shelf), shelf)) == {cause}


def test_a_word_that_reads_as_infinity_is_no_number(writable: Store) -> None:
    with writable.writing() as con:
        con.execute("UPDATE item_metrics SET value = 0 WHERE metric = 'exact' AND model = 'tuned'")
        con.execute("UPDATE predictions SET stop_reason = 'stop', output = 'a word', expected = 'Infinity'")
    shelf = Shelf()
    assert set(causes_of(writable, listed(writable, RUN, ALL, shelf), shelf)) == {"wrong value"}


def test_an_item_that_is_partly_right_is_better_and_not_fixed(writable: Store) -> None:
    assert listed(writable, RUN, ALL).ranked.flips
    with writable.writing() as con:  # asked four times: once right, and twice of the tuned model
        con.execute("UPDATE item_metrics SET value = CASE model WHEN 'tuned' THEN 0.5 ELSE 0.25 END")
    found = listed(writable, RUN, ALL)
    assert not found.ranked.flips and found.counts["gained"] == found.counts["failed"] == 120
    tabs = [tab.title for tab in filter_line(ALL, found, None).tabs]
    assert "120 better than the baseline" in tabs and "120 failed" in tabs


def test_an_answer_that_is_none_of_few_labels_has_the_wrong_format(writable: Store) -> None:
    with writable.writing() as con:
        con.execute("UPDATE item_metrics SET value = 0 WHERE metric = 'exact' AND model = 'tuned'")
        con.execute("UPDATE predictions SET expected = ['yes', 'no', 'maybe'][1 + rowid % 3], stop_reason = 'chosen'")
        con.execute("UPDATE predictions SET output = CASE WHEN rowid % 2 = 0 THEN 'No.' ELSE 'I think so' END")
    shelf = Shelf()
    counts = causes_of(writable, listed(writable, RUN, ALL, shelf), shelf)
    assert counts == Counter({"wrong format": 60, "wrong value": 60})


@pytest.mark.parametrize(
    ("condition", "of"),
    [
        ("value = 0", lambda row, base: row.value == 0),
        ("value > base_value", lambda row, base: row.base_value is not None and row.value > row.base_value),
        ("value < base_value", lambda row, base: row.base_value is not None and row.value < row.base_value),
        ("base_value IS NULL", lambda row, base: row.base_value is None),
        (
            "template = 'chatty' AND expected ILIKE '%BILLING%'",
            lambda row, base: row.template == "chatty" and "billing" in row.expected,
        ),
        ("characters BETWEEN 1 AND 60", lambda row, base: 1 <= len(row.output) <= 60),
        ("category = 'delivery'", lambda row, base: json.loads(row.expected)["category"] == "delivery"),
        ("json = 1 and exact = 0", lambda row, base: row.value == 0),
        (
            "length(base_output) > length(output) AND output_tokens::INTEGER = 24",
            lambda row, base: len(base) > len(row.output),
        ),
        ("length(base_output) > 40", lambda row, base: len(base) > 40),
        ("CASE WHEN seconds > 1 THEN true ELSE regexp_matches(output, '^.{3}') END -- why", lambda row, base: True),
    ],
)
def test_conditions_ask_for_rows(mixed: Store, condition: str, of: Callable[[asked.PredictionRow, str], bool]) -> None:
    everything = rows_of(mixed, listed(mixed, RUN, ALL))
    other = dict[tuple[str, str], str]()
    for step in (cell for cell in asked.cells(mixed, RUN) if cell.model == "smol"):
        rows = mixed.query("SELECT row_id, output FROM predictions WHERE step_hash = ?", [step.step_hash])
        other |= {(row_id, step.template): output for row_id, output in rows}
    wanted = {key for row in everything if of(row, other[key := (row.row_id, row.template)])}
    assert wanted and set(ids(mixed, replace(ALL, condition=condition))) == wanted


@pytest.fixture(scope="module")
def mixed(done: Store, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """With items that the baseline did better, did alike, and that were not measured of it."""
    store = Store(Path(shutil.copytree(done.root, tmp_path_factory.mktemp("mixed") / ".sft")))
    with store.writing() as con:
        of_smol = "model = 'smol' AND metric = 'exact'"
        con.execute(f"UPDATE item_metrics SET value = 1 - value WHERE {of_smol} AND rowid % 5 = 0")
        con.execute(f"UPDATE item_metrics SET value = NULL WHERE {of_smol} AND rowid % 11 = 0")
    return store


def test_a_metric_or_slice_with_the_name_of_a_column_has_another_one(writable: Store) -> None:
    with writable.writing() as con:
        con.execute("UPDATE item_metrics SET metric = 'Value' WHERE metric = 'json'")
        con.execute("UPDATE item_slices SET slice = 'exact' WHERE slice = 'category'")
    known = row_columns(writable, RUN, "format")
    assert (known["metric_Value"], known["slice_exact"]) == (Column("metric", "Value"), Column("slice", "exact"))
    assert known["value"].kind == "answer" and known["exact"].kind == "metric"
    everything = rows_of(writable, listed(writable, RUN, ALL))
    for condition, of in (
        ("value = 0", lambda row: row.value == 0),
        ("metric_value = 1", lambda row: json_valid(row.output)),
        ("slice_exact = 'delivery'", lambda row: json.loads(row.expected)["category"] == "delivery"),
        ("exact = 1", lambda row: row.value == 1),
    ):
        wanted = {(row.row_id, row.template) for row in everything if of(row)}
        assert wanted and set(ids(writable, replace(ALL, condition=condition))) == wanted, condition


def json_valid(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "nonsense here",
        "colum = 1",
        "1; DROP TABLE runs",
        "true) UNION SELECT 1 FROM runs WHERE (true",
        "true) ORDER BY (1",
        "EXISTS (FROM runs)",
        "output IN (SELECT content FROM read_text('/etc/passwd'))",
        "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0",
        "read_text('/etc/passwd') = 'x'",
        "getenv('HOME') = '/root'",
        "current_setting('memory_limit') = '1'",
        "levenshtein(output, expected) > 3",
        "repeat(output, 1000000000) = 'x'",
        "row_number() OVER () = 1",
        "count(*) > 1",
        "list_apply([1], x -> x)[1] = 1",
        "output = $1",
        "output = ?",
        "pg_catalog.version() = 'x'",
        "output::BLOB IS NULL",
        "item.output.x = 1",
        "memory.main.item.output = 'x'",
        "COLUMNS(*) = 'x'",
        "seconds > 'a'",
        "output" * 1000,
        "- " * 900 + "value > 1",
        "value > 1" + " + 1" * 480,
    ],
)
def test_everything_else_is_refused_with_a_sentence(done: Store, condition: str) -> None:
    from tui.item_condition import matching

    index = item_index(done, Asked(RUN, "format", "tuned", "smol", "exact"))
    with pytest.raises(ConditionError) as caught:
        matching(done, index, condition)
    assert str(caught.value) and "\n" not in str(caught.value)
    assert done.query("SELECT count(*) FROM runs") == [(1,)]


def test_a_long_list_is_asked_about_in_several_looks(mixed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between them a run can write."""
    from runtime.looks import OPEN_LOOKS
    from tui import item_condition, item_filters

    free: list[bool] = []
    real = item_filters.matching
    monkeypatch.setattr(item_filters, "matching", lambda *about: (free.append(not OPEN_LOOKS), real(*about))[1])
    shelf = Shelf()
    for _ in range(2):
        listed(mixed, RUN, replace(ALL, condition="json = 1"), shelf)
    assert free == [True]
    index = item_index(mixed, Asked(RUN, "format", "tuned", "smol", "exact"))
    for condition in ("value > base_value", "category = 'delivery' AND length(base_output) > 3", "json = 1"):
        whole = item_condition.matching(mixed, index, condition)
        with monkeypatch.context() as smaller:
            smaller.setattr(item_condition, "STRETCH", 50)
            assert sorted(item_condition.matching(mixed, index, condition)) == sorted(whole) and len(whole)


def test_slow_conditions_are_stopped(done: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import item_condition

    index = item_index(done, Asked(RUN, "format", "tuned", "smol", "exact"))
    many = replace(index, **{name: np.tile(getattr(index, name), 20_000) for name in ("at", "cell", "value", "base")})
    many = replace(many, prints=np.tile(index.prints, 20_000), has_base=np.tile(index.has_base, 20_000))
    monkeypatch.setattr(item_condition, "SECONDS", 0.05)
    with pytest.raises(ConditionError, match="took longer"):
        item_condition.matching(
            done, many, " OR ".join(["regexp_matches(prompt || value::VARCHAR, '(a|b)*c{9}x$')"] * 20)
        )


def test_an_index_whose_places_moved_is_noticed(writable: Store) -> None:
    found = listed(writable, RUN, ALL)
    with writable.writing() as con:
        con.execute("CREATE TEMP TABLE kept AS SELECT * FROM predictions ORDER BY md5(row_id || step_hash)")
        con.execute("DELETE FROM predictions")
        con.execute("INSERT INTO predictions SELECT * FROM kept")
    with pytest.raises(StaleIndex):
        item_rows(writable, found, 0, 50)
    assert len(rows_of(writable, listed(writable, RUN, ALL))) == 120


def test_what_did_not_change_is_not_asked_again(done: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import item_filters

    times = Counter[str]()
    for name in ("item_index", "holding"):
        real = getattr(item_filters, name)
        monkeypatch.setattr(item_filters, name, lambda *a, real=real, name=name: (times.update([name]), real(*a))[1])
    shelf = Shelf()
    for chosen in (
        ALL,
        replace(ALL, text="A-"),
        replace(ALL, text="A-", outcome="failed"),
        replace(ALL, template="plain"),
    ):
        listed(done, RUN, chosen, shelf)
    assert times == {"item_index": 1, "holding": 1}


def test_a_model_of_another_run_is_the_other_side(done: Store, tmp_path: Path) -> None:
    store = copied(done, tmp_path)
    known = sides(store, RUN, "format")
    assert [(side.model, side.run_id) for side in known] == [
        *(("smol", None), ("tuned", None)),
        *(("smol", OTHER_RUN), ("tuned", OTHER_RUN)),
    ]
    assert known[-1].title == "tuned in golden"
    itself = replace(ALL, baseline="tuned", base_run=OTHER_RUN)
    counts = listed(store, RUN, itself).counts
    assert counts["lost"] == counts["gained"] == 0 and counts["still"] == counts["failed"] == 8
    row = rows_of(store, listed(store, RUN, itself))[0]
    item, name = item_beside(store, RUN, itself, row.row_id, row.template)
    assert name == "tuned in golden" and [output.model for output in item.outputs] == ["smol", "tuned", name]
    assert item.metrics[name, "exact"] == item.metrics["tuned", "exact"]


def test_rows_are_of_the_store_as_it_is_while_a_run_goes_on(running: Store) -> None:
    shelf = Shelf()
    assert not len(listed(running, RUN, ALL, shelf).order)
    with running.writing() as con:  # as a run does before the first answer comes
        con.execute("UPDATE steps SET status = 'running', started_at = now() WHERE kind = 'predict'")
    step = next(cell.step_hash for cell in asked.cells(running, RUN) if cell.model == "tuned")
    columns = ("step_hash", "row_id", "prompt", "output", "expected", "stop_reason", "made_at")
    running.insert("predictions", columns, [(step, "id", "q", "a", "b", "length", STARTED)])
    assert [row.row_id for row in rows_of(running, listed(running, RUN, ALL, shelf))] == ["id"]


def test_a_column_whose_name_is_a_word_of_sql_is_told_how_to_be_written(done: Store) -> None:
    from tui.condition_syntax import used_columns

    known = {"right": "metric", "output": "text"}
    with done.reading() as con:
        with pytest.raises(ConditionError, match='`right` is a word of SQL, so the column is written "right"'):
            used_columns(con, "right = 0", known)
        assert used_columns(con, "\"right\" = 0 AND right(output, 1) <> 'right'", known) == ["right", "output"]
