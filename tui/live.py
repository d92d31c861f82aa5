"""What a running run is doing right now, folded from its events.

The event file is read from where the last look ended, so a look costs microseconds when nothing
happened and never touches the database. A run whose process is gone from this host is interrupted,
whatever the store still says: a killed process cannot say so itself.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.events import EVENTS, STOPPING, Event, EventTail
from runtime.processes import is_alive
from tui.queries import RunRow, TrainPoint

RATE_WINDOW_SECONDS = 20.0
KEPT_NOTES = 5
KEPT_POINTS = 3000


@dataclass
class Progress:
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
        while at - self.samples[0][0] > RATE_WINDOW_SECONDS:
            self.samples.popleft()

    @property
    def share(self) -> float | None:
        return min(1.0, self.done / self.total) if self.total > 0 else None

    @property
    def rate(self) -> float | None:
        """Units a second over the last seconds; None before two samples tell."""
        if len(self.samples) < 2:
            return None
        (first, begun), (last, done) = self.samples[0], self.samples[-1]
        return (done - begun) / (last - first) if last > first and done > begun else None

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate and self.total > self.done else None


@dataclass
class LiveRun:
    """State of one run, from its events. ``generation`` grows when the store has something new to tell."""

    run_id: str
    steps: dict[str, Progress] = field(default_factory=dict)
    points: dict[str, deque[TrainPoint]] = field(default_factory=dict)
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_NOTES))
    status: str = "running"
    verdict: str | None = None
    last_at: float | None = None
    generation: int = 0
    stopping: bool = False  # asked to stop, on its way to a safe point

    def fold(self, events: Iterable[Event]) -> bool:
        """Take in new events; whether there were any."""
        seen = False
        for event in events:
            seen = True
            self.last_at = event.at
            self._take(event)
        return seen

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
            for step in data.get("steps", ()):
                self.step(str(step["id"])).state = str(step["status"])
        elif event.kind == "run_finished":
            self.status, self.verdict = str(data.get("status", "done")), data.get("verdict")
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
            progress.state = str(data.get("status", "done" if event.kind == "step_finished" else "failed"))
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
    return run.status == "running" and run.host == socket.gethostname() and not is_alive(run.pid)


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
    return float(value) if isinstance(value, int | float) and value == value else None


@dataclass(frozen=True)
class Glance:
    """What a look found: new events of the watched run, something new in the store, a run that appeared."""

    events: bool
    history: bool
    runs: bool


class Watcher:
    """Follows one run's events and the appearance of new runs, without touching the database.

    A look costs one ``scandir`` and one ``seek``; call it from one thread at a time.
    """

    def __init__(self, runs_folder: Path) -> None:
        self._folder = runs_folder
        self._known = self._runs()
        self._tail: EventTail | None = None
        self.live: LiveRun | None = None

    def watch(self, run_id: str | None) -> None:
        """Follow this run from its first event; None follows nothing."""
        if run_id is None:
            self.live, self._tail = None, None
        elif self.live is None or self.live.run_id != run_id:
            self.live, self._tail = LiveRun(run_id), EventTail(self._folder / run_id / EVENTS)

    def look(self) -> Glance:
        known, self._known = self._known, self._runs()
        if self.live is None or self._tail is None:
            return Glance(False, False, known != self._known)
        generation = self.live.generation
        seen = self.live.fold(self._tail.read())
        return Glance(seen, self.live.generation != generation, known != self._known)

    def _runs(self) -> frozenset[str]:
        try:
            return frozenset(entry.name for entry in os.scandir(self._folder))
        except OSError:
            return frozenset()
