"""The two sides of a comparison out of a store: `tuned` of the last run, `main:base` of a blessed one.

What else than the model differs between them is read from the plans of their runs: how the metric is computed, what
the templates say, how answers are decoded, what a judge is. Of recorded answers the prompts themselves are compared,
where both have them, and what was not recorded is said to be unknown. Reads the store, writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from compiler.measure_params import Metric, judged_name
from compiler.measured_alike import judge_of_answers
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams, PredictParams, Recorded, RenderParams
from runtime.comparison.pair import Side
from runtime.comparison.recorded_alike import recorded_otherwise, ways_of
from runtime.comparison.two_models import TwoModels, two_models
from runtime.gating.evidence import Evidence
from runtime.gating.whole_set import WholeSet
from runtime.store import Store


@dataclass(frozen=True)
class Measured:
    """One model in one eval of a run."""

    label: str
    run_id: str
    plan: Plan
    step: Step  # the measure step
    model: str

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

    @property
    def cells(self) -> dict[str, Step]:
        """The step that has the answers, by template."""
        return {
            cell.template: self.plan.step(self.step.inputs[cell.input])
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


def compare_sides(store: Store, first: Measured, second: Measured, metric: str) -> TwoModels:
    """The comparison by a metric that both measured. Raises KeyError when one of them did not."""
    old, new = first.metric(metric), second.metric(metric)
    if old is None or new is None:
        raise KeyError(metric)
    sides = [_side(store, item, metric) for item in (first, second)]
    differs, unknown = _differences(store, first, second, metric)
    return two_models(
        sides[0],
        sides[1],
        metric,
        new.unit,
        better=direction(second.step, metric),
        seed=_seed(first.step, second.step),
        differs=differs,
        unknown=unknown,
        slices=_slices(store, second),
    )


def direction(measure: Step, metric: str) -> Literal["higher", "lower"] | None:
    """Which way a metric of a measure step is better, as the plan has it; None where neither is."""
    side = measure.local.get("labels", {}).get(f"better:{metric}", "higher")
    return "lower" if side == "lower" else None if side == "neither" else "higher"


def _side(store: Store, item: Measured, metric: str) -> Side:
    evidence = Evidence.of(store, item.step)
    cells = item.cells
    columns = [evidence.templates.index(name) for name in cells]
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
    old, new = first.metric(metric), second.metric(metric)
    if old != new and old is not None and new is not None:
        differs.append(f"metric: {call_text(old)} against {call_text(new)}")
    elif _extensions(first.step) != _extensions(second.step):
        differs.append("metric: an extension of the spec has another content")
    differs += _judged_otherwise(first, second, metric)
    one, two = first.cells, second.cells
    for template in (name for name in two if name in one):
        before, after = one[template], two[template]
        if before.hash == after.hash:
            continue
        differs += _asked_otherwise(store, first, second, template, before, after)
    return list(dict.fromkeys(differs)), _not_recorded(store, [first, second])


def _judged_otherwise(first: Measured, second: Measured, metric: str) -> Iterator[str]:
    """A judge keeps its name whatever becomes of it."""
    one, two = first.judge(metric), second.judge(metric)
    if one is not None and two is not None and one != two:
        changed = [name for name in sorted({*one, *two}) if one.get(name) != two.get(name)]
        yield f"judge: another in {', '.join(changed)}"


def _asked_otherwise(
    store: Store, first: Measured, second: Measured, template: str, before: Step, after: Step
) -> Iterator[str]:
    old, new = before.params, after.params
    if not isinstance(old, PredictParams) or not isinstance(new, PredictParams):  # expected answers that were read
        if old != new:
            yield "decode: texts were read otherwise"
        return
    one, two = old.decode, new.decode
    if isinstance(one, Recorded) and isinstance(two, Recorded):
        yield from recorded_otherwise(store, before, after)
    elif not isinstance(one, Recorded) and not isinstance(two, Recorded):
        if (one, old.precision, old.prompt) != (two, new.precision, new.prompt):
            yield f"decode: {_decode(old)} against {_decode(new)}"
        if _prompt(first.plan, before) != _prompt(second.plan, after):
            yield f"prompt: `{template}` says something else"


def _prompt(plan: Plan, predict: Step) -> Any:
    """What the prompts are made of, whichever rows they are for."""
    render = plan.step(predict.inputs["prompts"])
    assert isinstance(render.params, RenderParams)
    examples = {role: plan.step(step).hash for role, step in render.inputs.items() if role != "rows"}
    return render.params.templates, examples


def _not_recorded(store: Store, sides: Sequence[Measured]) -> list[str]:
    """What nobody wrote down of recorded answers, so that it may differ."""
    steps = [(item.label, step) for item in sides for step in item.cells.values()]
    recorded = [
        (label, step, step.params.decode)
        for label, step in steps
        if isinstance(step.params, PredictParams) and isinstance(step.params.decode, Recorded)
    ]
    prompts = dict.fromkeys(label for label, _, found in recorded if found.prompt is None)
    decoded = dict.fromkeys(label for label, step, _ in recorded if not ways_of(store, step))
    told = [f"what was asked of {' and '.join(prompts)} is not recorded"] * bool(prompts)
    return told + [f"how answers of {' and '.join(decoded)} were decoded is not recorded"] * bool(decoded)


def _decode(params: PredictParams) -> str:
    decode = params.decode.model_dump(mode="json", exclude={"method"})
    given = ", ".join(f"{name} = {value}" for name, value in decode.items() if value is not None)
    plain = "" if params.prompt is None else ", plain prompt"
    return f"{params.decode.method}({given}) in {params.precision}{plain}"


def call_text(metric: Metric) -> str:
    """``exact_match(normalise = json)``."""
    return f"{metric.function}({', '.join(f'{name} = {value}' for name, value in metric.args.items())})"


def _extensions(step: Step) -> dict[str, str]:
    return {name: content for name, content in step.content.items() if name.startswith("extension.")}
