"""The dashboard on a store with 1,000,000 predictions: what a reader waits for, and what it holds.

    python benchmarks/tui.py FOLDER [--items N] [--times N]

The store is made in FOLDER the first time (half a minute) and used again after that. Times are from the key to the
screen that shows the answer, through Textual's Pilot, as median and 95th percentile, beside the targets; processor
seconds stand beside them, because a busy machine makes every time longer. The table is opened from a run that has been
looked at for a moment, and also at once, before its items are read ahead. First paint is from the command ``sft tui``
to the list of runs in a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pty
import random
import select
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

TARGETS = {"first paint": 0.8, "table open": 0.5, "jump to a row": 0.1, "text filter": 1.0}
MOST_MB = 300
TEXTS = ("voucher", "sorry", "A-4711", "crack in its foot", "Kind regards", "customer writes", "birthday", "other")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=20)
    args = parser.parse_args()
    import tui_store

    args.folder.mkdir(parents=True, exist_ok=True)
    root = args.folder / ".sft"
    subprocess.run(
        [sys.executable, "-c", _MAKE, str(args.folder), str(args.items)], check=True
    )  # its memory is its own
    print(f"{2 * args.items:,} predictions, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'':16}  median     p95  target  processor s")
    _tell("first paint", [_first_paint(root, tui_store.RUN) for _ in range(args.times)])
    found = asyncio.run(_walk(root, tui_store.RUN, args.times))
    for name, times in found.items():
        _tell(name, times)
    held = _megabytes("VmHWM")
    print(f"{'memory at most':16}  {held:.0f} MB, target {MOST_MB} MB{'' if held <= MOST_MB else '  MISSED'}")


_MAKE = f"""
import sys; sys.path[:0] = {[str(ROOT), str(Path(__file__).parent)]!r}
import pathlib, tui_store
tui_store.make(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
"""


def _tell(name: str, times: list[tuple[float, float]]) -> None:
    walls = sorted(wall for wall, _ in times)
    p95 = walls[min(len(walls) - 1, int(0.95 * len(walls)))]
    target = TARGETS.get(name)
    print(
        f"{name:16}  {statistics.median(walls):6.3f}  {p95:6.3f}  {'' if target is None else target:>6}  "
        f"{statistics.median(cpu for _, cpu in times):6.3f}{'' if target is None or p95 <= target else '  MISSED'}",
        flush=True,
    )


def _first_paint(root: Path, run: str) -> tuple[float, float]:
    """Start ``sft tui`` in a terminal of its own, and wait until the run stands in it."""
    root, began = root.resolve(), time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "120", "LINES": "40"}
        os.execv(sys.executable, [sys.executable, "-m", "sft", "tui", str(root)])
    drawn = b""
    try:
        while run.encode() not in drawn:
            more = b""
            if select.select([terminal], [], [], 20)[0]:
                with suppress(OSError):  # it has ended
                    more = os.read(terminal, 1 << 16)
            if not more:
                raise SystemExit(f"no list of runs: {drawn[-300:]!r}")
            drawn += more
        took = time.perf_counter() - began
    finally:
        os.kill(pid, signal.SIGKILL)
        used = os.wait4(pid, 0)[2]
        os.close(terminal)
    return took, used.ru_utime + used.ru_stime


async def _walk(root: Path, run: str, times: int) -> dict[str, list[tuple[float, float]]]:
    from textual import events

    from runtime.store import Store
    from tui.app import Dashboard
    from tui.items_ahead import AFTER_S
    from tui.starting import modest
    from tui.widgets.big_table import BigTable

    modest()
    rng, found = random.Random(7), defaultdict[str, list[tuple[float, float]]](list)
    app = Dashboard(Store(root), run)
    async with app.run_test(size=(120, 40)) as pilot:
        found_last: list[BigTable] = []

        def table() -> BigTable | None:
            """Of the screen in front; to walk through all widgets each time would slow what is measured."""
            if not (found_last and found_last[0].is_attached and found_last[0].screen is app.screen):
                found_last[:] = app.screen.query(BigTable)
            return found_last[0] if found_last else None

        async def timed(name: str, act: Callable[[], Awaitable[None]], done: Callable[[], bool]) -> None:
            began, used = time.perf_counter(), time.process_time()
            await act()
            while not done():
                await asyncio.sleep(0.005)
            await pilot.pause(0)
            found[name].append((time.perf_counter() - began, time.process_time() - used))
            await _rest(app)

        async def press(key: str) -> None:
            """As a terminal sends it. ``pilot.press`` would also wait until the process is idle: for the item below
            the list, for causes that are counted, for a share of 20 ms at least."""
            app.post_message(events.Key(key, None))

        def stands() -> bool:
            shown = table()
            return shown is not None and shown.row is not None

        await _rest(app)
        for _ in range(max(3, times // 4)):
            app.shelf.forget()
            await timed("the same at once", lambda: press("5"), stands)
            await pilot.press("escape")
            await _rest(app)
        for _ in range(max(3, times // 4)):
            await pilot.press("escape")
            app.shelf.forget()
            await pilot.press("enter")  # the run stands, and is looked at for a moment
            await _rest(app)
            await asyncio.sleep(AFTER_S)
            await _rest(app)
            await timed("table open", lambda: press("5"), stands)
            await pilot.press("escape")
            await _rest(app)
        await pilot.press("5")
        await _rest(app)
        for _ in range(times):
            shown = table()
            assert shown is not None
            target = rng.randrange(shown.total)
            await pilot.press("colon", *str(target + 1))
            await timed("jump to a row", lambda: press("enter"), lambda: stands() and table().cursor == target)  # noqa: B023
        for number in range(times):
            shown = table()
            assert shown is not None
            before = shown._edition
            await pilot.press("slash")
            text = TEXTS[number % len(TEXTS)] + (" " if number >= len(TEXTS) else "")
            from textual.widgets import Input

            app.screen.query_one(Input).value = text
            app.shelf.forget_small()
            await timed(
                "text filter",
                lambda: press("enter"),
                lambda: stands() and table()._edition > before,  # noqa: B023
            )
    return found


async def _rest(app: object) -> None:
    """Until nothing is asked any more."""
    quiet = 0
    while quiet < 3:
        await asyncio.sleep(0.06)
        quiet = 0 if any(not worker.is_finished for worker in app.workers) else quiet + 1  # type: ignore[attr-defined]


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
