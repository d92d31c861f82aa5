"""What happens in a run, as it happens: ``runs/<id>/events.jsonl``.

One JSON object a line, appended with a single write and flushed, so a reader in another process
(the dashboard, ``tail -f``) sees whole lines without any lock. Numbers that belong to history are
in DuckDB; the event stream is for watching. About 10 µs an event.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

EVENTS = "events.jsonl"
LAST_MOMENT = 1e11  # seconds since 1970 that a clock may show
STOPPING = "stopping at the next safe point"  # how the note begins that a signal to stop leaves


@dataclass(frozen=True, slots=True)
class Event:
    """``kind`` is one of run_started, step_started, progress, train_step, predicted, note, step_finished,
    step_failed, step_skipped, run_finished. ``at`` is seconds since 1970; ``step`` is a step id or None."""

    kind: str
    at: float
    step: str | None
    data: dict[str, Any]

    def to_line(self) -> str:
        return (
            json.dumps({"kind": self.kind, "at": round(self.at, 3), "step": self.step, **self.data}, default=str) + "\n"
        )

    @classmethod
    def from_line(cls, line: str) -> Event:
        """Raises ValueError for a line that is not an event. A store may come from anybody."""
        try:
            data = json.loads(line)
        except RecursionError as error:
            raise ValueError("not an event: nested too deep") from error
        if not isinstance(data, dict):
            raise ValueError("not an event: no object")
        kind, at, step = (data.pop(key, None) for key in ("kind", "at", "step"))
        if not isinstance(kind, str) or not isinstance(step, str | None) or not isinstance(at, int | float):
            raise ValueError("not an event: no kind, time or step")
        if not abs(at) < LAST_MOMENT:  # nor is NaN
            raise ValueError("not an event: no such time")
        return cls(kind, float(at), step, data)


@dataclass
class EventWriter:
    """Appends events to a run's file and hands them to listeners of the same process (progress display)."""

    path: Path
    listeners: list[Any] = field(default_factory=list)  # callables of one Event
    _handle: TextIO | None = None

    def emit(self, kind: str, step: str | None = None, **data: Any) -> None:
        event = Event(kind, time.time(), step, data)
        if self._handle is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = self.path.open("a", encoding="utf-8")
        self._handle.write(event.to_line())
        self._handle.flush()
        for listener in self.listeners:
            listener(event)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


@dataclass
class EventTail:
    """Reads the events that were added since the last call; a half-written last line waits for its end, and a file that
    cannot be read has none. The place is kept before an event is given, so a reader may stop after any of them."""

    path: Path
    _offset: int = 0

    def read(self) -> Iterator[Event]:
        with suppress(OSError, ValueError), self.path.open("rb") as handle:  # ValueError: a name that no file can have
            handle.seek(self._offset)
            for line in handle:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                with suppress(ValueError):
                    yield Event.from_line(line.decode("utf-8", "replace"))
