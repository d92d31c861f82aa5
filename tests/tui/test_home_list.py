"""The list of runs: what is compared with what, once each, without holding the store; and no run falls out of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import runtime.looks
from runtime.baselines import spec_folder
from runtime.store import Store
from sft.comparing import compare, side
from sft.comparing_models import Wanted, compare_models
from sft.run_report.facts import run_facts
from sft.run_report.html_page import html_page
from sft.show import show
from spec_lang.diagnostics import DiagnosticError, fatal
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import home_queries, queries
from tui.compare_queries import comparison
from tui.home_changes import Changes
from tui.home_queries import Delta, Headline, HomeRow, Reference
from tui.run_actions import again
from tui.screens.runs import RunsScreen
from tui.view_models.compare import compare_lines
from tui.view_models.home import home_line
from tui.widgets.live_panel import LivePanel

Walk = Callable[..., None]


@pytest.fixture
def own(three: Path, tmp_path: Path) -> Store:
    return Store(Path(shutil.copytree(three / ".sft", tmp_path / ".sft")))


def row(store: Store, metric: str = "exact", step: str = "h") -> HomeRow:
    run = queries.runs(store, 1)[0]
    headline = Headline("format", "tuned", metric, 9, 0, 0.5, 0.4, 0.6, 0.95, "share", step)
    return HomeRow(run, headline, (), Reference("before", None))


def test_a_change_is_that_of_its_metric_and_of_no_other(done: Store) -> None:
    """While a run goes on its gate may come to ask for another metric than the one that was measured first."""
    changes, first = Changes(), row(done)
    assert changes.begin([first]) is first and changes.end(first, Delta(None, "of exact")) is None
    for other in (row(done, "json"), row(done, step="another measuring")):
        assert changes.of(first) == Delta(None, "of exact") and changes.of(other) is None
        assert changes.begin([other]) is other
        changes.end(other, None)
    assert changes.begin([first]) is None


def test_what_is_under_way_is_not_begun_again_and_what_passes_is(done: Store) -> None:
    changes, one = Changes(), row(done)
    assert changes.begin([one]) is one and changes.begin([one]) is None
    held = fatal("SFT0901", "the store is held").diagnostics[0]
    assert changes.end(one, held) is held and changes.begin([one]) is one


def test_one_run_that_cannot_be_compared_stops_no_other(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(three / ".sft")
    found = home_queries.home(store, 1)[0]

    def refused(code: str) -> Callable[..., Any]:
        def metric_pair(*_: Any) -> Any:
            raise fatal(code, "the file of a step is damaged")

        return metric_pair

    monkeypatch.setattr("runtime.run_comparison.metric_pair", refused("SFT0906"))
    change = home_queries.delta(store, found)
    assert change == Delta(None, "the file of a step is damaged")
    assert "not compared: the file of a step is damaged" in home_line(found, change, 0.0).words
    monkeypatch.setattr("runtime.run_comparison.metric_pair", refused("SFT0901"))
    with pytest.raises(DiagnosticError):
        home_queries.delta(store, found)


@pytest.mark.parametrize("status", ["running", "failed", "interrupted"])
def test_a_run_that_is_not_done_is_held_against_the_finished_one_before_it(own: Store, status: str) -> None:
    newest = queries.runs(own, 1)[0].run_id
    with own.writing() as con:
        con.execute("DELETE FROM baselines")
        con.execute("UPDATE runs SET status = ? WHERE run_id = ?", [status, newest])
    third, second, first = home_queries.home(own, 3)
    assert third.reference == Reference(second.run.run_id, None) and second.reference == Reference(
        first.run.run_id, None
    )
    assert first.reference is None and "nothing to compare" not in home_line(third, None, 0.0).words
    with own.writing() as con:
        con.execute("UPDATE runs SET status = 'failed' WHERE run_id = ?", [second.run.run_id])
    assert home_queries.home(own, 1)[0].reference == Reference(first.run.run_id, None)


def test_a_change_has_a_mark_where_no_colour_is_seen(three: Path) -> None:
    store = Store(three / ".sft")
    second = home_queries.home(store, 3)[1]
    line = home_line(second, home_queries.delta(store, second), 0.0)
    assert line.change.startswith("▼ -20pt [") and ": worse, change -20pt" in line.words


def test_more_answers_than_a_person_waits_for_are_left_to_the_command(
    three: Path, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two sides has them, and on both screens."""
    store = Store(three / ".sft")
    _, second, first = home_queries.home(store, 3)
    for module in ("tui.home_queries", "tui.compare_queries"):
        monkeypatch.setattr(f"{module}.MOST_ITEMS", 39)
    smaller = replace(second, headline=replace(second.headline, n=1))
    change = home_queries.delta(store, smaller)
    both = f"{first.run.run_id}:new {second.run.run_id}:new"
    command = f"`sft compare {both} --eval exam --metric exact`"
    assert change is not None and change.note == f"40 answers: {command} compares them"
    lines = compare_lines(comparison(store, first.run.run_id, second.run.run_id).found)
    exact = next(line for line in lines if line.name == "exam.exact(new)")
    assert command in exact.words and (exact.first, exact.second, exact.change) == ("90%", "70%", "")
    found = compare_models(Wanted(*both.split(), "exam", "exact"), store)  # and that is what it does
    assert found[0].result.change is not None and found[0].result.change.n == 40


