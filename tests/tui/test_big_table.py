from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot

from spec_lang.diagnostics import fatal
from tui.widgets import big_table
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row
from tui.widgets.list_lines import MARK
from tui.widgets.list_questions import place_of
from tui.widgets.row_pages import PAGE, PAGES_KEPT

MILLION = 1_000_000


class Rows:
    """Rows made as they are asked for; ``asked`` are the stretches."""

    def __init__(self, prefix: str = "row") -> None:
        self.prefix = prefix
        self.asked: list[tuple[int, int]] = []

    def __call__(self, begin: int, end: int) -> Sequence[Row]:
        self.asked.append((begin, end))
        return [Row(f"{n}", (f"{n:,}", Text(f"{self.prefix} {n}"))) for n in range(begin, end)]


class Small(App[None]):
    def __init__(self, total: int, read: Callable[[int, int], Sequence[Row]]) -> None:
        super().__init__()
        self.total, self.read, self.seen, self.refused = total, read, [], []  # type: ignore[var-annotated]

    def compose(self) -> ComposeResult:
        yield BigTable((Col("n", 9, justify="right"), Col("text", share=1), Col("more", 6, wide=True))[:2], id="rows")

    def on_mount(self) -> None:
        self.query_one(BigTable).show(self.total, self.read)
        self.query_one(BigTable).focus()

    def on_big_table_highlighted(self, event: BigTable.Highlighted) -> None:
        self.seen.append(event.table.current)

    def on_big_table_refused(self, event: BigTable.Refused) -> None:
        self.refused.append(event.finding.code)


def walk(
    journey: Callable[[Small, BigTable, Pilot[None]], Awaitable[Any]], total: int = MILLION, read: Any = None
) -> None:
    async def go() -> None:
        app = Small(total, read or Rows())
        async with app.run_test(size=(60, 20)) as pilot:
            await settle(app, pilot)
            await journey(app, app.query_one(BigTable), pilot)

    asyncio.run(go())


async def settle(app: App[None], pilot: Pilot[None]) -> None:
    await pilot.pause(0.02)
    while any(not worker.is_finished for worker in app.workers):
        await pilot.pause(0.01)
    await pilot.pause(0.02)


def text(app: App[None]) -> str:
    return "\n".join(line.text for line in app.screen._compositor.render_strips())


def test_only_what_is_in_sight_is_read_of_a_million_rows() -> None:
    rows = Rows()

    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        assert rows.asked == [(0, 2 * PAGE)] and "1 of 1,000,000" in text(app)
        await pilot.press("G")
        await settle(app, pilot)
        assert rows.asked[-1] == (MILLION - 2 * PAGE, MILLION)
        assert "row 999999" in text(app) and app.seen[-1] == "999999"
        for place in range(70):
            table.go_to(place * 5000)
            await settle(app, pilot)
        assert len(table._pages) == PAGES_KEPT
        assert all(end - begin <= 3 * PAGE for begin, end in rows.asked)

    walk(journey, read=rows)


