"""How an eval measured, as plain data, and whether two evals of different runs measured alike.

A comparison with a blessed run takes its answers from a file, so nothing of what made them can be looked up again:
what matters is written down when the run is blessed, from its plan, and compared with the plan at hand. What matters
are the prompt (template, examples), the decoding, the metric, and the versions of the steps that did it. The model is
what is compared, and may differ. Pure, and of no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from compiler.answer_params import PredictParams
from compiler.hashing import hash_value
from compiler.judge_params import JudgedAnswers, JudgeParams, PairedAnswers
from compiler.judged_params import judged_name
from compiler.plan import Step
from compiler.step_params import MeasureParams, Recorded

# metrics: name -> how it is computed; templates: name -> hashes of what it shows; models: name -> template -> decoding
How: TypeAlias = Mapping[str, Mapping[str, Any]]


def how_measured(measure: Step, step_of: Callable[[str], Step]) -> How:
    """What decides about the values of a measure step, apart from rows and weights; ``step_of`` gives a step by id."""
    params = measure.params
    assert isinstance(params, MeasureParams)
    models: dict[str, dict[str, Any]] = {}
    templates: dict[str, Any] = {}
    for cell in params.cells:
        asked = _asked(step_of(measure.inputs[cell.input]))
        for number, reading in enumerate(cell.readings):
            asked[f"likelihood {number + 1}"] = _read(step_of(measure.inputs[reading.input]), step_of)
        models.setdefault(cell.model, {})[cell.template] = asked
        prompts = step_of(measure.inputs[cell.input]).inputs.get("prompts")
        if prompts is not None:
            templates[cell.template] = _prompt(step_of(prompts), step_of)
    functions = {name: value for name, value in measure.content.items() if name.startswith("extension")}
    metrics = {}
    judges = {
        one.name: hash_value(judge_of_answers(step_of(measure.inputs[one.input]), step_of))[:12]
        for cell in params.cells
        for one in cell.judged
    }
    for metric in params.metrics:
        dumped = metric.model_dump(mode="json")
        name = dumped.pop("name")
        args = dumped["args"]
        judge = judges.get(judged_name(str(args.get("judge")), args.get("against")))
        judged = {} if judge is None else {"judged_by": judge}
        metrics[name] = {**dumped, "version": measure.version, **functions, **judged}
    return {"metrics": metrics, "templates": templates, "models": models}


def judge_of_answers(step: Step, step_of: Callable[[str], Step]) -> dict[str, Any]:
    """What a judge is: its labels, words and policy, and the model that it asks, with how that was trained, or the
    column where its labels were recorded."""
    params = step.params
    assert isinstance(params, JudgeParams)
    told = {**params.judge.model_dump(mode="json"), **step.content, "version": step.version}
    if "model" in step.inputs:
        told["trained"] = step_of(step.inputs["model"]).hash
    if isinstance(params.items, JudgedAnswers) and params.items.recorded is not None:
        told["column"] = params.items.recorded
    if isinstance(params.items, PairedAnswers):
        told["against"] = _answered(step_of(step.inputs["against"]), step_of)
    return told


def _answered(step: Step, step_of: Callable[[str], Step]) -> dict[str, Any]:
    """Whose answers others are compared with: a model by its content, how it was trained and asked, or where its
    answers were recorded."""
    behind: dict[str, Any] = {
        role: step_of(step.inputs[role]).hash for role in ("model", "answers") if role in step.inputs
    }
    return {**step.content, **_asked(step), **behind}


def _asked(step: Step) -> dict[str, Any]:
    """How the answers of a step were made, or what they were rated by. Where recorded answers stand is the model, and
    how they were made is not known; what they are compared with, and the columns of scores, is."""
    params: dict[str, Any] = step.params.model_dump(mode="json", exclude={"kind"})
    decode = params.pop("decode", {})
    if isinstance(step.params, PredictParams) and isinstance(step.params.decode, Recorded):
        scores = {score.name: score.column for score in step.params.decode.scores}
        told = {"expected": step.params.decode.expected, "scores": scores}
        return {"method": "recorded", "version": step.version, **{name: value for name, value in told.items() if value}}
    return {**decode, **params, "version": step.version}


def _read(step: Step, step_of: Callable[[str], Step]) -> dict[str, Any]:
    """What a model was read by; a reference is part of it, by its content."""
    told = _asked(step)
    content = {name: value for name, value in step.content.items() if name.startswith("reference_")}
    if "reference" in step.inputs:
        content["trained"] = step_of(step.inputs["reference"]).hash
    return {**told, "reference": hash_value(content)[:12]} if content else told


def _prompt(render: Step, step_of: Callable[[str], Step]) -> dict[str, str]:
    examples = {role: step_of(source).hash for role, source in render.inputs.items() if role != "rows"}
    shown: dict[str, Any] = render.params.model_dump(mode="json")
    shown.pop("part", None)  # which rows is told by the rows
    return {"text": hash_value(shown), "examples": hash_value(examples), "version": str(render.version)}


def differences(then: How, now: How, metric: str, model: str, was: str, run: str) -> Iterator[str]:
    """What was not done in the blessed run as it is done now, for a metric of ``model``, which is compared with that of
    ``was``; ``run`` is how reasons call that run."""
    yield from _metric(then["metrics"].get(metric, {}), now["metrics"].get(metric, {}), metric, run)
    old, new = (_of_metric(how, name, metric) for how, name in ((then, was), (now, model)))
    for template in new:
        if template not in old:
            yield f"{run} was not asked under template `{template}`"
            continue
        changed = list(_changed(old[template], new[template]))
        if changed:
            yield f"{run} was decoded otherwise under template `{template}` ({', '.join(changed)})"
        yield from _template(then["templates"].get(template, {}), now["templates"].get(template, {}), template, run)
    for template in old:
        if template not in new:
            yield f"{run} was also asked under template `{template}`"


def _of_metric(how: How, model: str, metric: str) -> dict[str, Mapping[str, Any]]:
    """How a model was asked, by template; of recorded scores the one that the metric reads."""
    read = how["metrics"].get(metric, {}).get("args", {}).get("score")
    found: dict[str, Mapping[str, Any]] = {}
    for template, told in how["models"].get(model, {}).items():
        scores = {name: column for name, column in told.get("scores", {}).items() if name == read}
        found[template] = {**told, "scores": scores}
    return found


def _metric(old: Mapping[str, Any], new: Mapping[str, Any], metric: str, run: str) -> Iterator[str]:
    changed = list(_changed(old, new))
    if old.get("function") != new.get("function"):  # whose arguments are others anyway
        changed = [f"{old.get('function')} then, {new.get('function')} now"]
    if changed:
        yield f"{run} computed `{metric}` otherwise ({', '.join(changed)})"


def _template(old: Mapping[str, Any], new: Mapping[str, Any], template: str, run: str) -> Iterator[str]:
    if old.get("text") != new.get("text") or old.get("version") != new.get("version"):
        yield f"template `{template}` does not show what it showed in {run}"
    elif old.get("examples") != new.get("examples"):
        yield f"the rows that template `{template}` draws its examples from are not those of {run}"


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """``max_new_tokens 48 then, 64 now`` of every value that differs."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _changed(before, after, f"{path}{name}.")
        elif before != after:
            yield f"{path}{name} {_shown(before)} then, {_shown(after)} now"


def _shown(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