def test_nothing_is_worked_out_while_the_store_is_held(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for the store gives up after half a minute."""
    from runtime.comparison import sides

    store, asked = Store(three / ".sft"), []

    def free(work: Callable[..., Any]) -> Callable[..., Any]:
        def worked(*args: Any, **more: Any) -> Any:
            assert not runtime.looks.OPEN_LOOKS
            asked.append(more["details"])
            return work(*args, **more)

        return worked

    monkeypatch.setattr(sides, "two_models", free(sides.two_models))
    _, second, first = (run.run_id for run in queries.runs(store, 3))
    comparison(store, first, second)
    compare(side(first, three / ".sft"), side(second, three / ".sft"), three / ".sft")
    show(store, None, "runs")
    assert asked and not any(asked)  # no items and no slices are made where nobody looks at them
    compare_models(Wanted(f"{first}:new", f"{second}:new"), store)
    run_facts(store, second, 5)
    assert asked[-1]


@pytest.fixture
def many(done: Store, tmp_path: Path) -> Store:
    """Eight runs, a minute apart."""
    store = Store(Path(shutil.copytree(done.root, tmp_path / ".sft")))
    for number in range(7):
        begin(store, f"20261101-00000{number}-aaaa", f"started_at - INTERVAL {10 - number} MINUTE")
    return store


def begin(store: Store, run_id: str, started: str) -> None:
    with store.writing() as con:
        con.execute(
            f"INSERT INTO runs BY NAME SELECT * REPLACE (? AS run_id, {started} AS started_at) FROM runs "
            "WHERE run_id = ?",
            [run_id, RUN],
        )


def test_no_run_falls_out_of_the_list_when_a_new_one_begins(
    many: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.runs.FIRST_PAGE", 3)

    async def journey(go: Journey) -> None:
        screen = go.app.screen
        assert isinstance(screen, RunsScreen)
        while screen.table().more:
            await go.press("G")
        await go.press("G")
        assert [one.run.run_id for one in screen.rows] == [run.run_id for run in queries.runs(many, 20)]
        assert "8 runs" in go.text()
        oldest = screen.table().current
        assert oldest == "20261101-000000-aaaa"
        begin(many, "20261130-000000-bbbb", "now()::TIMESTAMPTZ")
        await go.press("r")
        assert len(screen.rows) == 9 and screen.table().current == oldest and "9 runs" in go.text()

    walk(many, journey, size=(200, 40))


def test_show_runs_counts_the_runs_that_it_does_not_list(many: Store) -> None:
    assert "6 older runs not listed: `--limit`" in show(many, None, "runs", limit=2)
    assert "not listed" not in show(many, None, "runs", limit=8)


def test_a_spec_is_found_where_it_ran_when_the_store_lies_elsewhere(three: Path, tmp_path: Path) -> None:
    away = Store(Path(shutil.copytree(three / ".sft", tmp_path / "away" / ".sft")))
    run = queries.runs(away, 1)[0]
    assert again(away, run).words[0] == str((three / "exam.sft").resolve())
    assert spec_folder(away, run.run_id) == three.resolve()
    moved = Store(Path(shutil.copytree(three, tmp_path / "moved")) / ".sft")
    assert again(moved, run).words[0] == str((tmp_path / "moved" / "exam.sft").resolve())
    assert str(three) not in html_page(run_facts(moved, run.run_id, 5), [])  # a page is handed around
    with away.writing() as con:
        con.execute("UPDATE environment SET value = ? WHERE key = 'spec:folder'", [str(tmp_path / "nowhere")])
    for asked in (lambda: again(away, run), lambda: spec_folder(away, run.run_id)):
        with pytest.raises(DiagnosticError, match="nor where it was run"):
            asked()


def test_the_panel_of_a_run_that_begins_may_be_told_before_its_parts_are_there(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        screen = go.app.screen
        assert isinstance(screen, RunsScreen)
        await screen.query(LivePanel).remove()
        screen._going()
        screen._going()  # an event of the run came meanwhile
        await go.until("steps done")

    walk(running, journey, size=(120, 40))
