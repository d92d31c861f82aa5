"""The runner of the benchmark of the live view: two real runs, then one that is written as a runner would write it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import two_models

RUN = "29990101-000000-live"  # newer than those that are run for real
EVENTS_A_SECOND = 20
COMMIT_EVERY = 40  # events
STEP_EVERY = 300  # events
WORK_S = 0.02  # of a processor for each event, as training would take it between two
ITEMS = 2000
PARAMS: dict[str, Any] = {"requirements": [], "metrics": [], "slices": [], "rules": []}  # as much as views read
BEGINNING = ("ingest:rows", "filter:clean", "render:train")
ENDING = ("measure:tests", "gate:release")
SPEC = two_models.exam(after="gate release { require exam.exact(new) >= 50% at 95% }\n")


def finished_runs(folder: Path) -> None:
    """Two real runs, the second one worse."""
    from sft.project import run

    asked = [{"question": f"question {n}", "answer": "yes"} for n in range(ITEMS)]
    for wrong in (ITEMS // 20, ITEMS // 10):
        said = [
            {
                "question": f"question {n}",
                "old": "no" if n % 4 else "yes",
                "new": "no" if n < wrong else "yes",
                "asked": "?",
            }
            for n in range(ITEMS)
        ]
        assert run(two_models.write(folder, SPEC, asked, said)).status == "done"


def steps_of(total: int) -> tuple[str, ...]:
    """One training, then answers, a step every ``STEP_EVERY`` events."""
    parts = max(2, -(-total // STEP_EVERY))
    return (*BEGINNING, "train:tuned", *(f"predict:tests.{n}" for n in range(1, parts)), *ENDING)


def labels_of(kind: str, name: str) -> dict[str, str]:
    """The names of a step; each of those that answer has a template of its own."""
    if kind != "predict":
        return {"eval": name} if kind == "measure" else {}
    return {"eval": "tests", "model": "tuned", "template": name.rpartition(".")[2]}


def prepare(root: Path, steps: Sequence[str]) -> None:
    """A run in its training, whose process is this one."""
    from runtime.processes import identity
    from runtime.run_record import PROCESS
    from runtime.store import Store

    plan = {
        "steps": [
            {"kind": kind, "name": name, "inputs": {"rows": steps[at - 1]} if at else {}, "params": PARAMS, "local": {}}
            for at, (kind, name) in enumerate(step.split(":") for step in steps)
        ]
    }
    with Store(root).writing() as con:
        con.execute(
            "INSERT INTO runs (run_id, spec, plan_hash, plan, status, started_at, pid, host) "
            "VALUES (?,?,?,?,?,now(),?,?)",
            [RUN, "live.sft", "p", json.dumps(plan), "running", os.getpid(), socket.gethostname()],
        )
        con.execute("INSERT INTO environment VALUES (?,?,?)", [RUN, PROCESS, identity(os.getpid())])
        for at, step in enumerate(steps):
            kind, _, name = step.partition(":")
            state = "done" if step in BEGINNING else "pending"
            con.execute(
                "INSERT INTO steps (run_id, ordinal, step_id, kind, name, step_hash, labels, status) "
                "VALUES (?,?,?,?,?,?,?,?)",
                [RUN, at, step, kind, name, f"live{at}", json.dumps(labels_of(kind, name)), state],
            )


@dataclass
class Writer:
    """Does what a runner does, and measures it."""

    store: Any
    events: Any
    steps: Sequence[str]
    commits: list[float] = field(default_factory=list)
    errors: int = 0
    emitted: int = 0
    waiting: list[tuple[Any, ...]] = field(default_factory=list)
    at: int = len(BEGINNING)

    @property
    def step(self) -> str:
        return self.steps[self.at]

    def emit(self, kind: str, step: str | None = None, **data: Any) -> None:
        self.events.emit(kind, step, **data)
        self.emitted += 1

    def commit(self, change: Callable[[Any], Any]) -> None:
        from spec_lang.diagnostics import DiagnosticError

        before = time.monotonic()
        try:
            self.store.write(change)
        except DiagnosticError:
            self.errors += 1
        self.commits.append(time.monotonic() - before)

    def begin(self) -> None:
        step = self.step
        started = "UPDATE steps SET status = 'running', started_at = now() WHERE run_id = ? AND step_id = ?"
        self.commit(lambda con: con.execute(started, [RUN, step]))
        self.emit("step_started", step)

    def end(self) -> None:
        self.keep()
        step = self.step
        ended = "UPDATE steps SET status = 'done', rows_out = 9, seconds = 15 WHERE run_id = ? AND step_id = ?"
        self.commit(lambda con: con.execute(ended, [RUN, step]))
        self.emit("step_finished", step, status="done", seconds=15.0)
        self.at += 1

    def one(self, number: int) -> None:
        """An event and its row."""
        hash_, done = f"live{self.at}", number % STEP_EVERY
        if self.step.startswith("train"):
            loss = 2.0 / (1 + number)
            self.emit("train_step", self.step, at_step=number, loss=loss, tokens_per_second=512.0)
            self.waiting.append((hash_, number, number / 100, loss))
        else:
            self.emit("progress", self.step, done=done, total=STEP_EVERY, unit="answers")
            self.waiting.append((hash_, f"row{number}", "a prompt", "an answer", "", "length", datetime.now(UTC)))
        if len(self.waiting) == COMMIT_EVERY:
            self.keep()

    def keep(self) -> None:
        from runtime.store import insert_rows

        rows, self.waiting = self.waiting, []
        table = "predictions"
        columns: tuple[str, ...] = ("step_hash", "row_id", "prompt", "output", "expected", "stop_reason", "made_at")
        if self.step.startswith("train"):
            table, columns = "train_steps", ("step_hash", "step", "epoch", "loss")
        if rows:
            self.commit(lambda con: insert_rows(con, table, columns, rows))


def write(root: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Be the runner. Gives what it took."""
    from runtime.events import EVENTS, EventWriter
    from runtime.store import Store

    total = int(seconds * EVENTS_A_SECOND)
    steps = steps_of(total)
    prepare(root, steps)
    writer = Writer(Store(root), EventWriter(root / "runs" / RUN / EVENTS), steps)
    states = [{"id": step, "status": "cached" if step in BEGINNING else "pending"} for step in steps]
    writer.emit("run_started", run_id=RUN, spec="live.sft", steps=states)
    print("ready", flush=True)
    sys.stdin.readline()  # until the dashboard is there
    begun, cpu, slept, late = time.monotonic(), time.process_time(), 0.0, 0.0
    for number in range(total):
        if number % STEP_EVERY == 0:
            if number:
                writer.end()
            writer.begin()
        work(rounds)
        writer.one(number)
        ahead = begun + (number + 1) / EVENTS_A_SECOND - time.monotonic()
        late = max(late, -ahead)
        if ahead > 0:
            before = time.monotonic()
            time.sleep(ahead)
            slept += time.monotonic() - before
    writer.end()
    took = {"busy_s": time.monotonic() - begun - slept, "cpu_s": time.process_time() - cpu}
    ended = "UPDATE runs SET status = 'done', ended_at = now() WHERE run_id = ?"
    writer.commit(lambda con: con.execute(ended, [RUN]))
    writer.emit("run_finished", status="done", verdict=None)
    writer.events.close()
    return {
        **took,
        "events": writer.emitted,
        "lock_errors": writer.errors,
        "commits": len(writer.commits),
        "mean_commit_s": statistics.fmean(writer.commits),
        "slowest_commit_s": max(writer.commits),
        "latest_s": late,
    }


def work(rounds: int) -> bytes:
    """What a training would take of a processor between two events."""
    value = b"work"
    for _ in range(rounds):
        value = hashlib.sha256(value).digest()
    return value
