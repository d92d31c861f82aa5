"""Runs in processes of their own: watched to their end, killed and continued, left alone by a dashboard that dies."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime import processes
from runtime.detached import OUTPUT, Started, start
from runtime.store import Store
from tests.command import sft
from tests.tui.conftest import Journey
from tests.tui.recorded_project import wait_until_ended, wait_until_held, write_project
from tui import queries
from tui.app import LOOK_EVERY_SECONDS, Dashboard
from tui.live import state_of
from tui.watching import Glance

Walk = Callable[..., None]


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[Path]:
    """A spec whose runs wait in their measuring, until the end of the test at the latest."""
    path = write_project(tmp_path / "project", wrong=4)
    hold(path).touch()
    yield path
    hold(path).unlink(missing_ok=True)


def hold(spec: Path) -> Path:
    return spec.with_name("hold")


def begun(spec: Path, *options: str) -> tuple[Store, Started]:
    """A run of its own process that has come to its measuring."""
    store = Store(spec.parent / ".sft")
    started = start((str(spec), *options), store.root)
    wait_until_held(store, started.run_id)
    return store, started


def test_from_a_live_run_to_its_end(spec: Path, walk: Walk) -> None:
    store, started = begun(spec)

    async def journey(go: Journey) -> None:
        await go.until("measure exam")
        assert "▶ exam.sft" in go.text() and "gate release" in go.text()
        await go.press("enter")
        await go.until("▶ measure exam")
        assert "▶ running" in go.text()
        hold(spec).unlink()
        await go.until("✓ gate pass", seconds=30)
        await go.press("escape")
        await go.until("90%")

    walk(store, journey)
    assert started.process.wait(30) == 0
    assert "measure:exam  done" in started.output.read_text()
    assert started.output.parent.name == started.run_id


def test_a_killed_runner_is_interrupted_within_two_seconds_and_continued_from_here(
    spec: Path, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, started = begun(spec, "--only", "gate:release")
    looks: list[bool] = []  # after each look, whether the death was noticed
    looked = Dashboard._looked

    def counted(app: Dashboard, glance: Glance) -> None:
        looked(app, glance)
        looks.append(bool(getattr(app.screen, "gone", ())))

    monkeypatch.setattr(Dashboard, "_looked", counted)

    async def journey(go: Journey) -> None:
        await go.until("▶ exam.sft")
        os.kill(started.process.pid, signal.SIGKILL)
        before = len(looks)
        await go.until("! interrupted")
        assert looks[before:].index(True) * LOOK_EVERY_SECONDS <= 1  # the second look at the latest
        assert "▶ exam.sft" not in go.text()
        await go.press("R")
        await go.until("Continue: exam.sft?")
        assert "--only gate:release" in go.text() and "process of its own" in go.text()
        await go.press("enter")
        hold(spec).unlink()
        await go.until("✓ gate pass", seconds=30)

    walk(store, journey)
    second, first = queries.runs(store, 5)
    assert (first.status, second.status, second.verdict) == ("interrupted", "done", "pass")
    assert second.cached > 0 and dict(queries.environment(store, second.run_id))["options"] == "--only gate:release"


def test_a_run_that_does_not_begin_shows_what_it_said(spec: Path, walk: Walk) -> None:
    spec.write_text(spec.read_text().replace("from = asked", "from = aksed"))
    store = Store(spec.parent / ".sft").create()
    started = start((str(spec),), store.root)

    async def journey(go: Journey) -> None:
        go.app.take_started(started)
        go.app.open_run(started.run_id)
        await go.settle()
        await go.until("The run ended before it began, with exit code 1", seconds=30)
        assert "aksed" in go.text()

    walk(store, journey)


def starting(folder: Path, *command: str) -> Started:
    """A run whose process has not come to the store."""
    output = folder / OUTPUT
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    return Started("20261124-101500-beef", output, process)


def test_a_run_that_is_starting_can_be_stopped_and_is_awaited_by_every_view(
    done: Store, tmp_path: Path, walk: Walk
) -> None:
    # A suite that was started in the background of a shell leaves its children deaf to Ctrl-C.
    waits = "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler); time.sleep(600)"
    started = starting(tmp_path, sys.executable, "-c", waits)

    async def journey(go: Journey) -> None:
        go.app.take_started(started)
        go.app.open_run(started.run_id)
        await go.settle()
        await go.until("The run is starting")
        await go.press("b", "R")
        assert "S stops it, the rest can" in " ".join(go.text().split())
        for key in "234561":
            await go.press(key)
            await go.until("starting")
        await go.press("S")
        await go.until(f"Process {started.process.pid} still compiles the spec")
        await go.press("enter")
        await go.until("The run ended before it began")

    try:
        walk(done, journey)
        assert started.process.wait(10) != 0
    finally:
        started.process.kill()


def test_a_start_that_failed_is_told_to_who_has_left_its_screen(done: Store, tmp_path: Path, walk: Walk) -> None:
    """Its run is in no list, and nobody looks for a file in a folder."""
    started = starting(tmp_path, sys.executable, "-c", "raise SystemExit('error[SFT0301]: \\x1b[2J no such source')")
    assert started.process.wait(30) == 1

    async def journey(go: Journey) -> None:
        go.app.take_started(started)
        await go.until("a run ended before it began, with exit code 1")
        text = " ".join(go.text().split())
        assert "SFT0301" in text and "␛[2J no such source" in text and OUTPUT in text

    walk(done, journey, size=(120, 40))


def test_a_child_that_nobody_waited_for_is_no_process_any_more() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        for _ in range(1000):
            if processes._state(pid) == "Z":
                break
            time.sleep(0.001)
        os.kill(pid, 0)  # a signal still reaches it
        assert not processes.is_alive(pid)
    finally:
        os.waitpid(pid, 0)
    assert processes.is_alive(os.getpid())
    assert not processes.is_alive(0) and not processes.is_alive(-1)


def test_no_dashboard_without_a_terminal(spec: Path) -> None:
    hold(spec).unlink()
    done = sft("run", spec.name, "--tui", cwd=spec.parent)
    assert done.returncode == 1 and "SFT0917" in done.stderr and "leave it out" in done.stderr
    assert not (spec.parent / ".sft" / "runs").exists()


class Terminal:
    """``sft run --tui`` on a terminal of its own."""

    def __init__(self, spec: Path) -> None:
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.chdir(spec.parent)
            os.execv(sys.executable, [sys.executable, "-m", "sft", "run", spec.name, "--tui"])
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.said = b""

    def read_until(self, text: bytes, seconds: float = 60.0) -> None:
        os.set_blocking(self.handle, False)
        for _ in range(int(seconds / 0.02)):
            try:
                self.said += os.read(self.handle, 65536)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:  # the other side is closed
                break
            if text in self.said:
                return
        raise AssertionError(f"{text!r} did not appear: {self.said[-2000:]!r}")

    def close(self) -> None:
        os.close(self.handle)
        os.waitpid(self.pid, 0)


def test_leaving_the_dashboard_or_killing_it_leaves_the_run_going(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    store = Store(spec.parent / ".sft")
    left, killed = Terminal(spec), None
    try:
        left.read_until(b"measure")
        (first,) = [path.name for path in (store.root / "runs").iterdir()]
        wait_until_held(store, first)
        os.write(left.handle, b"q")
        left.read_until(b"goes on in process")
        left.read_until(b"shows it again")
        killed = Terminal(spec)
        killed.read_until(b"5 of 7 steps")  # it waits for the step that the first run computes
        os.kill(killed.pid, signal.SIGKILL)
    finally:
        left.close()
        if killed is not None:
            killed.close()
    (second,) = [path.name for path in (store.root / "runs").iterdir() if path.name != first]
    assert all(state_of(queries.run(store, run)) == "running" for run in (first, second))
    hold(spec).unlink()
    assert wait_until_ended(store, first) == ("done", "pass")
    assert wait_until_ended(store, second) == ("done", "pass")
    assert "measure:exam  done" in (store.root / "runs" / second / OUTPUT).read_text()
