"""Two runs of a store side by side: verdicts, metrics with n and interval, and paired comparisons.

Two intervals next to each other are no test: whether they overlap says little about the difference. Where both runs
measured the same metric of a model on the same rows, the difference is taken row by row, with its own interval, as a
gate's `no_worse_than` does it. Where they did not, there is no comparison and the reason is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.measure_params import Metric
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams
from runtime.store import Store

LEVEL = 0.95
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
    ``p_value`` is small when the second is worse."""

    n: int
    templates: tuple[str, ...]
    estimate: float
    low: float | None
    high: float | None
    gained: int
    lost: int
    p_value: float
    test: str


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


def metric_pairs(store: Store, first: tuple[str, Plan], second: tuple[str, Plan]) -> tuple[MetricPair, ...]:
    """The metrics of two runs (id and plan), those of the second in its order first."""
    plans = (first[1], second[1])
    steps = [_measures(plan) for plan in plans]
    one, two = (_metrics(store, run, plan) for run, plan in (first, second))
    keys = (*two, *(key for key in one if key not in two))
    return tuple(
        _pair(
            store, key, (one.get(key), two.get(key)), (plans[0], steps[0].get(key[0])), (plans[1], steps[1].get(key[0]))
        )
        for key in keys
    )


def _verdicts(store: Store, run: str) -> dict[tuple[str, str], str]:
    rows = store.query(
        "SELECT s.name, g.text, g.verdict FROM steps s JOIN gates g USING (step_hash) "
        "WHERE s.run_id = ? AND g.part = 0 ORDER BY s.ordinal, g.requirement",
        [run],
    )
    return {(gate, text): verdict for gate, text, verdict in rows}


def _metrics(store: Store, run: str, plan: Plan) -> dict[Key, Measured]:
    """In the order of the spec: evals, then models, then metrics."""
    rows = store.query(
        "SELECT s.name, m.model, m.metric, m.n, m.estimate, m.low, m.high, m.unit FROM steps s JOIN metrics m "
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
    first: tuple[Plan, Step | None],
    second: tuple[Plan, Step | None],
) -> MetricPair:
    paired, note = None, ""
    before, after = first[1], second[1]
    if None in values or before is None or after is None:
        note = "measured in one run only"
    elif before.hash == after.hash:
        note = "the same measurement"
    elif (otherwise := _measured_otherwise(key[2], before, after)) is not None:
        note = otherwise
    else:
        paired, note = _compared(store, key, before, after)
        if paired is not None:
            sides = [(first[0], before), (second[0], after)]
            note = "; ".join(filter(None, (*_asked_otherwise(key[1], paired.templates, sides), note)))
    return MetricPair(*key, *values, paired, note)


def _measured_otherwise(metric: str, before: Step, after: Step) -> str | None:
    """Why two values under one name are not values of one thing; None when they are."""
    old, new = (_metric(step, metric) for step in (before, after))
    return None if old == new else f"measured otherwise: {_shown(old)} before, {_shown(new)} now"


def _metric(step: Step, name: str) -> Metric:
    assert isinstance(step.params, MeasureParams)
    return next(item for item in step.params.metrics if item.name == name)


def _shown(metric: Metric) -> str:
    """``exact_match(normalise = json)``."""
    return f"{metric.function}({', '.join(f'{name} = {value}' for name, value in metric.args.items())})"


def _asked_otherwise(model: str, templates: Sequence[str], sides: Sequence[tuple[Plan, Step]]) -> Iterator[str]:
    """What else differs between the answers than the model: decoding, and what stands in the prompts."""
    decodes, prompts = zip(*(_asked(model, plan, step) for plan, step in sides), strict=True)
    if any(decodes[0][name] != decodes[1][name] for name in templates):
        yield "decoded otherwise"
    other = [name for name in templates if prompts[0][name] != prompts[1][name]]
    if other:
        yield f"other prompts under {' and '.join(other)}"


def _asked(model: str, plan: Plan, measure: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """How a model was asked, by template: decode settings, and the template with the part of the rows."""
    assert isinstance(measure.params, MeasureParams)
    decodes, prompts = {}, {}
    for cell in measure.params.cells:
        if cell.model == model:
            predict = plan.step(measure.inputs[cell.input])
            decodes[cell.template] = predict.params
            shown = predict.inputs.get("prompts")  # none where answers were recorded elsewhere
            prompts[cell.template] = plan.step(shown).params if shown is not None else None
    return decodes, prompts


def _compared(store: Store, key: Key, before: Step, after: Step) -> tuple[Paired | None, str]:
    import numpy as np

    from runtime.gating.comparison import compare
    from runtime.gating.evidence import Evidence
    from runtime.measuring.aggregates import finite

    old, new = Evidence.of(store, before), Evidence.of(store, after)
    templates = [name for name in new.templates if name in old.templates]
    rows = sorted({*old.row_ids} & {*new.row_ids})
    if not templates or not rows:
        return None, "no row in common" if not rows else "no template in common"
    matrices: list[Any] = []
    for side in (old, new):
        position = {row_id: index for index, row_id in enumerate(side.row_ids)}
        columns = [side.templates.index(name) for name in templates]
        matrices.append(side.answers(key[2], key[1])[np.ix_([position[row_id] for row_id in rows], columns)])
    whole = ~(np.isnan(matrices[0]) | np.isnan(matrices[1])).any(axis=1)
    if not whole.any():
        return None, "no row that both measured"
    unit = _metric(after, key[2]).unit
    found = compare(matrices[1][whole], matrices[0][whole], unit, LEVEL, new.seed)
    ends = finite(found.shown.low), finite(found.shown.high)
    paired = Paired(
        found.n, tuple(templates), found.estimate, *ends, found.gained, found.lost, found.p_value, found.test
    )
    notes = [found.obstacle] if found.obstacle else []
    missing = len({*old.row_ids} | {*new.row_ids}) - found.n
    if missing:
        notes.append(f"{missing:,} row{'s are' if missing != 1 else ' is'} not in both")
    return paired, "; ".join(notes)
