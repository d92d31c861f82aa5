"""Optimiser steps on their way to whoever watches: events at once, ``train_steps`` rows every two seconds.

A transaction costs 14 ms. A store that another program holds costs the training nothing but a second at a time:
rows that could not be written wait in memory and in ``unwritten.json``, so that a kill does not lose them either.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, astuple, dataclass, field, fields, replace

from runtime.artifacts import write_file
from runtime.context import StepContext
from runtime.store import insert_rows
from runtime.training.loop import Measured
from spec_lang.diagnostics import DiagnosticError

COMMIT_SECONDS = 2.0
HELD, HELD_PATIENCE = "SFT0901", 1.0  # seconds to wait for the store while there is training to do
HELD_PAUSE = 10.0  # seconds until a held store is tried again
UNWRITTEN = "unwritten.json"


@dataclass
class Recorder:
    """``waiting`` are the steps that are not in the store, in order, those of an earlier process included."""

    ctx: StepContext
    total: int = 0
    last_loss: float | None = None
    waiting: list[Measured] = field(default_factory=list)
    written: float = field(default_factory=time.monotonic)
    held: bool = False
    told: bool = False

    @classmethod
    def of(cls, ctx: StepContext) -> Recorder:
        """With what an earlier process could not write."""
        try:
            rows = json.loads((ctx.out / UNWRITTEN).read_text(encoding="utf-8"))
            return cls(ctx, waiting=[Measured(**row) for row in rows])
        except (OSError, ValueError, TypeError):
            return cls(ctx)

    def report(self, measured: Measured) -> None:
        while self.waiting and self.waiting[-1].step >= measured.step:
            self.waiting.pop()  # done again after a continuation
        self.waiting.append(measured)
        values = asdict(measured)
        values["at_step"] = values.pop("step")
        self.ctx.events.emit("train_step", self.ctx.step.id, steps=self.total, **values)
        if measured.step:
            self.last_loss = measured.loss
            rates = {"loss": measured.loss, "tokens_per_second": measured.tokens_per_second}
            self.ctx.progress(measured.step, self.total, "steps", **rates)
        if time.monotonic() - self.written > (HELD_PAUSE if self.held else COMMIT_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write what waits, or keep it for the next time when the store is held."""
        try:
            self._write(min(HELD_PATIENCE, self.ctx.store.patience))
        except DiagnosticError as error:
            if error.diagnostics[0].code != HELD:
                raise
            write_file(self.ctx.out / UNWRITTEN, json.dumps([asdict(item) for item in self.waiting]))
            if not self.told:
                self.ctx.note(f"{error.diagnostics[0].message}; training goes on, its measurements are kept and wait")
            self.told = self.held = True
        self.written = time.monotonic()

    def finish(self) -> None:
        """Write what waits. Raises DiagnosticError SFT0901 when the store stays held; the rows are kept then."""
        self._write(self.ctx.store.patience)

    def _write(self, patience: float) -> None:
        """A step that is written again after a continuation replaces its first writing."""
        if self.waiting:
            step = self.ctx.step.hash
            names = ["step_hash", *(item.name for item in fields(self.waiting[0]))]
            with replace(self.ctx.store, patience=patience).writing() as con:
                con.execute("DELETE FROM train_steps WHERE step_hash = ? AND step >= ?", [step, self.waiting[0].step])
                insert_rows(con, "train_steps", names, [(step, *astuple(item)) for item in self.waiting])
            self.waiting = []
        self.held = False
        (self.ctx.out / UNWRITTEN).unlink(missing_ok=True)
