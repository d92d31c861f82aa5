"""The two sides of a comparison out of a store: `tuned` of the last run, `main:base` of a blessed one.

What else than the model differs between them is read from the plans of their runs: how the metric is computed, what
the templates say, how answers are decoded, what a judge is. Of recorded answers the prompts themselves are compared,
where both have them, and what was not recorded is said to be unknown. Reads the store, writes nothing, and holds it for
single questions only: a comparison takes seconds, and a run that waits for the store gives up after half a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from compiler.judged_params import judged_name
from compiler.measure_params import Metric
from compiler.measured_alike import How, Unlike, how_measured, judge_of_answers, same_templates, unlike
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams
from runtime.comparison.pair import Side
from runtime.comparison.recorded_alike import recorded_otherwise, recorded_params, ways_of
from runtime.comparison.two_models import TwoModels, two_models
from runtime.gating.evidence import Evidence
from runtime.gating.lost import lost_items
from runtime.gating.whole_set import WholeSet
from runtime.store import Store


@dataclass(frozen=True)
class Measured:
    """One model in one eval of a run. ``names`` are what its templates are called here, where the other side of a
    comparison calls them otherwise."""

    label: str
    run_id: str
    plan: Plan
    step: Step  # the measure step
    model: str
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def params(self) -> MeasureParams:
        assert isinstance(self.step.params, MeasureParams)
        return self.step.params

    def metric(self, name: str) -> Metric | None:
        return next((metric for metric in self.params.metrics if metric.name == name), None)

    def judge(self, name: str) -> dict[str, Any] | None:
        """What judges the answers for a metric; None where no judge does."""
        metric = self.metric(name)
        args = metric.args if metric is not None else {}
        against = args.get("against")
        judge = judged_name(str(args.get("judge")), None if against is None else str(against))
        inputs = (
            one.input
            for cell in self.params.cells
            if cell.model == self.model
            for one in cell.judged
            if one.name == judge
        )
        found = next(inputs, None)
        return None if found is None else judge_of_answers(self.plan.step(self.step.inputs[found]), self.plan.step)

    @cached_property
    def how(self) -> How:
        return how_measured(self.step, self.plan.step)

    @property
    def templates(self) -> tuple[str, ...]:
        """Under which templates the model was asked, by their own names."""
        return tuple(cell.template for cell in self.params.cells if cell.model == self.model)

    @property
    def cells(self) -> dict[str, Step]:
        """The step that has the answers, by template as it is called here."""
        return {
            self.names.get(cell.template, cell.template): self.plan.step(self.step.inputs[cell.input])
            for cell in self.params.cells
            if cell.model == self.model
        }


def measured_in(plan: Plan, run_id: str, model: str, label: str) -> list[Measured]:
    """The evals of a run that measured a model, in the order of the plan."""
    return [
        Measured(label, run_id, plan, step, model)
        for step in plan.steps
        if step.kind is StepKind.MEASURE
        and isinstance(step.params, MeasureParams)
        and any(cell.model == model for cell in step.params.cells)
    ]


def models_of(plan: Plan) -> list[str]:
    """All models that the evals of a plan measure, each once."""
    steps = [step.params for step in plan.steps if isinstance(step.params, MeasureParams)]
    return list(dict.fromkeys(cell.model for params in steps for cell in params.cells))


def named_alike(first: Measured, second: Measured) -> Measured:
    """The first side with its templates called as the second calls them: names say nothing of what a template shows."""
    names = {was: now for now, was in same_templates(first.how, first.model, second.how, second.model).items()}
    for name in first.templates:  # one that shows something else is none of the second's
        names.setdefault(name, f"{name} before" if name in second.templates else name)
    return replace(first, names=names)


def compare_sides(store: Store, first: Measured, second: Measured, metric: str, *, details: bool = True) -> TwoModels:
    """The comparison by a metric that both measured, without ``details`` no items and slices. Raises KeyError when one
    of them did not measure it. Not to be called inside a look at the store."""
    old, new = first.metric(metric), second.metric(metric)
    if old is None or new is None:
        raise KeyError(metric)
    first = named_alike(first, second)
    evidences = [Evidence.of(store, item.step) for item in (first, second)]
    sides = [_side(store, item, of, metric) for item, of in zip((first, second), evidences, strict=True)]
    differs, unknown = _differences(store, first, second, metric)
    differs += _lost(first, second, evidences)
    return two_models(
        sides[0],
        sides[1],
        metric,
        new.unit,
        better=direction(second.step, metric),
        seed=_seed(first.step, second.step),
        differs=differs,
        unknown=unknown,
        slices=_slices(store, second) if details else {},
        details=details,
    )


def direction(measure: Step, metric: str) -> Literal["higher", "lower"] | None:
    """Which way a metric of a measure step is better, as the plan has it; None where neither is."""
    side = measure.local.get("labels", {}).get(f"better:{metric}", "higher")
    return "lower" if side == "lower" else None if side == "neither" else "higher"


def _side(store: Store, item: Measured, evidence: Evidence, metric: str) -> Side:
    cells = item.cells
    columns = [evidence.templates.index(name) for name in item.templates]
    values = evidence.answers(metric, item.model)[:, columns]
    counts: dict[str, int] = {}
    for step in cells.values():
        for (row_id,) in store.query("SELECT DISTINCT row_id FROM predictions WHERE step_hash = ?", [step.hash]):
            counts[row_id] = counts.get(row_id, 0) + 1
    answered = frozenset(row_id for row_id, count in counts.items() if count >= len(cells))
    described = item.metric(metric)
    whole = None
    if described is not None and described.whole:
        statistics = WholeSet.of(evidence, described, item.model)
        whole = replace(statistics, columns=tuple(statistics.columns[at] for at in columns))
    votes = evidence.samples * (described.votes if described is not None else 1)
    return Side(item.label, evidence.row_ids, tuple(cells), values, answered, whole, votes)


def _seed(first: Step, second: Step) -> int:
    """Of everything drawn; the same whichever side comes first."""
    return int(min(first.hash, second.hash)[:15], 16)


def _slices(store: Store, item: Measured) -> dict[str, dict[str, list[str]]]:
    """The values of each item, of slices by the row; those by template or number of examples are of answers."""
    found: dict[str, dict[str, list[str]]] = {piece.name: {} for piece in item.params.slices if piece.by == "value"}
    for name, row_id, value in store.query(
        "SELECT slice, row_id, value FROM item_slices WHERE step_hash = ?", [item.step.hash]
    ):
        if name in found:
            found[name].setdefault(row_id, []).append(value)
    return found


# --- what differs -----------------------------------------------------------------------------------


def _differences(store: Store, first: Measured, second: Measured, metric: str) -> tuple[list[str], list[str]]:
    """What differs beside the model, and what is not known to be the same."""
    differs: list[str] = []
    one, two = first.cells, second.cells
    for item in unlike(first.how, first.model, second.how, second.model, metric):
        # How recorded answers were made is not known: that is said apart, and is no difference to one that was asked.
        steps = (one[item.name], two[item.name]) if item.kind == "decode" else ()
        if len({recorded_params(step) is None for step in steps}) < 2:
            differs += _worded(item, first, second)
    for template in (name for name in two if name in one and one[name].hash != two[name].hash):
        differs += recorded_otherwise(store, one[template], two[template])
    return list(dict.fromkeys(differs)), _not_recorded(store, [first, second])


def _worded(item: Unlike, first: Measured, second: Measured) -> Iterator[str]:
    """What is not alike, a sentence each, that begins with what it is about."""
    match item.kind:
        case "metric":
            yield from _metric(item, first, second)
        case "decode":
            for name, before, after in item.changed:
                told = f"{name.rpartition('.')[2]} {before} against {after}"
                compared = name == "expected" or name.startswith("scores.")
                yield f"metric: read of another column, {told}" if compared else f"decode: {told}"
        case "prompt":
            yield f"prompt: `{item.name}` says something else"
        case "examples":
            yield f"prompt: the rows that `{item.name}` draws its examples from are others"
        case "new" | "gone":
            pass  # the comparison itself says which templates each side has


def _metric(item: Unlike, first: Measured, second: Measured) -> Iterator[str]:
    one, two = first.metric(item.name), second.metric(item.name)
    assert one is not None and two is not None
    for name, before, after in item.changed:
        if name == "judged_by":
            yield from _judged_otherwise(first, second, item.name)
        elif name.startswith("extension."):
            yield "metric: an extension of the spec has another content"
        elif name == "version" or call_text(one) == call_text(two):
            yield f"metric: {name} {before} against {after}"
        else:
            yield f"metric: {call_text(one)} against {call_text(two)}"


def _judged_otherwise(first: Measured, second: Measured, metric: str) -> Iterator[str]:
    """A judge keeps its name whatever becomes of it."""
    one, two = first.judge(metric) or {}, second.judge(metric) or {}
    yield f"judge: another in {', '.join(name for name in sorted({*one, *two}) if one.get(name) != two.get(name))}"


def _lost(first: Measured, second: Measured, evidences: Sequence[Evidence]) -> Iterator[str]:
    """Items that an eval lost are in no side's list, so that only the eval tells of them."""
    one_eval = first.step.hash == second.step.hash
    for side, evidence in zip((first,) if one_eval else (first, second), evidences, strict=False):
        of = "" if one_eval else f" of {side.label}"
        yield from (f"items{of}: {text.removesuffix('.')}" for text in lost_items(evidence))


def _not_recorded(store: Store, sides: Sequence[Measured]) -> list[str]:
    """What nobody wrote down of recorded answers, so that it may differ."""
    steps = [(item.label, step) for item in sides for step in item.cells.values()]
    recorded = [(label, step, found) for label, step in steps if (found := recorded_params(step)) is not None]
    prompts = dict.fromkeys(label for label, _, found in recorded if found.prompt is None)
    decoded = dict.fromkeys(label for label, step, _ in recorded if not ways_of(store, step))
    told = [f"what was asked of {' and '.join(prompts)} is not recorded"] * bool(prompts)
    return told + [f"how answers of {' and '.join(decoded)} were decoded is not recorded"] * bool(decoded)


def call_text(metric: Metric) -> str:
    """``exact_match(normalise = json)``."""
    return f"{metric.function}({', '.join(f'{name} = {value}' for name, value in metric.args.items())})"
