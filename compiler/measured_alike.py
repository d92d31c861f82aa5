"""How an eval measured, as plain data, and whether two evals of different runs measured alike.

A comparison with a blessed run takes its answers from a file, so nothing of what made them can be looked up again:
what matters is written down when the run is blessed, from its plan, and compared with the plan at hand; two runs of a
store are compared by their plans in the same way. What matters are the prompt (template, examples), the decoding, the
metric, and the versions of the steps that did it. The model is what is compared, and may differ; what things are called
does not matter. Pure, and of no cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct

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


class Unlike(Struct, frozen=True):
    """One thing that was not done alike. ``name`` is the metric, or the template as it is called now (of one that is
    ``gone``, as it was then); ``changed`` are the values that differ, with what they were and are."""

    kind: Literal["metric", "decode", "prompt", "examples", "new", "gone"]
    name: str
    changed: tuple[tuple[str, str, str], ...] = ()


def same_templates(then: How, was: str, now: How, model: str) -> dict[str, str]:
    """What the templates under which ``model`` was asked were called when ``was`` was: a template is what it shows, and
    its name is nothing of that. Those that show something else belong together by their name."""
    old, new = list(then["models"].get(was, {})), list(now["models"].get(model, {}))
    found: dict[str, str] = {}

    def take(alike: Callable[[str, str], bool]) -> None:
        for name in new:
            free = (other for other in old if other not in found.values() and alike(other, name))
            if name not in found and (match := next(free, None)) is not None:
                found[name] = match

    def shown(one: str, two: str, *what: str) -> bool:
        was, told = then["templates"].get(one), now["templates"].get(two)
        return was is not None and told is not None and all(was.get(item) == told.get(item) for item in what)

    take(lambda one, two: one == two and shown(one, two, "text", "examples"))
    take(lambda one, two: shown(one, two, "text", "examples"))
    take(lambda one, two: one == two)
    take(lambda one, two: shown(one, two, "text"))
    return found


def unlike(then: How, was: str, now: How, model: str, metric: str) -> Iterator[Unlike]:
    """What was not done for ``metric`` of ``was`` then as it is done now for that of ``model``. This is the one place
    that says when two measurements are alike: gates word it for a blessed run, `sft compare` and `sft diff` for two."""
    old, new = then["metrics"].get(metric, {}), now["metrics"].get(metric, {})
    if changed := tuple(_changed(old, new)):
        yield Unlike("metric", metric, changed)
    read = metric if was == model else None  # another model has its scores in other columns
    before, after = (_of_metric(how, name, read) for how, name in ((then, was), (now, model)))
    names = same_templates(then, was, now, model)
    for template, asked in after.items():
        if template not in names:
            yield Unlike("new", template)
            continue
        if changed := tuple(_changed(before[names[template]], asked)):
            yield Unlike("decode", template, changed)
        one, two = then["templates"].get(names[template], {}), now["templates"].get(template, {})
        if any(one.get(item) != two.get(item) for item in ("text", "version")):
            yield Unlike("prompt", template)
        elif one.get("examples") != two.get("examples"):
            yield Unlike("examples", template)
    yield from (Unlike("gone", template) for template in before if template not in names.values())


def differences(then: How, now: How, metric: str, model: str, was: str, run: str) -> Iterator[str]:
    """What was not done in the blessed run as it is done now, for a metric of ``model``, which is compared with that of
    ``was``; ``run`` is how reasons call that run."""
    for item in unlike(then, was, now, model, metric):
        name, changed = f"template `{item.name}`", ", ".join(_then_and_now(item))
        yield {
            "metric": f"{run} computed `{item.name}` otherwise ({changed})",
            "decode": f"{run} was decoded otherwise under {name} ({changed})",
            "prompt": f"{name} does not show what it showed in {run}",
            "examples": f"the rows that {name} draws its examples from are not those of {run}",
            "new": f"{run} was not asked under {name}",
            "gone": f"{run} was also asked under {name}",
        }[item.kind]


def _then_and_now(item: Unlike) -> Iterator[str]:
    changed = item.changed
    if item.kind == "metric" and (function := [one for one in changed if one[0] == "function"]):
        changed = (("", *function[0][1:]),)  # whose arguments are others anyway
    yield from (f"{name} {before} then, {after} now".lstrip() for name, before, after in changed)


def _of_metric(how: How, model: str, metric: str | None) -> dict[str, Mapping[str, Any]]:
    """How a model was asked, by template; of recorded scores the one that the metric reads, where one is named."""
    read = how["metrics"].get(metric, {}).get("args", {}).get("score") if metric is not None else None
    found: dict[str, Mapping[str, Any]] = {}
    for template, told in how["models"].get(model, {}).items():
        scores = {name: column for name, column in told.get("scores", {}).items() if name == read}
        found[template] = {**told, "scores": scores}
    return found


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """``("max_new_tokens", "48", "64")`` of every value that differs."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _changed(before, after, f"{path}{name}.")
        elif before != after:
            yield f"{path}{name}", _shown(before), _shown(after)


def _shown(value: Any) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
