"""One pass of a score step: all that one model is asked of one text of each row, window by window.

Rows go through in windows, so that memory does not grow with their number. What the store knows is not asked again;
when it knows everything the model is not even loaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.relational import Engine
from runtime.scoring.asking import Asker
from runtime.scoring.kept import Known, ScoreKeeper

WINDOW = 4096  # rows; texts of a window are in memory, encoded


@dataclass(frozen=True)
class Texts:
    """What is read of each row: SQL that gives ``place`` (from 0), ``row_id`` and ``body``, with its parameters."""

    sql: str
    params: tuple[Any, ...]
    places: int

    def windows(self, db: Engine) -> Iterator[list[tuple[str, str | None, str | None]]]:
        """Row id, hash of the text and text of each row, in order; without a text both are None."""
        for start in range(0, self.places, WINDOW):
            yield db.rows(
                f"SELECT row_id, left(sha256(body), 32), body FROM ({self.sql}) WHERE place >= ? AND place < ? "
                "ORDER BY place",
                [*self.params, start, start + WINDOW],
            )


@dataclass
class Pass:
    """``measures`` of ``texts`` by the model number ``model``; results go to a table ``measured_N`` of the engine."""

    model: int
    texts: Texts
    measures: tuple[str, ...]
    table: str
    missing: str  # why a row without a text has no value
    used: Asker | None = field(default=None, init=False)

    def run(self, db: Engine, keeper: ScoreKeeper, load: Callable[[], Asker]) -> None:
        """Fill the table: row_id, place of the measure, value, reason. Raises Interrupted, and what asking raises."""
        db.execute(f"CREATE TABLE {self.table} (row_id VARCHAR, measure INTEGER, value DOUBLE, reason VARCHAR)")
        told = keeper.done
        for window in self.texts.windows(db):
            keeper.ctx.stop.check()
            bodies = {text: body for _, text, body in window if text is not None and body is not None}
            found = {measure: keeper.known(measure, list(bodies)) for measure in self.measures}
            wanted = {measure: bodies.keys() - found[measure].keys() for measure in self.measures}
            keeper.kept += sum(map(len, found.values()))
            if any(wanted.values()):
                if self.used is None:
                    self.used = load()
                self._ask(bodies, {m: texts for m, texts in wanted.items() if texts}, found, keeper)
            for place, measure in enumerate(self.measures):
                self._fill(db, place, window, found[measure])
            told += len(window) * len(self.measures)  # rows of the same text, and without one, are done too
            keeper.tell(told)
        keeper.waiting.flush()

    def _ask(self, bodies: Any, wanted: Any, found: dict[str, dict[str, Known]], keeper: ScoreKeeper) -> None:
        assert self.used is not None
        began = time.monotonic()
        try:
            for answers in self.used.ask(bodies, wanted):
                for one in answers:
                    found[one.measure][one.text] = (one.value, one.reason)
                keeper.seconds += time.monotonic() - began
                began = time.monotonic()
                keeper.take(answers)
                keeper.waiting.between_batches()
        finally:
            keeper.waiting.flush()

    def _fill(self, db: Engine, place: int, window: Sequence[Any], found: dict[str, Known]) -> None:
        none: Known = (None, self.missing)
        values = [none if text is None else found[text] for _, text, _ in window]
        db.execute(
            f"INSERT INTO {self.table} SELECT unnest(?::VARCHAR[]), ?, unnest(?::DOUBLE[]), unnest(?::VARCHAR[])",
            [[row[0] for row in window], place, [value for value, _ in values], [reason for _, reason in values]],
        )
