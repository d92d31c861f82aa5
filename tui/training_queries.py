"""Questions about trainings of the whole store: which others there are that a curve can be compared with."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store import Store


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A training of the store, under the newest run that has it. ``loss`` is its last one."""

    run_id: str
    spec: str
    started_at: float  # seconds since 1970
    step_id: str
    name: str
    step_hash: str
    steps: int
    loss: float | None


def other_trainings(store: Store, step_hash: str, limit: int = 200) -> list[TrainingRow]:
    """The newest trainings with a course, all but one; what several runs share counts once."""
    rows = store.query(
        """
        WITH courses AS (
            SELECT step_hash, max(step) AS steps, max_by(loss, step) FILTER (loss IS NOT NULL) AS loss
            FROM train_steps GROUP BY step_hash
        )
        SELECT r.run_id, r.spec, epoch(r.started_at) AS started, s.step_id, s.name, s.step_hash, c.steps, c.loss
        FROM runs r JOIN steps s USING (run_id) JOIN courses c USING (step_hash)
        WHERE s.kind = 'train' AND s.step_hash <> ?
        QUALIFY row_number() OVER (PARTITION BY s.step_hash ORDER BY r.started_at DESC, r.run_id DESC) = 1
        ORDER BY started DESC, r.run_id DESC, s.ordinal LIMIT ?
        """,
        [step_hash, limit],
    )
    return [TrainingRow(*row) for row in rows]
