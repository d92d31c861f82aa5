"""Scores that are kept as they come, once a text and scorer, whichever step and run asked.

A scorer's hash covers the model's files (and the step that trained it), what is measured and the dtype; a text's hash
is that of what the model is given. So new rows cost their own scores alone, a killed scoring continues, and another
threshold, ratio or row costs nothing. Written in short transactions, at most twice a second.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from runtime.context import StepContext
from runtime.scoring.asking import Answer
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError

KEEP_SECONDS = 0.5
HELD, HELD_PATIENCE = "SFT0901", 1.0  # seconds to wait for the store while there are rows to score
HELD_PAUSE = 10.0  # seconds until a held store is tried again
_COLUMNS = ("scorer_hash", "text_hash", "value", "reason", "tokens", "made_at")

Known = tuple[float | None, str | None]  # value, or why there is none


@dataclass
class ScoreKeeper:
    """``scorers`` maps a measure to its scorer's hash; ``total`` is how many values the step needs."""

    ctx: StepContext
    total: int
    scorers: Mapping[str, str] = field(default_factory=dict)
    done: int = 0
    asked: int = 0
    tokens: int = 0
    seconds: float = 0.0  # spent asking
    waiting: list[tuple[object, ...]] = field(default_factory=list)
    held: bool = False
    told: bool = False
    last: float = field(default_factory=time.monotonic)

    def known(self, measure: str, texts: Sequence[str]) -> dict[str, Known]:
        """What is kept of these texts."""
        found = self.ctx.store.query(
            "SELECT text_hash, value, reason FROM scorings SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS text_hash) "
            "USING (text_hash) WHERE scorer_hash = ?",
            [list(texts), self.scorers[measure]],
        )
        return {row[0]: (row[1], row[2]) for row in found}

    def take(self, answers: Sequence[Answer]) -> None:
        now = datetime.now(UTC)
        self.waiting += [
            (self.scorers[one.measure], one.text, one.value, one.reason, one.tokens, now) for one in answers
        ]
        self.done += len(answers)
        self.asked += len(answers)
        self.tokens += sum(one.tokens for one in answers)

    def between_batches(self) -> None:
        """Keeps what waited long enough. Raises Interrupted. A store that is held is tried again later."""
        pause = HELD_PAUSE if self.held else KEEP_SECONDS
        if self.waiting and time.monotonic() - self.last >= pause:
            try:
                self._write(replace(self.ctx.store, patience=min(HELD_PATIENCE, self.ctx.store.patience)))
            except DiagnosticError as error:
                if error.diagnostics[0].code != HELD:
                    raise
                if not self.told:
                    self.ctx.note(f"{error.diagnostics[0].message}; rows are scored on, their scores wait")
                self.told = self.held = True
                self.last = time.monotonic()
        self.ctx.stop.check()

    def flush(self) -> None:
        """Keeps what waits. Raises DiagnosticError SFT0901 when the store stays held."""
        self._write(self.ctx.store)

    def forget(self) -> None:
        """Takes back what these scorers gave: their model changed while it was asked."""
        self.waiting.clear()
        with self.ctx.store.writing() as con:
            con.execute("DELETE FROM scorings WHERE scorer_hash IN (SELECT unnest(?))", [list(self.scorers.values())])

    def _write(self, store: Store) -> None:
        if self.waiting:
            with store.writing() as con:  # another run may have scored the same text meanwhile
                slots = ",".join(["(?,?,?,?,?,?)"] * len(self.waiting))
                values = [value for row in self.waiting for value in row]
                con.execute(f"INSERT OR IGNORE INTO scorings ({', '.join(_COLUMNS)}) VALUES {slots}", values)
            self.waiting.clear()
            self.report()
        self.held = False
        self.last = time.monotonic()

    def report(self) -> None:
        rate = round(self.tokens / self.seconds, 1) if self.tokens and self.seconds > 0 else None
        self.ctx.progress(self.done, self.total, "scores", tokens_per_second=rate)
