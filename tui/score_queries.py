"""Questions about scores: how the values of each lie, the rows at both ends, and why rows have none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.own_results import MADE_STEPS
from runtime.store import Store

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
BINS = 24


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score of a step. ``quantiles`` are those of ``QUANTILES``; ``bins`` count the rows between ``first`` and
    ``last``, which leave out one percent at either end."""

    step_id: str
    score: str
    rows: int
    measured: int
    low: float | None
    high: float | None
    mean: float | None
    quantiles: tuple[float, ...]
    first: float | None
    last: float | None
    bins: tuple[int, ...]
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ScoredRow:
    step_id: str
    score: str
    value: float
    row_id: str
    place: str
    content: str


def scores(store: Store, run_id: str) -> list[ScoreRow]:
    """Every score of a run, in the order of the plan and of the names."""
    with store.reading():
        found = store.query(
            "SELECT s.step_id, s.step_hash, c.score, count(*), count(c.value), "
            "min(c.value), max(c.value), avg(c.value), "
            f"quantile_cont(c.value, [{', '.join(map(str, (*QUANTILES, 0.01, 0.99)))}]) "
            f"FROM {MADE_STEPS} s JOIN scores c USING (step_hash) WHERE s.run_id = ? "
            "GROUP BY s.step_id, s.step_hash, s.ordinal, c.score ORDER BY s.ordinal, c.score",
            [run_id],
        )
        return [_score(store, *row) for row in found]


def _score(
    store: Store, step_id: str, step_hash: str, score: str, rows: int, measured: int,
    low: float | None, high: float | None, mean: float | None, quantiles: list[float] | None,
) -> ScoreRow:  # fmt: skip
    first, last = (quantiles[-2], quantiles[-1]) if quantiles else (None, None)
    mean = mean if mean is not None and math.isfinite(mean) else None  # a sum may overflow where no value does
    counts = [0] * BINS
    if first is not None and last is not None:
        width = (last - first) / BINS or 1.0
        binned = store.query(
            "SELECT least(greatest(floor((value - ?) / ?), 0), ?)::INTEGER AS bin, count(*) FROM scores "
            "WHERE step_hash = ? AND score = ? AND value BETWEEN ? AND ? GROUP BY bin",
            [first, width, BINS - 1, step_hash, score, first, last],
        )
        for place, count in binned:
            counts[place] = count
    reasons = store.query(
        "SELECT reason, count(*) FROM scores WHERE step_hash = ? AND score = ? AND value IS NULL "
        "GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 3",
        [step_hash, score],
    )
    return ScoreRow(
        step_id, score, rows, measured, low, high, mean, tuple(quantiles[:-2]) if quantiles else (), first, last,
        tuple(counts), tuple((reason, count) for reason, count in reasons),
    )  # fmt: skip


def extremes(
    store: Store, run_id: str, step_id: str, score: str, limit: int
) -> tuple[list[ScoredRow], list[ScoredRow]]:
    """The rows with the lowest and the highest values, with what they say in the source that the step's task reads;
    equal values by row id."""

    def ends(order: str) -> list[ScoredRow]:
        found = store.query(
            "WITH w AS (SELECT s.step_id, c.score, c.value, c.row_id "
            f"FROM {MADE_STEPS} s JOIN scores c USING (step_hash) "
            "WHERE s.run_id = $1 AND s.step_id = $2 AND c.score = $3 AND c.value IS NOT NULL "
            f"ORDER BY c.value {order}, c.row_id LIMIT $4), "
            "read AS (SELECT i.step_hash FROM steps i JOIN steps s ON i.labels ->> 'source' = s.labels ->> 'source' "
            "WHERE i.run_id = $1 AND i.kind = 'ingest' AND s.run_id = $1 AND s.step_id = $2), "
            "e AS (SELECT row_id, file, line, content FROM examples "
            "WHERE step_hash IN (FROM read) AND row_id IN (SELECT row_id FROM w)) "
            "SELECT w.step_id, w.score, w.value, w.row_id, "
            "coalesce(e.file || ':' || e.line, ''), coalesce(e.content, '') FROM w LEFT JOIN e USING (row_id) "
            f"ORDER BY w.value {order}, w.row_id",
            [run_id, step_id, score, limit],
        )
        return [ScoredRow(*row) for row in found]

    return ends("ASC"), ends("DESC")