def test_keys_move_the_cursor_and_a_number_or_a_share_leads_anywhere() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        for key, position in (("j", 1), ("ctrl+d", 20), ("k", 19), ("ctrl+u", 0), ("k", 0), ("end", MILLION - 1)):
            await pilot.press(key)
            await settle(app, pilot)
            assert table.cursor == position, key
        await pilot.press("colon", *"123,456", "enter")
        await settle(app, pilot)
        assert table.current == "123455" and "row 123455" in text(app)
        await pilot.press("colon", *"50%", "enter")
        await settle(app, pilot)
        assert abs(table.cursor - MILLION // 2) <= 1
        await pilot.press("colon", *"half", "enter")
        await settle(app, pilot)
        assert "a row's number" in text(app)
        await pilot.press("escape", "g")
        await settle(app, pilot)
        assert app.focused is table and table.current == "0"

    walk(journey)


class Held(Rows):
    """Rows that are there at once at the beginning of the list, and elsewhere when ``free`` is set."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.free, self.fails = threading.Event(), fails

    def __call__(self, begin: int, end: int) -> Sequence[Row]:
        if begin >= 100:
            self.free.wait(10)
            if self.fails:
                raise fatal("SFT0901", "no rows")
        return super().__call__(begin, end)


def waiting(journey: Callable[[Small, BigTable, Pilot[None], Held], Awaitable[Any]], *, fails: bool = False) -> None:
    """Walk from where a jump to row 500 waits for its rows."""
    rows = Held(fails=fails)

    async def begun(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        try:
            table.jump_to(500, middle=True)
            assert table.cursor == 0 and table.at == 500 and app._batch_count == 1
            await journey(app, table, pilot, rows)
            assert app._batch_count == 0
        finally:
            rows.free.set()

    walk(begun, read=rows, total=1000)


def test_a_jump_comes_with_its_rows_and_nothing_is_drawn_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_table, "GRACE_S", 60.0)

    async def journey(app: Small, table: BigTable, pilot: Pilot[None], rows: Held) -> None:
        assert table.row is None, "keys are about no row meanwhile"
        rows.free.set()
        await settle(app, pilot)
        assert table.current == "500" and "row 500" in text(app) and "·" not in text(app) and app.seen[-1] == "500"

    waiting(journey)


def test_a_jump_goes_without_its_rows_when_they_take_long() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None], rows: Held) -> None:
        while table.cursor != 500:
            await pilot.pause(0.02)
        await pilot.pause(0.05)
        assert "·" in text(app) and table.current is None

    waiting(journey)


@pytest.mark.parametrize("then", ["key", "renewed", "resized", "refused", "left"])
def test_nothing_stays_undrawn_after_a_jump(then: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(big_table, "GRACE_S", 60.0)

    async def journey(app: Small, table: BigTable, pilot: Pilot[None], rows: Held) -> None:
        if then == "key":
            app.post_message(events.Key("j", "j"))
        elif then == "renewed":
            table.show(400, Rows("new"))
        elif then == "resized":
            table.post_message(events.Resize(Size(60, 10), Size(60, 10)))
        elif then == "refused":
            rows.free.set()
        else:
            await table.remove()
        await asyncio.sleep(0.05)
        rows.free.set()
        await settle(app, pilot)
        assert table.cursor == {"key": 501, "renewed": 399, "left": 0}.get(then, 500)
        assert then != "renewed" or "new 399" in text(app)

    waiting(journey, fails=then == "refused")


def test_where_one_types_to_go_is_read_before_enter() -> None:
    rows = Rows()

    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        await pilot.press("colon", *"5000")
        await settle(app, pilot)
        assert table.cursor == 0 and "row 0" in text(app) and rows.asked[-1][0] <= 4999 < rows.asked[-1][1]
        read = len(rows.asked)
        await pilot.press("enter")
        assert table.current == "4999" and len(rows.asked) == read
        await pilot.press("colon", *"70", "escape")
        await settle(app, pilot)
        assert table.current == "4999" and table._foreseen is None

    walk(journey, read=rows)


def test_what_is_typed_ahead_goes_to_the_line_and_then_to_the_list() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        for _ in range(2):  # the first time the line has to be made
            await pilot.press("g")
            for key in ("colon", "5", "0", "enter", "j"):
                app.post_message(events.Key(key, {"colon": ":"}.get(key, key if len(key) == 1 else None)))
            await settle(app, pilot)
            assert table.cursor == 50 and app.focused is table

    walk(journey)


def test_a_place_is_one_of_the_list_as_it_is_when_it_is_taken() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        await pilot.press("colon", *"250")
        table.show(300, Rows())
        await pilot.press("tab", "enter")  # only Enter and Escape lead out of the line
        await settle(app, pilot)
        assert table.cursor == 249

    walk(journey, total=100)


def test_rows_that_are_not_read_yet_are_dots_and_only_the_last_place_is_read() -> None:
    free, rows = threading.Event(), Rows()

    def slow(begin: int, end: int) -> Sequence[Row]:
        free.wait(10)
        return rows(begin, end)

    async def go() -> None:
        app = Small(MILLION, slow)
        async with app.run_test(size=(60, 20)) as pilot:
            table = app.query_one(BigTable)
            await pilot.pause(0.05)
            assert "·" in text(app) and table.current is None
            for place in (5000, 70_000, 900_000):
                table.go_to(place)
                await pilot.pause(0.01)
            free.set()
            await settle(app, pilot)
            assert table.current == "900000"
            assert len(rows.asked) == 2, "the first page, and the place where scrolling stopped"

    asyncio.run(go())


def test_a_refresh_keeps_the_cursor_and_new_rows_begin_at_the_top() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        table.go_to(777_777)
        await settle(app, pilot)
        table.mark(frozenset({"777777"}))
        table.show(MILLION, Rows("fresh"))
        old = table.row_at(table.cursor)
        assert old is not None and old.key == "777777", "the old line stays until the new one is there"
        assert table.row is None and table.current is None, "to look at: another may stand there by now"
        await settle(app, pilot)
        assert table.cursor == 777_777 and "fresh 777777" in text(app)
        assert any(MARK in line and "777777" in line for line in text(app).splitlines())
        table.show(500, Rows("fewer"))
        await settle(app, pilot)
        assert table.cursor == 499 and "fewer 499" in text(app)
        table.show(500, Rows("moved"), at=250)
        await settle(app, pilot)
        assert table.current == "250" and "moved 250" in text(app)
        table.show(MILLION, Rows("other"), keep=False)
        await settle(app, pilot)
        assert table.cursor == 0 and "other 0" in text(app)

    walk(journey)


@pytest.mark.parametrize("total", [0, 1, 3])
def test_short_lists_stand_too(total: int) -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        await pilot.press("j", "G", "g", "ctrl+d", "ctrl+u")
        await settle(app, pilot)
        assert table.cursor in range(max(total, 1))
        assert (f"of {total}" in text(app)) == bool(total)

    walk(journey, total)


def test_a_resize_keeps_the_cursor_in_sight() -> None:
    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        table.go_to(40)
        await settle(app, pilot)
        await pilot.resize_terminal(30, 8)
        await settle(app, pilot)
        assert "row 40" in text(app)
        assert max(len(line) for line in text(app).splitlines()) <= 30

    walk(journey)


def test_rows_that_cannot_be_read_are_told_and_asked_for_again() -> None:
    held = True

    def read(begin: int, end: int) -> Sequence[Row]:
        if held:
            raise fatal("SFT0901", "the store is held", "wait")
        return Rows()(begin, end)

    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        nonlocal held
        assert app.refused == ["SFT0901"] and table.current is None
        held = False
        table.show(MILLION, read)
        await settle(app, pilot)
        assert table.current == "0"

    walk(journey, read=read)


def test_a_bug_costs_the_rows_and_not_the_dashboard(bugs: dict[str, str]) -> None:
    wrong = True

    def read(begin: int, end: int) -> Sequence[Row]:
        if wrong:
            raise ValueError("of ours")
        return Rows()(begin, end)

    async def journey(app: Small, table: BigTable, pilot: Pilot[None]) -> None:
        nonlocal wrong
        assert app.refused == ["SFT0911"] and table.current is None
        wrong = False
        await pilot.press("G")  # the list goes on to read
        await settle(app, pilot)
        assert table.current == str(MILLION - 1) and len(bugs) == 1
        assert "ValueError: of ours" in Path(bugs.popitem()[1]).read_text()

    walk(journey, read=read)


@pytest.mark.parametrize(
    ("given", "position"),
    [("1", 0), ("0", 0), ("12,345", 12_344), ("9999999", 999), ("0%", 0), ("100%", 999), ("50 %", 500), ("12.5%", 125)],
)
def test_a_place_is_a_number_or_a_share(given: str, position: int) -> None:
    total = 1000 if position < 1000 else 20_000
    assert place_of(given, total) == position


@pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "%", "1e3", "1.2.3%", "9" * 400 + "%", "9" * 5000])
def test_anything_else_is_no_place(given: str) -> None:
    assert place_of(given, 10) is None


def test_no_title_is_cut_in_two_by_the_position() -> None:
    class Long(Small):
        def compose(self) -> ComposeResult:
            yield BigTable((Col("n", 9), Col("kept", 20), Col("what_a_long_title_says", share=1)), id="rows")

    async def go() -> None:
        app = Long(MILLION, lambda begin, end: [Row(f"{n}", ("a", "b", "c")) for n in range(begin, end)])
        async with app.run_test(size=(60, 20)) as pilot:
            await settle(app, pilot)
            head = app.query_one(BigTable).render_line(0).text
            assert "kept" in head and "what" not in head and head.endswith(" 1 of 1,000,000 ")

    asyncio.run(go())
