"""What the models of two rounds measured, lined up by item, from what their measure steps left in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from compiler.loop_params import MetricAt
from compiler.plan import Step
from runtime.comparison.pair import Change, Pair, Side, side_aggregate, whole_pairs
from runtime.gating.evidence import Evidence
from runtime.gating.whole_set import WholeSet
from runtime.looping.rounds import Reading
from runtime.measuring.aggregates import finite
from runtime.store import Store


class Measured:
    """The measurements of a loop's rounds. ``steps`` are measure steps by role (``EVAL:1``), ``models`` the students of
    the rounds, in order."""

    def __init__(self, store: Store, steps: Mapping[str, Step], models: Sequence[str]) -> None:
        self._store, self._steps, self._models = store, steps, models
        self._evidence: dict[str, Evidence] = {}

    def reading(self, at: MetricAt, round: int) -> Reading:
        """The metric of a round's model, with its 95% interval; ``round`` counts from 1."""
        side = self._side(at, round)
        if not len(side.row_ids) or not side.values.size:
            return Reading(None, None, None, 0)
        found = side_aggregate(side, at.unit)
        estimate = None if found.estimate is None else finite(found.estimate)
        low, high = (None if end is None else finite(end) for end in (found.low, found.high))
        return Reading(estimate, low, high, found.n, found.missing)

    def change(self, at: MetricAt, first: int, second: int) -> Change | None:
        """The second round's model minus the first one's, on the items that both answered; None without one."""
        one, two = self._side(at, first), self._side(at, second)
        row_ids = sorted({*one.row_ids, *two.row_ids})
        templates = tuple(name for name in two.templates if name in one.templates)
        pair = Pair.of(one, two, row_ids, templates, at.unit, self._evidence_of(at, first).seed)
        return pair.change(whole_pairs(pair.one, pair.two))

    def _evidence_of(self, at: MetricAt, round: int) -> Evidence:
        role = f"{at.eval}:{round}"
        if role not in self._evidence:
            self._evidence[role] = Evidence.of(self._store, self._steps[role])
        return self._evidence[role]

    def _side(self, at: MetricAt, round: int) -> Side:
        evidence, model = self._evidence_of(at, round), self._models[round - 1]
        templates = tuple(cell.template for cell in evidence.cells(model))
        columns = [evidence.templates.index(name) for name in templates]
        values = evidence.answers(at.metric, model)[:, columns]
        described, whole = evidence.metrics[at.metric], None
        if described.whole:
            statistics = WholeSet.of(evidence, described, model)
            whole = replace(statistics, columns=tuple(statistics.columns[column] for column in columns))
        return Side(model, evidence.row_ids, templates, values, frozenset(), whole, evidence.samples)
