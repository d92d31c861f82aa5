"""What keys do to the item under the cursor: not to one that was read before, and nothing is lost in a held store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.store import Store
from spec_lang.diagnostics import fatal
from tests.tui.conftest import Journey
from tests.tui.failure_store import copied
from tests.tui.sample_store import RUN
from tui import item_pages, mark_queue, marks, row_queries, side_queries
from tui.screens import item_choices, predictions, rows
from tui.screens.nearest import NearestScreen
from tui.screens.pick import PickScreen
from tui.screens.predictions import PredictionsScreen
from tui.screens.rows import RowsScreen
from tui.widgets.big_table import BigTable
from tui.widgets.item_row import of_key
from tui.widgets.list_lines import MARK

Walk = Callable[..., None]


@pytest.fixture
def store(done: Store, tmp_path: Path) -> Store:
    return copied(done, tmp_path)


def lines(go: Journey) -> BigTable:
    return go.app.screen.query_one(BigTable)


def told(go: Journey) -> str:
    """What notes say, which break their lines."""
    return " ".join(note.message for note in go.app._notifications)


def known_marks(store: Store) -> set[tuple[str, str, str]]:
    return {(one.row_id, one.template, one.note) for one in marks.marks(store, RUN)}


@contextmanager
def held_back(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> Iterator[threading.Event]:
    """A question that is not answered until its event is set."""
    real, gate = getattr(module, name), threading.Event()

    def waits(*args: object, **how: object) -> object:
        assert gate.wait(20)
        return real(*args, **how)

    monkeypatch.setattr(module, name, waits)
    try:
        yield gate
    finally:
        gate.set()


def test_keys_are_about_the_row_under_the_cursor(store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "REST_SECONDS", 60.0)  # the cursor runs ahead of what is read

    async def journey(go: Journey) -> None:
        await go.press("5", "j", "space", "j", "i")
        await go.pilot.press(*"of this")
        await go.press("enter", "j")
        keys = [of_key(lines(go).row_at(place).key) for place in range(4)]  # type: ignore[union-attr]
        assert known_marks(store) == {(*keys[1], ""), (*keys[2], "of this")}  # type: ignore[misc]
        await go.press("enter")
        assert keys[3][0][:12] in go.text() and go.app.screen.has_class("whole")  # type: ignore[index]
        await go.press("escape", "j", "a")
        fifth = of_key(go.app.screen_stack[-2].query_one(BigTable).row_at(4).key)  # type: ignore[union-attr]
        assert isinstance(go.app.screen, NearestScreen) and go.app.screen.item.row_id == fifth[0]  # type: ignore[index]

    walk(store, journey, run_id=RUN)


def test_keys_are_not_about_a_list_that_is_being_left(
    store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "c")
        assert go.app.screen.causes  # type: ignore[attr-defined]
        with held_back(monkeypatch, predictions, "listed") as gate:
            await go.pilot.press("m", "space", "i", "enter", "w")
            assert "or it is not read yet" in told(go) and "not counted yet" in told(go)
            assert not go.app.screen.has_class("whole") and isinstance(go.app.screen, PredictionsScreen)
            gate.set()
            await go.settle()
        assert known_marks(store) == set()

    walk(store, journey, run_id=RUN)


def _refuse(monkeypatch: pytest.MonkeyPatch, module: object, name: str, times: int) -> list[str]:
    """A question that finds the store held a number of times."""
    real, left = getattr(module, name), [""] * times

    def asked(*args: object, **how: object) -> object:
        if left:
            left.pop()
            raise fatal("SFT0901", "held by process 4711")
        return real(*args, **how)

    monkeypatch.setattr(module, name, asked)
    return left


def test_a_note_is_written_when_a_held_store_is_free(store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    left = _refuse(monkeypatch, mark_queue.marks, "set_mark", 3)

    async def journey(go: Journey) -> None:
        await go.press("5")
        await go.pilot.press("i")
        await go.pilot.press(*"a long note", "enter", "j", "space", "escape")
        await go.settle()
        assert "held by process 4711 · trying again" in told(go)

    walk(store, journey, run_id=RUN)
    assert not left and sorted(note for _, _, note in known_marks(store)) == ["", "a long note"]


def test_leaving_with_marks_that_wait_is_asked_twice(store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        with held_back(monkeypatch, mark_queue.marks, "set_mark") as gate:
            await go.pilot.press("space", "q")
            assert go.app.is_running and "q again leaves without them" in told(go) and MARK in go.text()
            gate.set()
            await go.settle()
        await go.press("q")

    walk(store, journey, run_id=RUN)
    assert len(known_marks(store)) == 1


async def opened(go: Journey) -> None:
    """Until a dialog stands."""
    for _ in range(400):
        if isinstance(go.app.screen, PickScreen):
            break
        await go.pilot.pause(0.05)
    await go.settle()


def test_a_dialog_opens_when_a_held_store_is_free(store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        _refuse(monkeypatch, side_queries, "sides", 1)
        await go.press("v")
        await opened(go)
        assert "what its answers are compared with" in go.text()
        await go.press("escape")
        _refuse(monkeypatch, item_choices, "slice_counts", 1)
        await go.press("s")
        await opened(go)
        assert "items of the eval in each" in go.text()

    walk(store, journey, run_id=RUN)


def test_a_second_press_takes_the_mark_back_and_a_third_brings_its_note_again(store: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        await go.pilot.press("space", "space")
        await go.settle()
        assert known_marks(store) == set()
        await go.press("i", *"why", "enter", "space")
        assert known_marks(store) == set() and "Space brings both back" in told(go)
        await go.press("space")
        assert [note for _, _, note in known_marks(store)] == ["why"]

    walk(store, journey, run_id=RUN)


def test_the_cursor_follows_its_item_through_readings_that_overtake_each_other(
    store: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5", "c", "G", "k", "k")
        before = lines(go).current
        with held_back(monkeypatch, predictions, "item_rows") as gate:
            for wrong in (3, 2):
                with store.writing() as con:  # other items fail, which stand before it now
                    con.execute(
                        "UPDATE item_metrics SET value = 0 WHERE metric = 'exact' AND model = 'tuned' "
                        "AND template = 'plain' AND rowid % ? = 0 AND row_id <> ?",
                        [wrong, (of_key(before) or ("", ""))[0]],
                    )
                    con.execute("UPDATE results SET finished_at = now()")
                go.app.shelf.forget()
                on_show = go.app.screen.model  # type: ignore[attr-defined]
                go.app.screen.reload()  # type: ignore[attr-defined]
                for _ in range(400):
                    await go.pilot.pause(0.02)
                    if go.app.screen.model is not on_show:  # type: ignore[attr-defined]
                        break
            assert lines(go).current is None, "what stands there now is not read yet"
            gate.set()
            await go.settle()
        assert lines(go).current == before

    walk(store, journey, run_id=RUN)


def test_a_search_that_is_refused_leaves_the_list_as_it_is(
    data: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = row_queries.row_page

    def page(store: Store, of: row_queries.RowSet, begin: int, end: int) -> list[row_queries.StepRowLine]:
        asked.append(of.search)
        return real(store, of, begin, end)

    monkeypatch.setattr(rows, "row_page", page)
    step, run_id, step_hash = data.query(
        "SELECT step_id, run_id, step_hash FROM steps WHERE kind = 'ingest' ORDER BY rows_out DESC LIMIT 1"
    )[0]

    async def journey(go: Journey) -> None:
        go.app.push_screen(RowsScreen(run_id, row_queries.RowSet(step, step_hash), "rows"))
        await go.settle()
        total = lines(go).total
        assert total > 25
        _refuse(monkeypatch, rows, "row_count", 1000)
        await go.press("slash", *"zzz", "enter", "G")
        assert lines(go).total == total and set(asked) == {""} and lines(go).row is not None

    walk(data, journey)


def test_item_pages_tell_items_apart_without_reading_rows(done: Store) -> None:
    from tui.item_filters import PredictionFilter, listed

    chosen = PredictionFilter("format", "tuned", "smol", "exact")
    whole, chatty = listed(done, RUN, chosen), listed(done, RUN, PredictionFilter("format", "tuned", template="chatty"))
    for place in (0, 7, 59):
        item = item_pages.item_at(chatty, place)
        there = item_pages.position_of(whole, item)
        assert there is not None and item_pages.item_at(whole, there) == item
    assert item_pages.item_at(whole, 120) is None and item_pages.position_of(chatty, (1, "chatty")) is None
