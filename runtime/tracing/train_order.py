"""In which optimiser steps of a training a row was, and which rows a step held: exactly, without the model.

The order of an epoch comes from hashes of seed, epoch, row and how often the row came before
(``runtime.training.rows.epoch_order``), so a row's place is the number of rows with a smaller hash. Rows that the
training dropped are in its ledger and out of the order. A pass an epoch, about 0.5 s for a million rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from compiler.plan import Step
from compiler.step_params import TrainParams
from runtime.relational import PLACE, Engine, parquet
from runtime.store import Store

_KEY = "sha256(? || row_id || ':' || seen)"


@dataclass(frozen=True)
class TrainedIn:
    """An optimiser step (from 1) of an epoch (from 1); ``loss`` is that of the whole step."""

    epoch: int
    step: int
    loss: float | None


@dataclass(frozen=True)
class TrainOrder:
    """The rows that a finished training learned from, as the table ``trained`` of an engine."""

    db: Engine
    params: TrainParams
    rows: int

    @classmethod
    def of(cls, db: Engine, store: Store, step: Step, rows: Path) -> TrainOrder:
        """From the rows that the step read and its ledger. A row that is in ``rows`` several times and lost some of
        its copies keeps the number of those left: they are equal in all that decides the order."""
        assert isinstance(step.params, TrainParams)
        lost = store.query(
            "SELECT row_id, count(*) FROM ledger "
            "WHERE step_hash = ? AND NOT starts_with(rule, 'validation:') GROUP BY 1",
            [step.hash],
        )
        db.execute(
            "CREATE OR REPLACE TABLE lost AS SELECT unnest(?::VARCHAR[]) AS row_id, unnest(?::BIGINT[]) AS copies",
            [[row[0] for row in lost], [row[1] for row in lost]],
        )
        db.execute(
            "CREATE OR REPLACE TABLE trained AS SELECT row_id, seen FROM ("
            "SELECT row_id, row_number() OVER same - 1 AS seen, count(*) OVER (PARTITION BY row_id) AS copies "
            f"FROM {parquet(rows)} WINDOW same AS (PARTITION BY row_id ORDER BY {PLACE})) AS r "
            "LEFT JOIN lost USING (row_id) WHERE seen < r.copies - coalesce(lost.copies, 0)"
        )
        return cls(db, step.params, int(db.value("SELECT count(*) FROM trained")))

    @property
    def steps_an_epoch(self) -> int:
        return math.ceil(self.rows / self.params.batch)

    def steps_of(self, row_id: str) -> list[tuple[int, int]]:
        """Epoch and optimiser step of every time that the row was learned from."""
        found = []
        for epoch in range(self.params.epochs):
            salt = f"{self.params.seed}:{epoch}:"
            places = self.db.rows(
                f"SELECT count(*) FILTER (WHERE k.key < own.key) FROM (SELECT {_KEY} AS key FROM trained) AS k "
                f"CROSS JOIN (SELECT seen, {_KEY} AS key FROM trained WHERE row_id = ?) AS own GROUP BY own.seen",
                [salt, salt, row_id],
            )
            found += [(epoch + 1, epoch * self.steps_an_epoch + place // self.params.batch + 1) for (place,) in places]
        return sorted(found)

    def rows_of(self, step: int) -> list[str]:
        """The rows of an optimiser step (from 1), in their order. Empty past the end."""
        epoch, place = divmod(step - 1, max(1, self.steps_an_epoch))
        if step < 1 or epoch >= self.params.epochs:
            return []
        rows = self.db.rows(
            f"SELECT row_id FROM trained ORDER BY {_KEY} LIMIT ? OFFSET ?",
            [f"{self.params.seed}:{epoch}:", self.params.batch, place * self.params.batch],
        )
        return [row[0] for row in rows]
