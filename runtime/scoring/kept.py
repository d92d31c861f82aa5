"""Scores that are kept as they come, once a text and scorer, whichever step and run asked.

A scorer's hash covers the model's files (and the step that trained it), what is measured and the dtype; a text's hash
is that of what the model is given. So new rows cost their own scores alone, a killed scoring continues, and another
threshold, ratio or row costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runtime.context import StepContext
from runtime.scoring.asking import Answer
from runtime.store import Store
from runtime.unwritten_rows import UnwrittenRows

_COLUMNS = ("scorer_hash", "text_hash", "value", "reason", "tokens", "made_at")

Known = tuple[float | None, str | None]  # value, or why there is none


@dataclass
class ScoreKeeper:
    """``scorers`` maps a measure to its scorer's hash; ``total`` is how many values the step needs."""

    ctx: StepContext
    total: int
    scorers: Mapping[str, str] = field(default_factory=dict)
    done: int = 0
    kept: int = 0  # answers that were there before
    asked: int = 0
    tokens: int = 0
    seconds: float = 0.0  # spent asking

    def __post_init__(self) -> None:
        self.waiting = UnwrittenRows[tuple[object, ...]](self.ctx, self._write, "rows are scored on, their scores wait")

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
        self.waiting.rows += [
            (self.scorers[one.measure], one.text, one.value, one.reason, one.tokens, now) for one in answers
        ]
        self.done += len(answers)
        self.asked += len(answers)
        self.tokens += sum(one.tokens for one in answers)

    def forget(self) -> None:
        """Takes back what these scorers gave: their model changed while it was asked."""
        self.waiting.rows.clear()
        with self.ctx.store.writing() as con:
            con.execute("DELETE FROM scorings WHERE scorer_hash IN (SELECT unnest(?))", [list(self.scorers.values())])

    def _write(self, store: Store, rows: Sequence[tuple[object, ...]]) -> None:
        with store.writing() as con:  # another run may have scored the same text meanwhile
            slots = ",".join(["(?,?,?,?,?,?)"] * len(rows))
            values = [value for row in rows for value in row]
            con.execute(f"INSERT OR IGNORE INTO scorings ({', '.join(_COLUMNS)}) VALUES {slots}", values)
        self.report()

    def tell(self, done: int) -> None:
        """So many of the values that the step needs are there."""
        self.done = done
        self.report()

    def report(self) -> None:
        rate = round(self.tokens / self.seconds, 1) if self.tokens and self.seconds > 0 else None
        self.ctx.progress(self.done, self.total, "scores", tokens_per_second=rate)
