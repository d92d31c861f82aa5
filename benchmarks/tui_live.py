"""A run with 20 events a second under an open dashboard: ``python benchmarks/tui_live.py --minutes 10``.

A writer does what a runner does: it computes, emits 20 events a second, and commits a transaction to the store every
two seconds. It is measured alone and beside a dashboard that shows the run, in turn, in processes of their own. Told
are the seconds of processor that the writer took, its slowest commit, lock errors of both sides, and whether the
dashboard has seen every event. Work is a fixed amount an event, so more seconds are slowness and not more work.

    python benchmarks/tui_live.py --minutes 1 --turns 3
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

RUN = "20260101-000000-live"
EVENTS_A_SECOND = 20
COMMIT_EVERY = 40  # events
WORK_S = 0.02  # of a processor for each event, as training would take it between two
STEPS = ("ingest:rows", "filter:clean", "render:train", "train:tuned", "predict:tests", "measure:tests", "gate:release")


def prepare(root: Path) -> None:
    """A store with a run in its training, whose process is the one that calls this."""
    from runtime.store import Store

    store = Store(root).create()
    plan = {
        "steps": [
            {"kind": kind, "name": name, "inputs": {"rows": STEPS[at - 1]} if at else {}}
            for at, (kind, name) in enumerate(step.split(":") for step in STEPS)
        ]
    }
    with store.writing() as con:
        con.execute("DELETE FROM runs")
        con.execute("DELETE FROM steps")
        con.execute("DELETE FROM train_steps")
        con.execute(
            "INSERT INTO runs (run_id, spec, plan_hash, plan, status, started_at, pid, host) "
            "VALUES (?,?,?,?,?,now(),?,?)",
            [RUN, "live.sft", "p", json.dumps(plan), "running", os.getpid(), socket.gethostname()],
        )
        for at, step in enumerate(STEPS):
            kind, _, name = step.partition(":")
            state = "done" if at < 3 else "running" if at == 3 else "pending"
            con.execute(
                "INSERT INTO steps (run_id, ordinal, step_id, kind, name, step_hash, labels, status) "
                "VALUES (?,?,?,?,?,?,'{}',?)",
                [RUN, at, step, kind, name, f"hash{at}", state],
            )
    (root / "runs" / RUN / "events.jsonl").unlink(missing_ok=True)


def write(root: Path, seconds: float) -> dict[str, Any]:
    """Be the runner: work, emit, commit. Gives what it took."""
    from runtime.events import EVENTS, EventWriter
    from runtime.store import Store
    from spec_lang.diagnostics import DiagnosticError

    prepare(root)
    store, rounds = Store(root), _rounds_of_work()
    events = EventWriter(root / "runs" / RUN / EVENTS)
    events.emit("run_started", run_id=RUN, spec="live.sft", steps=[{"id": step, "status": "pending"} for step in STEPS])
    events.emit("step_started", "train:tuned")
    print("ready", flush=True)
    total, emitted, errors, commits, late = int(seconds * EVENTS_A_SECOND), 2, 0, [], 0.0
    begun, cpu = time.monotonic(), time.process_time()
    points: list[tuple[Any, ...]] = []
    for number in range(total):
        _work(rounds)
        events.emit("train_step", "train:tuned", at_step=number, loss=2.0 / (1 + number), tokens_per_second=512.0)
        emitted += 1
        points.append(("hash3", number, number / 100, 2.0 / (1 + number)))
        if len(points) == COMMIT_EVERY:
            before = time.monotonic()
            try:
                store.insert("train_steps", ("step_hash", "step", "epoch", "loss"), points)
            except DiagnosticError:
                errors += 1
            commits.append(time.monotonic() - before)
            points = []
        ahead = begun + (number + 1) / EVENTS_A_SECOND - time.monotonic()
        late = max(late, -ahead)
        if ahead > 0:
            time.sleep(ahead)
    used = time.process_time() - cpu
    with store.writing() as con:
        con.execute("UPDATE runs SET status = 'done', ended_at = now() WHERE run_id = ?", [RUN])
    events.emit("run_finished", status="done", verdict=None)
    events.close()
    return {
        "cpu_s": used,
        "wall_s": time.monotonic() - begun,
        "events": emitted + 1,
        "lock_errors": errors,
        "slowest_commit_s": max(commits, default=0.0),
        "latest_s": late,
    }


def _rounds_of_work() -> int:
    """How many rounds of hashing take ``WORK_S`` on this machine: measured once, so that every turn does the same."""
    return int(os.environ["ROUNDS"])


def _work(rounds: int) -> bytes:
    value = b"work"
    for _ in range(rounds):
        value = hashlib.sha256(value).digest()
    return value


def watch(root: Path) -> dict[str, Any]:
    """Be the dashboard: open on the run until it has ended, going through its screens. Gives what it saw."""
    from runtime.store import Store
    from tui import live
    from tui.app import Dashboard
    from tui.screens.view import View

    seen: dict[str, int] = {"events": 0, "held": 0}
    fold, refused = live.LiveRun.fold, View._refused

    def counting(self: Any, events: Any) -> bool:
        found = list(events)
        seen["events"] += len(found)
        return fold(self, found)

    def held(self: Any, finding: Any) -> None:
        seen["held"] += finding.code == "SFT0901"
        refused(self, finding)

    live.LiveRun.fold = counting  # type: ignore[method-assign]
    View._refused = held  # type: ignore[method-assign]

    async def go() -> None:
        app = Dashboard(Store(root), RUN)
        async with app.run_test(size=(120, 40)) as pilot:
            print("ready", flush=True)
            turn = 0
            while app.live_of(RUN) is None or app.live_of(RUN).status == "running":  # type: ignore[union-attr]
                await pilot.pause(1.0)
                turn += 1
                if turn % 5 == 0:
                    await pilot.press("3" if turn % 10 else "1")
            await pilot.pause(1.0)

    cpu = time.process_time()
    asyncio.run(go())
    return {**seen, "cpu_s": time.process_time() - cpu}


def turn(seconds: float, rounds: int, *, watched: bool) -> dict[str, Any]:
    """One run of the writer, alone or beside a dashboard."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / ".sft"
        here = [sys.executable, __file__]
        environment = {**os.environ, "ROUNDS": str(rounds)}
        writer = subprocess.Popen(
            [*here, "--write", str(root), "--minutes", str(seconds / 60)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        dashboard = None
        if watched:
            dashboard = subprocess.Popen([*here, "--watch", str(root)], stdout=subprocess.PIPE, text=True)
        found: dict[str, Any] = {"writer": json.loads(writer.communicate()[0])}
        if dashboard is not None:
            found["dashboard"] = json.loads(dashboard.communicate()[0].splitlines()[-1])
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="of writing, in each turn")
    parser.add_argument("--turns", type=int, default=1, help="how often each of the two is measured")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write is not None:
        print(json.dumps(write(given.write, given.minutes * 60)))
        return
    if given.watch is not None:
        print(json.dumps(watch(given.watch)))
        return
    begun = time.process_time()
    _work(200_000)
    rounds = int(200_000 * WORK_S / (time.process_time() - begun))
    alone: list[float] = []
    beside: list[float] = []
    sound = True
    for number in range(given.turns):
        for watched in (False, True) if number % 2 == 0 else (True, False):
            found = turn(given.minutes * 60, rounds, watched=watched)
            writer, dashboard = found["writer"], found.get("dashboard")
            (beside if watched else alone).append(writer["cpu_s"])
            told = f"{'beside a dashboard' if watched else 'alone':<20} {writer['cpu_s']:8.2f} s of processor"
            told += f", slowest commit {writer['slowest_commit_s'] * 1000:.0f} ms"
            told += f", at most {writer['latest_s']:.2f} s late, {writer['lock_errors']} lock errors"
            sound &= writer["lock_errors"] == 0
            if dashboard is not None:
                lost = writer["events"] - dashboard["events"]
                told += f"; dashboard {dashboard['cpu_s']:.2f} s, {dashboard['events']:,} of {writer['events']:,}"
                told += f" events ({lost} lost), {dashboard['held']} times held"
                sound &= lost == 0 and dashboard["held"] == 0
            print(told, flush=True)
    slower = statistics.median(beside) / statistics.median(alone) - 1
    print(f"the writer takes {slower:+.2%} seconds of processor beside a dashboard (medians of {given.turns})")
    sys.exit(0 if sound and slower < 0.02 else 1)


if __name__ == "__main__":
    main()
