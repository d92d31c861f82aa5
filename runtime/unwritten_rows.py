"""Rows of a step that asks a model, on their way into the store: what was paid for is kept as it comes.

They are written in short transactions, at most twice a second unless a step says otherwise. While another program holds
the store they wait in memory and the model is asked on; only the end of the step insists.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from runtime.context import StepContext
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError

KEEP_SECONDS = 0.5
HELD, HELD_PATIENCE = "SFT0901", 1.0  # seconds to wait for the store while there is a model to ask
HELD_PAUSE = 10.0  # seconds until a held store is tried again

R = TypeVar("R")


@dataclass
class UnwrittenRows(Generic[R]):
    """``write`` puts rows into a store; ``meanwhile`` says what goes on while the store is held."""

    ctx: StepContext
    write: Callable[[Store, list[R]], None]
    meanwhile: str
    keep_seconds: float | None = None  # other than KEEP_SECONDS
    rows: list[R] = field(default_factory=list)
    held: bool = False
    told: bool = False
    took: float = 0.0  # seconds, of the last transaction
    last: float = field(default_factory=time.monotonic)

    def between_batches(self) -> None:
        """Writes what waited long enough. Raises Interrupted. A store that is held is tried again later."""
        pause = HELD_PAUSE if self.held else self._pause()
        if self.rows and time.monotonic() - self.last >= pause:
            try:
                self._write(replace(self.ctx.store, patience=min(HELD_PATIENCE, self.ctx.store.patience)))
            except DiagnosticError as error:
                if error.diagnostics[0].code != HELD:
                    raise
                if not self.told:
                    self.ctx.note(f"{error.diagnostics[0].message}; {self.meanwhile}")
                self.told = self.held = True
                self.last = time.monotonic()
        self.ctx.stop.check()

    def _pause(self) -> float:
        """Where a step wants rows written sooner, at most a third of the time goes into writing."""
        return KEEP_SECONDS if self.keep_seconds is None else max(self.keep_seconds, 2 * self.took)

    def flush(self) -> None:
        """Writes what waits. Raises DiagnosticError SFT0901 when the store stays held."""
        self._write(self.ctx.store)

    def _write(self, store: Store) -> None:
        if self.rows:
            began = time.monotonic()
            self.write(store, self.rows)
            self.took = time.monotonic() - began
            self.rows.clear()
        self.held = False
        self.last = time.monotonic()
