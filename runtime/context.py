"""What a step gets and what it gives: the seam between the scheduler and the step kinds.

A step is a function of its declared inputs. It reads finished artifacts, works in ``out`` (which
survives a kill, so it can continue), adds rows to the store under its own hash, reports progress,
and returns the counts that the row ledger has to balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from compiler.plan import Step
from runtime.events import EventWriter
from runtime.store import Store


class Interrupted(Exception):
    """The user asked to stop (Ctrl-C, SIGTERM); the step saved what it had."""


@dataclass(frozen=True)
class StepContext:
    """What a step may touch. By role: ``inputs`` the folder of a finished step, ``input_steps`` the step itself, and
    ``lacking`` why an input is not there, of a step that may run without it."""

    step: Step
    run_id: str
    spec_dir: Path
    inputs: Mapping[str, Path]
    input_steps: Mapping[str, Step]
    out: Path
    store: Store
    events: EventWriter
    stop: StopFlag
    lacking: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_round(self) -> bool:
        """Whether the step is of a round of a loop, whose guard speaks of rows that are not there."""
        return "round" in self.step.local

    def progress(self, done: float, total: float, unit: str, **extra: Any) -> None:
        """Tell how far the step is; ``unit`` is a plural such as rows, steps, tokens."""
        self.events.emit("progress", self.step.id, done=done, total=total, unit=unit, **extra)

    def note(self, text: str) -> None:
        self.events.emit("note", self.step.id, text=text)


@dataclass
class StopFlag:
    """Set by signal handlers; steps look at it between batches and raise Interrupted after saving."""

    requested: bool = False

    def check(self) -> None:
        """Raises Interrupted when a stop was asked for."""
        if self.requested:
            raise Interrupted


@dataclass(frozen=True)
class StepResult:
    """``rows_in = rows_out + rows_dropped`` is checked by the scheduler, and dropped against the ledger."""

    rows_in: int
    rows_out: int
    rows_dropped: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


class StepRunner(Protocol):
    """The one function of a module in ``runtime/steps``: ``run(ctx)``."""

    def __call__(self, ctx: StepContext) -> StepResult: ...
