"""Following the events of runs: what is read where, what is never lost, what screens that lay below catch up with."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import force_setattr

from runtime.events import EVENTS, STOPPING, Event, EventTail, EventWriter
from runtime.processes import identity
from runtime.run_record import PROCESS
from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN, event_writer
from tui import watching
from tui.live import LiveRun
from tui.screens.runs import RunsScreen
from tui.screens.view import View
from tui.watching import Watcher, asked_to_stop
from tui.widgets.ask_line import open_line
from tui.widgets.row_table import RowTable

Walk = Callable[..., None]


def looked(watcher: Watcher) -> int:
    """Looks until there is no more; how many events were folded."""
    folded = 0
    while True:
        glance = watcher.look()
        watcher.take(glance)
        folded += len(glance.events)
        if not glance.more:
            return folded


def write(folder: Path, run_id: str, count: int) -> None:
    events = EventWriter(folder / run_id / EVENTS)
    for number in range(count):
        events.emit("train_step", "train:a", at_step=number, loss=1.0)
    events.close()


def test_a_watcher_sees_what_was_added(running: Store) -> None:
    watcher = Watcher(running.root / "runs")
    watcher.watch(RUN)
    assert looked(watcher) and watcher.news.told[RUN] == 6  # the run has begun, five steps have ended
    before = watcher.news
    assert not looked(watcher) and watcher.news == before
    more = event_writer(running)
    more.emit("progress", "train:tuned", done=30, total=50, unit="steps")
    assert looked(watcher) == 1 and watcher.news == before, "progress is no news to the store"
    more.emit("step_finished", "train:tuned", status="done")
    more.close()
    assert looked(watcher) == 1 and watcher.news.told[RUN] == 7


def test_a_run_appears_when_it_has_begun_and_not_with_its_folder(tmp_path: Path) -> None:
    """Whoever starts a run makes its folder for what it says, seconds before the store has it."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "output.txt").touch()
    watcher = Watcher(tmp_path)
    (tmp_path / "s").mkdir()
    looked(watcher)
    assert watcher.news.runs == 0
    write(tmp_path, "s", 1)
    looked(watcher)
    assert watcher.news.runs == 1 and watcher.runs == {"s"}
    looked(watcher)
    assert watcher.news.runs == 1


def test_a_half_written_event_waits_for_its_end(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    path = tmp_path / "r" / EVENTS
    line = Event("step_started", 1.0, "a", {}).to_line()
    path.write_text(line[:10], encoding="utf-8")
    watcher = Watcher(tmp_path)
    watcher.watch("r")
    assert not looked(watcher)
    path.write_text(line, encoding="utf-8")
    assert looked(watcher) == 1


@pytest.mark.parametrize("odd", ["[]", "1", "null", '{"at": null}', '{"kind":"a","at":NaN,"step":null}', "[" * 99_999])
def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path, odd: str) -> None:
    good = Event("note", 1.0, None, {"text": "x"}).to_line()
    path = tmp_path / EVENTS
    path.write_text(f"{odd}\n{good}{odd}\n", encoding="utf-8")
    assert [event.kind for event in EventTail(path).read()] == ["note"]
    assert not list(EventTail(tmp_path).read()), "a folder of that name"


def test_following_another_run_during_a_look_harms_neither(tmp_path: Path) -> None:
    """The interface follows another run whenever a screen is left; the look may be anywhere in its work."""
    for run_id in "ab":
        write(tmp_path, run_id, 50)
    watcher, times = Watcher(tmp_path), 0

    class Interfering(EventTail):
        def read(self) -> Iterator[Event]:
            nonlocal times
            for event in super().read():
                times += 1
                watcher.watch((None, "b", "a")[times % 3])
                yield event

    watcher.watch("a")
    assert watcher._now is not None
    first = watcher._now.live
    force_setattr(watcher._now, "tail", Interfering(tmp_path / "a" / EVENTS))
    looked(watcher)
    assert times == 50 and first.seen == 50
    watcher.watch("b")
    looked(watcher)
    assert watcher.live is not None and (watcher.live.run_id, watcher.live.seen) == ("b", 50)
    watcher.watch("a")
    assert looked(watcher) == 0 and watcher.live is first, "what was read once is kept"


def test_a_long_file_is_read_in_pieces_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE", 20)
    write(tmp_path, "r", 50)
    watcher = Watcher(tmp_path)
    watcher.watch("r")
    sizes = []
    while not sizes or sizes[-1] == 20:
        glance = watcher.look()
        watcher.take(glance)
        sizes.append(len(glance.events))
    assert sizes == [20, 20, 10]
    assert watcher.live is not None and [p.step for p in watcher.live.points["train:a"]] == list(range(50))


def test_what_was_asked_of_a_run_is_read_from_what_it_said(tmp_path: Path) -> None:
    events = EventWriter(tmp_path / "r" / EVENTS)
    events.emit("note", "train:a", text=STOPPING)  # of a step: it is about something else
    assert not asked_to_stop(tmp_path, "r") and not asked_to_stop(tmp_path, "none")
    events.emit("note", text=f"{STOPPING}; press Ctrl-C again to stop at once")
    events.close()
    assert asked_to_stop(tmp_path, "r")


