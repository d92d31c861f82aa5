"""Thresholds: rules as limits that move, exact counts, the line to write; held to a second run of the filter."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compiler.params_base import Sql
from runtime.store import Store
from sft.show import show
from spec_lang.diagnostics import DiagnosticError
from tests.tui.conftest import Journey
from tui import queries
from tui.screens.thresholds import ThresholdsScreen
from tui.threshold_queries import Measured, Numbers, measured, neighbours, numbers
from tui.view_models.moved import Moved, moved
from tui.view_models.thresholds import bars, bins, cut_of, kept, line_of, scale_of
from tui.widgets.histogram import Looks, Mark, histogram

Walk = Callable[..., None]
WORDS = "filter:tickets_task.clean"


def run_of(store: Store) -> str:
    return queries.runs(store, 1)[0].run_id


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("keep words(q) in 3..80 because \"b\"", [3, 50, 80], [2, 81]),
        ("keep ifd < 1.0", [0.99], [1.0, 2]),
        ("drop toxic > 0.5", [0.51], [0.5]),
        ("keep 0.5 <= toxic", [0.5, 1], [0.49]),
        ("drop reward <= -1.5", [-1.5, -2], [-1.4]),
        ("keep share(q) >= 80%", [0.8], [0.79]),
    ],
)  # fmt: skip
def test_a_rule_is_read_by_the_language_itself(text: str, inside: list[float], outside: list[float]) -> None:
    cut = cut_of(text)
    assert cut is not None and all(map(cut.holds, inside)) and not any(map(cut.holds, outside))
    assert all(cut.keeps(value) == (cut.verb == "keep") for value in inside)


@pytest.mark.parametrize(
    "text",
    [
        *("keep a > 3 and b < 2", 'drop q matches r"x"', "dedup exact on q", "keep a > b"),
        *("keep top 80% by a", "keep not (a > 1)", "keep a == 3"),
    ],
)
def test_a_rule_that_compares_no_single_number_is_not_moved(text: str) -> None:
    assert cut_of(text) is None


@pytest.mark.parametrize(
    ("text", "side", "value", "expected"),
    [
        ('keep words(q) in 3..80 because "3 to 80"', "low", 5, 'keep words(q) in 5..80 because "3 to 80"'),
        ('keep words(q) in 3..80 because "3 to 80"', "high", 120, 'keep words(q) in 3..120 because "3 to 80"'),
        ("keep ifd < 1.0", "high", 0.75, "keep ifd < 0.75"),
        ("drop reward <= -1.5", "high", -2.0, "drop reward <= -2"),
        ("keep share(q) >= 80%", "low", 0.85, "keep share(q) >= 85%"),
        ("keep share(q) >= 80%", "low", 0.855, "keep share(q) >= 85.5%"),
        ("keep words(q) in 3..80", "low", 14.5, "keep words(q) in 14.5..80"),
        ("keep ifd < 1.0", "high", 0.9999, "keep ifd < 0.9999"),
        ("keep ifd < 1.0", "high", 1.5e-9, "keep ifd < 0.0000000015"),
    ],
)
def test_the_line_to_write_is_the_rule_with_one_number_changed(
    text: str, side: str, value: float, expected: str
) -> None:
    cut = cut_of(text)
    assert cut is not None
    cut = cut if cut.moved == side else cut.other()
    assert line_of(cut.at(value), cut) == expected
    assert line_of(cut, cut) == text
    again = cut_of(expected)
    assert again is not None and getattr(again, side).value == value  # it keeps the rows that were counted


@given(
    st.lists(st.integers(-20, 20), max_size=40),
    st.sampled_from(["keep n in -3..5", "keep n < 2", "drop n >= 0", "drop n in 1..9", "keep n > -4"]),
    st.integers(-25, 25),
    st.integers(0, 5),
)
def test_counts_are_those_of_asking_every_row(values: list[int], text: str, limit: int, none: int) -> None:
    held = Numbers(len(values) + none, sorted(map(float, values)), range(len(values)), True)
    cut = cut_of(text)
    assert cut is not None
    cut = cut.at(limit)
    expected = sum(map(cut.keeps, values)) + (none if cut.verb == "drop" else 0)
    assert kept(cut, held).kept == expected and kept(cut, held).dropped == held.rows - expected


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.integers(10, 60))
@example([2.7849345529193686e-308], 10)
def test_bins_count_every_row_between_their_ends_once(values: list[float], count: int) -> None:
    held = Numbers(len(values), sorted(values), range(len(values)), False)
    scale = scale_of(held)
    assert scale is not None
    within = sum(scale.first <= value <= scale.last for value in values)
    assert sum(one.rows for one in bins(held, scale, count)) == within


def test_steps_go_to_round_numbers_and_stay_near_the_data() -> None:
    held = Numbers(100, [float(n) / 10 for n in range(100)], range(100), False)
    one = moved(Measured("s", "h", "h", 0, "n", "keep n >= 3.33", None, 1), held)
    assert isinstance(one, Moved) and one.scale.step == 0.5
    assert one.moved(1).now.edge.value == 3.5 and one.moved(-1).now.edge.value == 3.0
    assert one.moved(-100).now.edge.value == 0.0 and one.moved(1000).now.edge.value == 10.0  # none is below 0
    assert one.moved(1).back() == one
    shares = Numbers(101, [n / 100 for n in range(101)], range(101), False)
    share = moved(Measured("s", "h", "h", 0, "n", "drop n > 3.3%", None, 1), shares)
    assert isinstance(share, Moved)
    assert share.moved(1000).line == "drop n > 100%" and share.moved(-1000).line == "drop n > 0%"


def test_what_the_spec_keeps_is_what_the_run_kept(data: Store) -> None:
    run_id = run_of(data)
    rules = {one.text or one.name: one for one in measured(data, run_id)}
    assert sorted(rules) == ["answer", "keep length >= 25", 'keep words(q) in 4..30 because "too short or too long"']
    for one in rules.values():
        here = moved(one, numbers(data, one))
        assert isinstance(here, Moved)
        if one.rule is not None:
            (fell,) = data.query(
                "SELECT count(*) FROM ledger WHERE step_hash = ? AND rule = ?", [one.step_hash, str(one.rule)]
            )[0]
            assert here.kept_as_written.dropped == fell


def test_a_moved_limit_keeps_what_a_run_with_it_keeps(data: Store, tmp_path: Path) -> None:
    """The filter run again with the line that was to be written."""
    from runtime.relational import engine, parquet

    one = next(one for one in measured(data, run_of(data)) if one.step_id == WORDS)
    here = moved(one, numbers(data, one))
    assert isinstance(here, Moved)
    here = here.at(14.0)
    path = data.root / "objects" / one.rows_hash / "rows.parquet"
    with engine(tmp_path) as db:
        texts = [row[0] for row in db.rows(f"SELECT q FROM {parquet(path)}")]
    assert here.kept.kept == sum(14 <= len(text.split()) <= 30 for text in texts)
    assert here.line.startswith("keep words(q) in 14..30")


def test_neighbours_are_the_rows_next_to_the_limit(data: Store) -> None:
    one = next(one for one in measured(data, run_of(data)) if one.step_id == WORDS)
    here = moved(one, numbers(data, one))
    assert isinstance(here, Moved)
    below, above = here.near(2)
    order = [*below, *above]
    found = neighbours(
        data, one, [int(here.numbers.places[at]) for at in order], [float(here.numbers.values[at]) for at in order]
    )
    assert [row.value for row in found][:2] == [2.0, 2.0] and all(row.value >= 4 for row in found[2:])
    assert dict(found[0].content)["q"] == "Too short."


def test_what_only_a_run_has_is_said(data: Store) -> None:
    sql = Sql(sql='length("q") * 9223372036854775807', type="number")
    about = Measured("s", "0" * 32, "0" * 32, 0, "n", "keep n < 9", sql, 1, why_not="tokens: a model's work")
    assert moved(about, numbers(data, about)) == "not to be moved here: tokens: a model's work"
    about = replace(about, why_not="")
    assert "not in the store" in str(moved(about, numbers(data, about)))
    about = replace(about, rows_hash=measured(data, run_of(data))[0].rows_hash)
    with data.reading():  # inside of another look too
        assert "not to be measured: an expression met a value" in str(moved(about, numbers(data, about)))


def test_a_histogram_tells_kept_from_dropped_without_colour() -> None:
    held = Numbers(13, [0.0] * 4 + [1.0] * 8 + [2.0], range(13), True)
    scale, cut = scale_of(held), cut_of("keep n >= 1")
    assert scale is not None and cut is not None
    drawn = histogram(bars(held, scale, 3, cut), [Mark(1.0, "▲", "1", "")], 30, 6, Looks("", "", ""))
    lines = drawn.plain.split("\n")
    assert len(lines) == 6 and {len(line) for line in lines[:5]} == {30}
    assert "░" in lines[3][:10] and "█" not in lines[3][:10] and lines[0][10:20] == "█" * 10
    assert lines[3][20:] == "▄" * 10 or "▁" in lines[3][20:] or "▂" in lines[3][20:]
    assert lines[4].count("▲") == 1 and "1" in lines[5]


def test_an_axis_tells_its_own_ends_and_limits_beyond_them() -> None:
    """A limit beyond the end stood there as if it were the end, and of two of them one was not told."""
    shown = [(7.0, 8.0, 4, True), (8.0, 9.0, 9, True), (9.0, 10.0, 3, True), (10.0, 11.0, 1, False)]

    def labels(*marks: float) -> str:
        drawn = histogram(
            shown, [Mark(at, "▲", f"{at:g}", "") for at in marks], 40, 4, Looks("", "", ""), "{:g}".format
        )
        return drawn.plain.split("\n")[-1]

    assert labels(3, 60).split() == ["◂", "3", "7", "11", "60", "▸"]
    assert labels(34, 60).split() == ["7", "11", "34", "▸", "60", "▸"]
    assert labels(6.55, 9).split() == ["◂", "6.55", "7", "9", "11"]
    assert labels(7, 9).split() == ["7", "9", "11"]
    assert labels(60, 7.1).split() == ["7.1", "11", "60", "▸"]  # no end beyond a limit that stands at it


def _of(rule: str) -> Moved:
    here = moved(Measured("s", "h", "h", 0, "n", rule, None, 1), Numbers(2, [0.01, 0.03], range(2), False))
    assert isinstance(here, Moved)
    return here


def told(rule: str, value: float) -> str:
    return _of(rule).told_value(value)


def test_numbers_are_told_in_the_unit_of_the_limit_and_without_an_exponent() -> None:
    assert [told("drop n > 2%", value) for value in (0.02198, 0.09375, 0.0, 1.0)] == ["2.198%", "9.375%", "0%", "100%"]
    plain = [100_005.0, 7.0, 0.123456, 1234.56, -0.5, 2e-9, math.inf]
    assert [told("keep n >= 0", value) for value in plain] == [
        *("100005", "7", "0.1235", "1234.6", "-0.5", "2e-09", "inf"),
    ]
    assert [told("drop n > 2%", value) for value in (1e-9, 1.5e15, -0.0)] == ["1e-7%", "1.5e+17%", "0%"]
    assert told("keep n >= 0", -0.0) == "0" and told("keep n > 5tok", 1e15) == "1e+15tok"


def test_a_row_next_to_a_limit_is_told_from_it() -> None:
    assert [told("keep n >= 0.85", value) for value in (0.849996, 0.85, 0.850004)] == ["0.849996", "0.85", "0.850004"]
    assert told("keep n >= 0.84999", 0.84998) == "0.84998"  # and not 0.85, which is on the other side
    assert told("keep n < 20", 19.999) == "19.999" and told("keep n < 1000", 999.96) == "999.96"
    assert told("keep n <= 1234.6", 1234.561) == "1234.56"
    assert told("drop n > 2%", 0.99996) == "99.996%" and told("drop n > 1min", 59.9999) == "59.9999s"
    assert told("keep n in 0.2..0.7", 0.700001) == "0.700001"


@example(0.3, 0.1 + 0.2)
@example(999.9999, 1000.0)
@given(st.floats(1e-5, 1e6), st.floats(1e-5, 1e6) | st.integers(-3, 3))
def test_what_is_told_of_a_number_stands_to_the_limit_as_the_number_does(limit: float, value: float) -> None:
    if isinstance(value, int):  # so many numbers away
        value = limit + value * math.ulp(limit)
    shown = Decimal(_of("keep n >= 0.02").at(limit).told_value(value))
    assert shown.compare(Decimal(repr(limit))) == Decimal(repr(value)).compare(Decimal(repr(limit)))


@pytest.mark.parametrize(
    "text",
    ["keep n > 3", "keep n <= 5", "drop n > 5", "keep n in 4..30", "drop n in 4..9", "keep n < 7", "drop n >= 8"],
)
def test_the_bar_at_a_limit_is_on_the_side_of_its_rows(text: str) -> None:
    held = Numbers(40, [float(n) for n in range(40)], range(40), True)
    scale, cut = scale_of(held), cut_of(text)
    assert scale is not None and cut is not None
    assert [kept for _, _, _, kept in bars(held, scale, 60, cut)] == [cut.keeps(n) for n in range(40)]
    coarse = bars(held, scale, 10, cut)
    assert [rows for _, _, rows, _ in coarse] == [4] * 10
    larger = [2 * sum(map(cut.keeps, range(at, at + 4))) >= 4 for at in range(0, 40, 4)]
    assert [kept for _, _, _, kept in coarse] == larger


@pytest.mark.parametrize(
    "values", [[-math.inf, 1.0, 2.5, math.inf], [-1e308, 1.0, 1e308], [-1e308, 1e308], [1e-9, 2e-9, 3.5e-9], [7.0]]
)
@pytest.mark.parametrize("rule", [0, None])
def test_numbers_of_any_size_have_a_picture_and_move(values: list[float], rule: int | None) -> None:
    whole = all(math.isinf(value) or value.is_integer() for value in values)
    held = Numbers(len(values), values, range(len(values)), whole)
    here = moved(Measured("s", "h", "h", rule, "n", "keep n >= 1" if rule == 0 else "", None, 1), held)
    assert isinstance(here, Moved)
    for steps in (-10, -1, 1, 10):
        for other in (here, here.other(), here.moved(steps), here.moved(steps).moved(steps)):
            there = other.moved(steps)
            assert math.isfinite(there.now.edge.value)
            assert cut_of(there.line) is not None or len(there.line) > 100  # the language takes no such number
            shown = bars(there.numbers, there.scale, 24, there.now)
            mark = Mark(there.now.edge.value, "▲", "", "")
            assert "▲" in histogram(shown, [mark], 48, 6, Looks("", "", "")).plain
    assert isinstance(moved(here.about, replace(held, values=[-math.inf, math.inf])), str)


def test_a_rule_after_another_is_measured_when_that_has_run(
    data: Store, copied: Callable[[Store], Store], walk: Walk
) -> None:
    """Without its step's ledger the rows that earlier rules take away would be counted as well."""
    store = copied(data)
    with store.writing() as con:  # the rule of words as the second one
        plan = json.loads(con.execute("SELECT plan FROM runs").fetchall()[0][0])
        step = next(step for step in plan["steps"] if f"{step['kind']}:{step['name']}" == WORDS)
        for rules in (step["params"]["rules"], step["local"]["rules"]):
            rules[0], rules[1] = rules[1], rules[0]
        con.execute("UPDATE runs SET plan = ?", [json.dumps(plan)])
    before = {one.key: one for one in measured(store, run_of(store))}
    later = next(one for one in before.values() if one.rule)
    was = numbers(store, later)
    assert isinstance(was, Numbers) and was.rows == 196
    with store.writing() as con:
        for table in ("ledger", "results"):
            con.execute(f"CREATE TABLE before_{table} AS FROM {table} WHERE step_hash = ?", [later.step_hash])
            con.execute(f"DELETE FROM {table} WHERE step_hash = ?", [later.step_hash])
    now = {one.key: one for one in measured(store, run_of(store))}
    assert now.keys() == before.keys()
    assert {key for key in now if now[key] != before[key]} == {
        key for key, one in before.items() if one.rule and one.step_hash == later.step_hash
    }
    assert "have not run yet" in str(numbers(store, now[later.key]))

    async def journey(go: Journey) -> None:
        go.app.open_part("thresholds", run_of(store), later.step_id, on_top=True)
        await go.settle()
        assert "the rules before it have not run yet" in go.text()
        with store.writing() as con:
            for table in ("ledger", "results"):
                con.execute(f"INSERT INTO {table} FROM before_{table}")
        await go.press("r")
        assert f"of {was.rows} rows" in go.text()

    walk(store, journey, run_id=run_of(store), size=(110, 36))


