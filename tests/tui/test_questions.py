"""Questions that take long keep nobody, and a list that grows while it is asked for has each run once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import home_queries, questions
from tui.home_model import FIRST_PAGE
from tui.home_queries import HomeRow
from tui.questions import answer_of, leave
from tui.screens.runs import RunsScreen

Walk = Callable[..., None]
ROOT = Path(__file__).parents[2]


def fails() -> None:
    raise LookupError("nothing there")


def test_a_question_that_takes_for_ever_keeps_nobody() -> None:
    """Left by Escape, by the next question of its group, or by `q`: nothing waits for its thread."""
    begun, release = threading.Event(), threading.Event()

    def long() -> int:
        begun.set()
        release.wait(60)
        return 1

    async def ask() -> str:
        waiting = asyncio.ensure_future(answer_of(long))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await answer_of(lambda: 2) == 2
        with pytest.raises(LookupError):
            await answer_of(fails)
        forgotten = asyncio.ensure_future(answer_of(long))
        await asyncio.sleep(0.01)
        assert not forgotten.done()
        return "left"

    assert asyncio.run(ask()) == "left"
    leave(0.01)
    assert all(thread.daemon for thread in questions._threads) and len(questions._threads) == 2
    release.set()
    leave(30)
    assert not questions._threads


def test_a_question_to_the_store_is_stopped_when_the_dashboard_is_left(done: Store) -> None:
    asked = threading.Event()

    def long() -> None:
        with done.reading() as con:
            asked.set()
            con.execute("SELECT count(*) FROM range(100000000000) a, range(1000) b")

    async def ask() -> None:
        waiting = asyncio.ensure_future(answer_of(long))
        while not asked.is_set():
            await asyncio.sleep(0.001)
        assert not waiting.done()

    asyncio.run(ask())
    for _ in range(100):
        leave(0.1)
        if not questions._threads:
            break
    assert not questions._threads


LEAVES = """
import asyncio, sys, threading, time
from pathlib import Path
from runtime.store import Store
from tui.questions import answer_of, leave_for_good

store, begun = Store(Path(sys.argv[1])), threading.Event()

def asks():
    with store.reading() as con:
        begun.set()
        con.execute("SELECT count(*) FROM range(100000000000) a, range(1000) b")

def computes():
    end = time.monotonic() + 600
    while time.monotonic() < end:
        sum(range(1000))

async def leave():
    for question in (asks, asks, computes):
        asyncio.ensure_future(answer_of(question))
    while not begun.is_set():
        await asyncio.sleep(0.01)

asyncio.run(leave())
leave_for_good()
print(len(store.query("SELECT run_id FROM runs")))
"""


def test_a_process_that_is_left_while_it_computes_ends_whole(done: Store) -> None:
    """Two ask the store in turn, one computes: none of them ends inside of DuckDB, and who leaves may still ask."""
    left = subprocess.run(
        [sys.executable, "-c", LEAVES, str(done.root)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (left.returncode, left.stdout, left.stderr) == (0, "1\n", "")


def test_a_list_of_runs_that_grows_while_it_is_read_has_each_run_once(
    done: Store, copied: Callable[[Store], Store], walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = copied(done)

    def add(count: int, first: int) -> None:
        with store.writing() as con:
            con.execute(
                "INSERT INTO runs SELECT r.* REPLACE (format('run-{:05d}', n) AS run_id, "
                "r.started_at + to_seconds(n) AS started_at) FROM runs r, range(?, ?) t(n) WHERE r.run_id = ?",
                [first, first + count, RUN],
            )

    add(2 * FIRST_PAGE + 20, 1)
    paged = home_queries.home

    def grown(asked: Store, limit: int, after: str | None = None) -> list[HomeRow]:
        if after is not None:  # a run begins before each page is read
            add(1, grown.next)  # type: ignore[attr-defined]
            grown.next += 1  # type: ignore[attr-defined]
        return paged(asked, limit, after)

    grown.next = 9_000  # type: ignore[attr-defined]

    async def journey(go: Journey) -> None:
        screen = go.app.screen
        assert isinstance(screen, RunsScreen)
        monkeypatch.setattr(home_queries, "home", grown)
        for _ in range(4):
            await go.press("G")
        ids = [row.run.run_id for row in screen.rows]
        assert len(ids) == len(set(ids)) == 2 * FIRST_PAGE + 21 and ids[-1] == RUN
        assert [row.key for row in screen.table().records] == ids

    walk(store, journey)
