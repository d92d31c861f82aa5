"""What a mixture takes of what it reads: wanted and realised rows, by the roles of its inputs and by task."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class MixtureRow:
    """One input of a mixture. ``part`` is its role (``rows:0``), ``task`` its name in this run."""

    step_id: str
    part: str
    task: str
    available: int
    share: float
    wanted: float
    realised: int
    repeats: float


def mixtures(store: Store, run_id: str) -> list[MixtureRow]:
    """All mixtures of a run in plan order, the largest part of each first; also one that was refused, because its rows
    would repeat too often: what it would have taken says why."""
    rows = store.query(
        "SELECT s.step_id, m.part, coalesce(s.labels ->> m.part, m.part), m.available, m.share, m.wanted, m.realised, "
        f"m.repeats FROM {BEGUN_STEPS} s JOIN mixture_counts m USING (step_hash) WHERE s.run_id = ? "
        "ORDER BY s.ordinal, m.share DESC, 3",
        [run_id],
    )
    return [MixtureRow(*row) for row in rows]
