"""A run with 20 events a second under an open dashboard: ``python benchmarks/tui_live.py --minutes 10``.

A writer does what a runner does: it works, emits 20 events a second, commits rows every two seconds, and every fifteen
seconds ends a step and begins the next one (``tui_live_run``). It is measured alone and beside a dashboard that goes
through its screens, in turn, in processes of their own: all views of the run that goes on, Home with the changes of two
finished runs, their failures and gates, and their comparison, which pairs 2,000 answers.

What counts is the time by the clock that the writer is busy (all but its sleep, which stands for work that takes no
processor), because what a held store costs is waiting, which takes none either: by what that grows, the run would end
later. Told beside it: seconds of processor, the slowest and the mean commit, how late an
event was at most, lock errors of both sides, and whether the dashboard has folded every event. It fails (exit code 1)
on a lock error, a lost event, a commit slower than ``SLOWEST_S``, or where the run would take 2% longer. Whatever else
works on the machine is in these numbers too: run it where nothing does.

    python benchmarks/tui_live.py --minutes 1 --turns 3
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.tui_live_run import RUN, WORK_S, finished_runs, work, write

SLOWEST_S = 1.0  # of a commit
# What is pressed, one every three seconds: the views of the run, those of the run before, Home, two runs compared.
KEYS = (
    *("2", "3", "4", "5", "6", "1", "escape"),
    *("j", "enter", "5", "4", "escape", "escape"),
    *("space", "j", "x", "escape", "k", "space", "k", "enter"),
)


def watch(root: Path) -> dict[str, Any]:
    """Be the dashboard: open on the run until it has ended, going through the screens. Gives what it saw."""
    from runtime.store import Store
    from tui.app import Dashboard
    from tui.screens.view import HELD, View

    seen: dict[str, Any] = {"held": 0, "refused": [], "reads": 0, "screens": 0}
    refused, arrived = View.refused, View._arrived

    def counted(self: Any, finding: Any) -> None:
        if finding.code == HELD:
            seen["held"] += 1
        else:
            seen["refused"].append(f"{type(self).__name__}: {finding.message}")
        refused(self, finding)

    def read(self: Any, model: Any) -> None:
        seen["reads"] += 1
        arrived(self, model)

    View.refused, View._arrived = counted, read  # type: ignore[method-assign]
    app = Dashboard(Store(root), RUN)

    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()

    async def go() -> int:
        screens = set()
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause(1.0)
            print("ready", flush=True)
            turn = 0
            while not over.is_set():
                await pilot.pause(1.0)
                turn += 1
                if turn % 3 == 0:
                    await pilot.press(KEYS[(turn // 3 - 1) % len(KEYS)])
                    screens.add(type(app.screen).__name__)
            app.watch_run(RUN)  # wherever the keys have led: what was not read yet is read now
            live = app.live_of(RUN)
            assert live is not None
            for _ in range(100):
                if live.status != "running":
                    break
                await pilot.pause(0.1)
            seen["screens"] = len(screens)
        return live.seen

    cpu = time.process_time()
    events = asyncio.run(go())
    return {**seen, "events": events, "cpu_s": time.process_time() - cpu}


def turn(seconds: float, rounds: int, *, watched: bool) -> dict[str, Any]:
    """One run of the writer, alone or beside a dashboard."""
    with tempfile.TemporaryDirectory() as folder:
        finished_runs(Path(folder))
        root, here = Path(folder) / ".sft", [sys.executable, __file__]
        how: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        given = ["--write", str(root), "--minutes", str(seconds / 60), "--rounds", str(rounds)]
        writer = subprocess.Popen([*here, *given], **how)
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        dashboard = None
        if watched:
            dashboard = subprocess.Popen([*here, "--watch", str(root)], **how)
            assert dashboard.stdout is not None and dashboard.stdout.readline() == "ready\n"
        found: dict[str, Any] = {"writer": json.loads(writer.communicate("go\n")[0])}
        if dashboard is not None:
            found["dashboard"] = json.loads(dashboard.communicate("over\n")[0].splitlines()[-1])
        return found


def tell(found: dict[str, Any]) -> bool:
    """One line, and whether all is sound."""
    writer, dashboard = found["writer"], found.get("dashboard")
    told = f"{'beside a dashboard' if dashboard else 'alone':<19} busy {writer['busy_s']:8.2f} s"
    told += f" ({writer['cpu_s']:.2f} s of processor), {writer['commits']} commits, mean"
    told += f" {writer['mean_commit_s'] * 1000:.1f} ms, slowest {writer['slowest_commit_s'] * 1000:.0f} ms"
    told += f", at most {writer['latest_s']:.2f} s late, {writer['lock_errors']} lock errors"
    sound: bool = writer["lock_errors"] == 0 and writer["slowest_commit_s"] <= SLOWEST_S
    if dashboard is not None:
        lost = writer["events"] - dashboard["events"]
        told += f"; dashboard {dashboard['cpu_s']:.2f} s, {dashboard['reads']} reads of {dashboard['screens']} screens"
        told += f", {dashboard['events']:,} of {writer['events']:,} events ({lost} lost)"
        told += f", {dashboard['held']} times held, refused: {dashboard['refused'] or 'nothing'}"
        sound = sound and lost == 0 and dashboard["held"] == 0 and not dashboard["refused"]
    print(told, flush=True)
    return sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="of writing, in each turn")
    parser.add_argument("--turns", type=int, default=1, help="how often each of the two is measured")
    parser.add_argument("--rounds", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write is not None:
        print(json.dumps(write(given.write, given.minutes * 60, given.rounds)))
        return
    if given.watch is not None:
        print(json.dumps(watch(given.watch)))
        return
    begun = time.process_time()
    work(200_000)
    rounds = int(200_000 * WORK_S / (time.process_time() - begun))  # measured once: every turn does the same work
    busy: dict[bool, list[float]] = {False: [], True: []}
    sound = True
    for number in range(given.turns):
        for watched in (False, True) if number % 2 == 0 else (True, False):
            found = turn(given.minutes * 60, rounds, watched=watched)
            busy[watched].append(found["writer"]["busy_s"])
            sound = tell(found) and sound
    more = statistics.median(busy[True]) - statistics.median(busy[False])
    slower = more / (given.minutes * 60)
    print(f"busy for {more:+.2f} s beside a dashboard: the run takes {slower:+.2%} (medians of {given.turns})")
    sys.exit(0 if sound and slower < 0.02 else 1)


if __name__ == "__main__":
    main()
