"""Questions about agreement: of judges with people, of reviewers with each other, and what judges could not label."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import MADE_STEPS
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class FigureRow:
    """``name`` is the judge or review, ``rows`` what it was measured on."""

    step_id: str
    kind: str
    name: str
    rows: str
    slice: str
    slice_value: str
    statistic: str
    which: str
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    unit: str
    method: str


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """What a judge step said: texts by label, and by reason where there was none."""

    step_id: str
    judge: str
    policy: str | None
    texts: int
    labels: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]


def figures(store: Store, run_id: str) -> list[FigureRow]:
    """Every figure of a run, in the order of the plan; all items first, then slices."""
    rows = store.query(
        "SELECT s.step_id, s.kind, CASE s.kind WHEN 'judge' THEN s.labels ->> 'judge' ELSE s.name END, "
        "coalesce(s.labels ->> 'rows', (s.labels ->> 'model') || ' beside ' || (s.labels ->> 'against'), "
        "s.labels ->> 'source', ''), a.slice, "
        "a.slice_value, a.statistic, a.which, a.n, a.missing, a.estimate, a.low, a.high, a.unit, a.method "
        f"FROM {MADE_STEPS} s JOIN agreement a USING (step_hash) WHERE s.run_id = ? ORDER BY s.ordinal, a.rowid",
        [run_id],
    )
    return [FigureRow(*row) for row in rows]


def judged(store: Store, run_id: str) -> list[JudgedRow]:
    """Every judge step of a run, in the order of the plan; texts that were asked about several times count so often."""
    steps = store.query(
        f"SELECT step_id, step_hash, labels ->> 'judge', labels ->> 'policy' FROM {MADE_STEPS} "
        "WHERE run_id = ? AND kind = 'judge' ORDER BY ordinal",
        [run_id],
    )
    found = []
    for step_id, step_hash, judge, policy in steps:
        counts = store.query(
            "SELECT label, CASE WHEN label IS NULL THEN reason END AS why, count(*) FROM judgements "
            "WHERE step_hash = ? GROUP BY ALL ORDER BY 3 DESC, 1, 2",
            [step_hash],
        )
        labels = tuple((label, count) for label, _, count in counts if label is not None)
        reasons = tuple((reason or "", count) for label, reason, count in counts if label is None)
        found.append(JudgedRow(step_id, judge, policy, sum(row[2] for row in counts), labels, reasons))
    return found
