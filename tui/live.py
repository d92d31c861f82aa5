"""What a running run is doing right now, folded from its events.

A ``LiveRun`` belongs to the interface's thread: events are read in another one (``watching``) and folded here, 2 µs
each, so that nobody draws what is being changed. A store may come from anybody, so no value of an event is trusted. A
run whose process is gone from this host is interrupted, whatever the store still says: a killed process cannot say so
itself.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from runtime.events import STOPPING, Event
from runtime.processes import is_still
from tui.queries import RunRow, TrainPoint

RATE_WINDOW_SECONDS = 20.0
QUIET_WINDOWS = 5  # without progress for so long, a rate of before says nothing of now
STEP_STATES = frozenset({"pending", "running", "cached", "done", "failed", "skipped", "interrupted"})
RUN_STATES = frozenset({"running", "done", "failed", "interrupted"})
KEPT_NOTES = 5
KEPT_POINTS = 3000
MOST = 1e300  # beyond it is no count, time or loss


class Progress(Struct):
    """How far one step is. ``samples`` are (time, done) of the last seconds, for the rate."""

    state: str = "pending"
    started_at: float | None = None
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    samples: deque[tuple[float, float]] = field(default_factory=deque)

    def advance(self, at: float, done: float, total: float, unit: str) -> None:
        self.done, self.total, self.unit = done, total, unit
        self.samples.append((at, done))
        while len(self.samples) > 2 and at - self.samples[0][0] > RATE_WINDOW_SECONDS:
            self.samples.popleft()

    @property
    def share(self) -> float | None:
        return max(0.0, min(1.0, self.done / self.total)) if self.total > 0 else None

    def quiet(self, now: float) -> float | None:
        """For how many seconds nothing has come, where that is longer than it has taken before; else None."""
        if not self.samples:
            return None
        since = now - self.samples[-1][0]
        between = (self.samples[-1][0] - self.samples[0][0]) / max(1, len(self.samples) - 1)
        return since if since > QUIET_WINDOWS * max(RATE_WINDOW_SECONDS, between) else None

    def rate(self, now: float) -> float | None:
        """Units a second over the last seconds; None before two samples tell, and once nothing has come for long."""
        if len(self.samples) < 2 or self.quiet(now) is not None:
            return None
        (first, begun), (last, done) = self.samples[0], self.samples[-1]
        return (done - begun) / (last - first) if last > first and done > begun else None

    def seconds_left(self, now: float) -> float | None:
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate and self.total > self.done else None


class LiveRun(Struct):
    """State of one run, from its events. ``seen`` counts them; ``generation`` grows when the store has something new to
    tell."""

    run_id: str
    steps: dict[str, Progress] = field(default_factory=dict)
    points: dict[str, deque[TrainPoint]] = field(default_factory=dict)
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_NOTES))
    status: str = "running"
    seen: int = 0
    generation: int = 0
    stopping: bool = False  # asked to stop, on its way to a safe point

    def fold(self, events: Iterable[Event]) -> None:
        """Take in new events."""
        for event in events:
            self.seen += 1
            self._take(event)

    def step(self, step_id: str) -> Progress:
        return self.steps.setdefault(step_id, Progress())

    def current(self) -> tuple[str, Progress] | None:
        """The step that runs now."""
        return next(((name, p) for name, p in self.steps.items() if p.state == "running"), None)

    def last_point(self, step_id: str) -> TrainPoint | None:
        """The newest training point of a step with a loss."""
        return next((point for point in reversed(self.points.get(step_id, ())) if point.loss is not None), None)

    def _take(self, event: Event) -> None:
        data = event.data
        if event.kind == "run_started":
            steps = data.get("steps")
            for step in steps if isinstance(steps, list) else ():
                if isinstance(step, dict) and isinstance(step.get("id"), str):
                    self.step(step["id"]).state = _word(step.get("status"), STEP_STATES, "pending")
            self.generation += 1
        elif event.kind == "run_finished":
            self.status = _word(data.get("status"), RUN_STATES, "done")
            self.generation += 1
        elif event.kind == "note":
            text = str(data.get("text", ""))
            self.notes.append(text)
            self.stopping |= event.step is None and text.startswith(STOPPING)
        elif event.step is not None:
            self._take_step(event, event.step, data)

    def _take_step(self, event: Event, step_id: str, data: dict[str, Any]) -> None:
        progress = self.step(step_id)
        if event.kind == "step_started":
            self.steps[step_id] = Progress("running", event.at)
        elif event.kind == "progress":
            progress.state = "running"
            done, total = _number(data.get("done")), _number(data.get("total"))
            progress.advance(event.at, done or 0.0, total or 0.0, str(data.get("unit", "")))
            if "loss" in data:
                self._add_point(step_id, data, int(done or 0))
        elif event.kind == "train_step":
            self._add_point(step_id, data, None)
        elif event.kind == "step_skipped":
            progress.state = "skipped"
            self.generation += 1
        elif event.kind in ("step_finished", "step_failed"):
            usual = "done" if event.kind == "step_finished" else "failed"
            progress.state = _word(data.get("status"), STEP_STATES, usual)
            self.generation += 1

    def _add_point(self, step_id: str, data: dict[str, Any], position: int | None) -> None:
        """A training point from an event; its number is ``at_step`` or ``done``, else it follows the last one."""
        points = self.points.setdefault(step_id, deque(maxlen=KEPT_POINTS))
        last = points[-1].step if points else 0
        given = _number(data.get("at_step"))
        number = int(given) if given is not None else position if position is not None else last + 1
        if not points or number > last:
            points.append(_point(number, data))


def runner_gone(run: RunRow) -> bool:
    """Whether a run that the store calls running has lost its process; False for a run of another host."""
    here = run.status == "running" and run.host == socket.gethostname()
    return here and not is_still(run.pid, run.process, run.started_at)


def elsewhere(run: RunRow) -> bool:
    """Whether a run that the store calls running began on another host, where nobody here can look for its process."""
    return run.status == "running" and run.host != socket.gethostname()


def state_of(run: RunRow) -> str:
    """The run's status, ``interrupted`` for one whose process is gone."""
    return "interrupted" if runner_gone(run) else run.status


def _point(step: int, data: dict[str, Any]) -> TrainPoint:
    tokens = _number(data.get("tokens"))
    return TrainPoint(
        step=step,
        epoch=_number(data.get("epoch")),
        loss=_number(data.get("loss")),
        validation_loss=_number(data.get("validation_loss")),
        learning_rate=_number(data.get("learning_rate")),
        tokens_per_second=_number(data.get("tokens_per_second")),
        tokens=None if tokens is None else int(tokens),
        padding_share=_number(data.get("padding_share")),
    )


def _number(value: Any) -> float | None:
    """A number that is one: neither infinite nor NaN, nor more digits than a float holds."""
    return float(value) if isinstance(value, int | float) and abs(value) <= MOST else None


def _word(value: Any, known: frozenset[str], otherwise: str) -> str:
    return value if isinstance(value, str) and value in known else otherwise