# --- on screens ---------------------------------------------------------------------------------------


def test_events_are_folded_where_they_are_drawn(running: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn from is changed in no other thread, where it could change in the middle of a drawing."""
    threads = set()
    fold = LiveRun.fold

    def noted(live: LiveRun, events: list[Event]) -> None:
        threads.add(threading.get_ident())
        fold(live, events)

    monkeypatch.setattr(LiveRun, "fold", noted)

    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")

    walk(running, journey, run_id=RUN)
    assert threads == {threading.get_ident()}


def test_keys_that_are_typed_into_a_search_stay_letters_when_a_step_ends(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for screen in (RunsScreen, View):
            await go.until("20/50 steps")
            await go.press("slash", "e")
            read = _reads(go)
            events = event_writer(running)
            events.emit("step_finished", "split:triage", status="done")
            events.close()
            await _until_read(go, read)
            await go.press("q", "R")
            assert go.app.is_running and isinstance(go.app.screen, screen)
            assert go.app.screen.sought == "eqR"
            await go.press("escape")
            assert open_line(go.app.screen) is None and go.app.screen.query_one(RowTable).has_focus
            await go.press("enter")

    walk(running, journey)


def test_what_ends_while_the_help_lies_above_is_shown_when_it_is_closed(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")
        await go.press("question_mark")
        with running.writing() as con:
            con.execute("UPDATE steps SET status = 'done', rows_out = 399, seconds = 7 WHERE step_id = 'train:tuned'")
        live = go.app.live_of(RUN)
        assert live is not None
        before = live.generation
        events = event_writer(running)
        events.emit("step_finished", "train:tuned", status="done")
        events.close()
        for _ in range(200):
            if live.generation > before:
                break
            await go.pilot.pause(0.05)
        await go.pilot.pause()
        assert live.generation > before
        await go.press("escape")
        await go.until("7.0 s")

    walk(running, journey, run_id=RUN)


def test_any_run_that_is_listed_is_watched_and_stopped_knowing_what_was_asked_of_it(running: Store, walk: Walk) -> None:
    """Two runs go on; the older one is not on top and nobody follows its events."""
    other = subprocess.Popen(["sleep", "600"])
    with running.writing() as con:
        con.execute(
            "INSERT INTO runs SELECT * REPLACE ('older' AS run_id, started_at - INTERVAL 1 SECOND AS started_at, "
            "? AS pid) FROM runs",
            [other.pid],
        )
        con.execute("INSERT INTO environment VALUES ('older', ?, ?)", [PROCESS, identity(other.pid)])

    said = EventWriter(running.root / "runs" / "older" / EVENTS)
    said.emit("note", text=f"{STOPPING}; press Ctrl-C again to stop at once")
    said.close()

    async def journey(go: Journey) -> None:
        await go.until("20/50 steps")
        assert go.text().count("▶ ") >= 2 and "interrupted" not in go.text()
        await go.press("j", "S")
        told = " ".join(go.text().replace("│", " ").split())
        assert "Stop run older" in told and "this stops it at once" in told
        await go.press("escape")
        other.kill()
        other.wait()
        await go.until("interrupted")
        assert "20/50 steps" in go.text(), "the other one goes on"

    try:
        walk(running, journey)
    finally:
        other.kill()


def test_a_run_on_another_host_leaves_the_top_when_it_says_nothing(
    running: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that is made anew has another name: its runs would be running for ever and could not be continued."""
    with running.writing() as con:
        con.execute("UPDATE runs SET host = 'node-7'")

    async def goes_on(go: Journey) -> None:
        await go.until("20/50 steps")
        assert "on node-7, where this machine cannot look" in " ".join(go.text().split())

    async def quiet(go: Journey) -> None:
        await go.until("said something last 3 h ago")
        assert "20/50 steps" not in go.text()
        await go.press("R")
        await go.until("is not beside the store")

    walk(running, goes_on)
    path = running.root / "runs" / RUN / EVENTS
    os.utime(path, (time.time() - 11_000,) * 2)
    walk(running, quiet, size=(140, 40))


def _reads(go: Journey) -> int:
    return int(getattr(go.app.screen, "times_read", 0))


async def _until_read(go: Journey, before: int) -> None:
    """Until the screen in front has read the store again and has drawn it."""
    for _ in range(200):
        screen = go.app.screen
        assert isinstance(screen, View)
        if not screen.reading and not screen.behind and _reads(go) > before:
            break
        await go.pilot.pause(0.05)
    assert _reads(go) > before
    await go.settle()


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each screen counts how often it has read."""
    arrived = View._arrived

    def count(self: View[object], model: object) -> None:
        arrived(self, model)
        self.times_read = int(getattr(self, "times_read", 0)) + 1  # type: ignore[attr-defined]

    monkeypatch.setattr(View, "_arrived", count)
