"""Questions about what was measured: aggregates with their intervals, and what evals vary beside their rows."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.own_results import MADE_STEPS
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class MetricRow:
    eval: str
    model: str
    template: str
    metric: str
    slice: str
    slice_value: str
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    unit: str
    better: str = "higher"  # higher | lower | neither


@dataclass(frozen=True, slots=True)
class AxisLine:
    """What an eval varies beside its rows: one row of ``axes``."""

    eval: str
    model: str
    metric: str
    axis: str
    statistic: str
    template: str
    which: str | None
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    unit: str
    method: str


def metrics(store: Store, run_id: str) -> list[MetricRow]:
    """All aggregates of a run. Template ``*`` is over templates, slice ``*`` over all items."""
    rows = store.query(
        f"""
        SELECT s.labels->>'eval', m.model, m.template, m.metric, m.slice, m.slice_value, m.n, m.missing,
               m.estimate, m.low, m.high, m.level, m.unit, coalesce(s.labels->>('better:' || m.metric), 'higher')
        FROM {MADE_STEPS} s JOIN metrics m USING (step_hash) WHERE s.run_id = ?
        ORDER BY s.ordinal, m.metric, m.model, m.template, m.slice, m.rowid
        """,
        [run_id],
    )
    return [MetricRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """A rate by a judge as it was counted, and corrected for the judge's errors on ``labelled`` rows."""

    eval: str
    model: str
    template: str
    metric: str
    slice: str
    slice_value: str
    raw: float | None
    n: int
    labelled: int
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    method: str


def corrected(store: Store, run_id: str) -> list[CorrectedRow]:
    """The corrected rates of a run, in the order of its metrics."""
    rows = store.query(
        f"""
        SELECT s.labels->>'eval', c.model, c.template, c.metric, c.slice, c.slice_value, m.estimate, c.n, c.labelled,
               c.estimate, c.low, c.high, c.level, c.method
        FROM {MADE_STEPS} s JOIN corrected_rates c USING (step_hash)
        JOIN metrics m USING (step_hash, model, template, metric, slice, slice_value)
        WHERE s.run_id = ? ORDER BY s.ordinal, c.metric, c.model, c.template, c.slice, c.rowid
        """,
        [run_id],
    )
    return [CorrectedRow(*row) for row in rows]


def axes(store: Store, run_id: str) -> list[AxisLine]:
    """What the evals of a run vary beside their rows, in the order of their measuring."""
    rows = store.query(
        f"""
        SELECT s.labels->>'eval', a.model, a.metric, a.axis, a.statistic, a.template, a.which, a.n, a.missing,
               a.estimate, a.low, a.high, a.level, a.unit, a.method
        FROM {MADE_STEPS} s JOIN axes a USING (step_hash) WHERE s.run_id = ?
        ORDER BY s.ordinal, a.metric, a.model, a.rowid
        """,
        [run_id],
    )
    return [AxisLine(*row) for row in rows]
