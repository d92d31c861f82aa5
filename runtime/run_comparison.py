"""Two runs of a store side by side: verdicts, metrics with n and interval, and paired comparisons.

Two intervals next to each other are no test: whether they overlap says little about the difference. Where both runs
measured the same metric of a model on the same rows, the difference is taken row by row, with its own interval, as a
gate's `no_worse_than` does it. Where they did not, there is no comparison and the reason is said.

A comparison reads the answers of both runs and draws from them: 20 ms for 200 items, 0.3 s for 20,000. So whoever has a
person in front of it says of how many it is to be made at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams
from runtime.own_results import MADE_STEPS
from runtime.store import Store

if TYPE_CHECKING:
    from runtime.comparison.sides import Measured as Side

Key = tuple[str, str, str]  # eval, model, metric


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric over all items and templates of an eval."""

    n: int
    estimate: float | None
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Paired:
    """Second run minus first on the ``n`` rows and the templates that both measured; the interval is two-sided at 95%.
    ``p_value`` is small when the second is worse by ``better``, or smaller where neither side is better."""

    n: int
    templates: tuple[str, ...]
    estimate: float
    low: float | None
    high: float | None
    gained: int
    lost: int
    p_value: float
    test: str
    better: Literal["higher", "lower"] | None


@dataclass(frozen=True, slots=True)
class MetricPair:
    """One metric in both runs (None where a run has none). ``note`` says why ``paired`` is None."""

    eval: str
    model: str
    metric: str
    first: Measured | None
    second: Measured | None
    paired: Paired | None
    note: str


@dataclass(frozen=True, slots=True)
class VerdictPair:
    """One requirement of a gate in both runs, by its text."""

    gate: str
    text: str
    first: str | None
    second: str | None


def verdict_pairs(store: Store, first: str, second: str) -> tuple[VerdictPair, ...]:
    """The requirements of two runs: those of the second in its order, then those that only the first has."""
    one, two = _verdicts(store, first), _verdicts(store, second)
    keys = (*two, *(key for key in one if key not in two))
    return tuple(VerdictPair(*key, one.get(key), two.get(key)) for key in keys)


def metric_pairs(
    store: Store, first: tuple[str, Plan], second: tuple[str, Plan], most: int | None = None
) -> tuple[MetricPair, ...]:
    """The metrics of two runs (id and plan), those of the second in its order first. Of more than ``most`` answers the
    pair has the command that compares them."""
    one, two = (_metrics(store, run, plan) for run, plan in (first, second))
    keys = (*two, *(key for key in one if key not in two))
    return tuple(_pair(store, key, (one.get(key), two.get(key)), first, second, most) for key in keys)


def metric_pair(
    store: Store, key: Key, first: tuple[str, Plan], second: tuple[str, Plan], most: int | None = None
) -> MetricPair:
    """One metric of two runs."""
    one, two = (_metrics(store, run, plan) for run, plan in (first, second))
    return _pair(store, key, (one.get(key), two.get(key)), first, second, most)


def _verdicts(store: Store, run: str) -> dict[tuple[str, str], str]:
    rows = store.query(
        f"SELECT s.name, g.text, g.verdict FROM {MADE_STEPS} s JOIN gates g USING (step_hash) "
        "WHERE s.run_id = ? AND g.part = 0 ORDER BY s.ordinal, g.requirement",
        [run],
    )
    return {(gate, text): verdict for gate, text, verdict in rows}


def _metrics(store: Store, run: str, plan: Plan) -> dict[Key, Measured]:
    """In the order of the spec: evals, then models, then metrics."""
    rows = store.query(
        f"SELECT s.name, m.model, m.metric, m.n, m.estimate, m.low, m.high, m.unit FROM {MADE_STEPS} s JOIN metrics m "
        "USING (step_hash) WHERE s.run_id = ? AND m.template = '*' AND m.slice = '*'",
        [run],
    )
    found: Mapping[Key, Measured] = {(row[0], row[1], row[2]): Measured(*row[3:]) for row in rows}
    return {key: found[key] for key in _keys(plan) if key in found}


def _keys(plan: Plan) -> Iterator[Key]:
    for name, step in _measures(plan).items():
        assert isinstance(step.params, MeasureParams)
        for model in dict.fromkeys(cell.model for cell in step.params.cells):
            yield from ((name, model, metric.name) for metric in step.params.metrics)


def _measures(plan: Plan) -> dict[str, Step]:
    return {step.name: step for step in plan.steps if step.kind is StepKind.MEASURE}


# --- paired -----------------------------------------------------------------------------------------


def _pair(
    store: Store,
    key: Key,
    values: tuple[Measured | None, Measured | None],
    first: tuple[str, Plan],
    second: tuple[str, Plan],
    most: int | None,
) -> MetricPair:
    paired = None
    before, after = (_measures(plan).get(key[0]) for _, plan in (first, second))
    if None in values or before is None or after is None:
        note = "measured in one run only"
    elif before.hash == after.hash:
        note = "the same measurement"
    elif most is not None and (answers := max(side.n for side in values if side is not None)) > most:
        both = f"{first[0]}:{key[1]} {second[0]}:{key[1]}"
        note = f"{answers:,} answers: `sft compare {both} --eval {key[0]} --metric {key[2]}` compares them"
    else:
        from runtime.comparison.sides import Measured as Side

        steps = (before, after)
        sides = [Side(run, run, plan, step, key[1]) for (run, plan), step in zip((first, second), steps, strict=True)]
        paired, note = _compared(store, sides[0], sides[1], key[2])
    return MetricPair(*key, *values, paired, note)


def _compared(store: Store, first: Side, second: Side, name: str) -> tuple[Paired | None, str]:
    """The change of a metric, and what else there is to know of it or why there is none."""
    from runtime.comparison.sides import compare_sides

    found = compare_sides(store, first, second, name, details=False)
    notes = [*(text for text in found.differs if not text.startswith("data: ")), *found.unknown]
    if otherwise := [text for text in found.differs if text.startswith("metric: ")]:
        return None, "; ".join(otherwise)  # a difference of two things that were measured is none
    if found.change is None:
        return None, "; ".join([*notes, "no row that both measured"])
    change = found.change
    notes += [change.obstacle] if change.obstacle else []
    missing = found.of - change.n
    if missing:
        notes.append(f"{missing:,} row{'s are' if missing != 1 else ' is'} not in both")
    worse = change.p_rise if found.better == "lower" else change.p_drop
    flips = (change.gained, change.lost)
    ends = (change.estimate, change.low, change.high)
    paired = Paired(change.n, found.templates, *ends, *flips, worse, change.test, found.better)
    return paired, "; ".join(notes)