def test_a_threshold_moves_with_the_arrows_and_says_at_once_what_it_keeps(data: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", *["tab"] * 5)
        assert isinstance(go.app.screen, ThresholdsScreen)
        assert "keeps 196 of 200 rows (98%), as the spec does" in go.text() and "line 14 of the spec" in go.text()
        assert "✗ dropped" in go.text() and "Too short." in go.text()
        await go.press("left", "left")
        assert "keeps 200 of 200 rows (100%), 4 more than the 196 of the spec" in go.text()
        assert "write: keep words(q) in 2..30" in go.text()
        await go.press("b", "shift+left", "shift+left")
        assert "keep words(q) in 2..10" in go.text()
        await go.press("equals_sign")
        assert "as the spec does" in go.text()
        await go.press("slash", "b", "equals_sign")  # letters of a text that is looked for
        assert go.app.screen.sought == "b=" and "as the spec does" in go.text()
        await go.press("escape", "down", "down")
        assert "no rule on it" in go.text()
        await go.press("shift+right")
        assert "keep answer >=" in go.text()

    walk(data, journey, run_id=run_of(data), size=(110, 36))


def test_in_text_the_same(data: Store) -> None:
    text = show(data, None, "thresholds", width=120, step=WORDS, rule="1", at=14.0)
    found = json.loads(show(data, None, "thresholds", "json", step=WORDS, rule="1", at=14.0))["thresholds"]
    (limit,) = found[0]["limits"]
    assert found[0]["kept"] == 196 and limit["value"] == 14 and 100 < limit["kept"] < 196
    assert f" {limit['kept']} " in text and "keep words(q) in 14..30" in text
    assert "rows next to the limit" in text
    narrow = show(data, None, "thresholds", width=60, step=WORDS, rule="1")
    assert all(
        limit["line"] in narrow
        for limit in json.loads(show(data, None, "thresholds", "json"))["thresholds"][0]["limits"]
    )
    with pytest.raises(DiagnosticError):
        show(data, None, "thresholds", rule="nothing like it")
    (between,) = json.loads(show(data, None, "thresholds", "json", step=WORDS, rule="1", at=14.5))["thresholds"][0][
        "limits"
    ]
    assert between["value"] == 14.5 and "keep words(q) in 14.5..30" in between["line"]
    for at, about in ((14.0, {}), (31.0, {"step": WORDS, "rule": "1"}), (math.inf, {"step": WORDS, "rule": "1"})):
        with pytest.raises(DiagnosticError) as refused:
            show(data, None, "thresholds", at=at, **about)
        assert refused.value.diagnostics[0].code == "SFT0920"


def test_a_limit_in_text_is_written_as_in_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from sft.commands.show_command import add_arguments

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert [parser.parse_args(["--at", text]).at for text in ("93.5%", "3", "-0.25")] == [0.935, 3.0, -0.25]
    with pytest.raises(SystemExit):
        parser.parse_args(["--at", "9x%"])
    assert "`9x%` is no number" in capsys.readouterr().err
