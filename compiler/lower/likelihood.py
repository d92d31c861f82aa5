"""What metrics read beside answers: ``likelihood`` steps over expected answers, and over outputs with a reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.lower.asking import asked_content
from compiler.lower.builder import PlanBuilder
from compiler.lower.model import model_local
from compiler.resolved import AnyModel, ResolvedEval, ResolvedTrain
from compiler.schema.eval import PlainBody
from compiler.step_params import LikelihoodParams, PlainPrompt, PredictParams, Reading
from compiler.world import ModelFacts


def prompt_of(item: ResolvedEval) -> PlainPrompt | None:
    """How prompts are put; None through the chat template."""
    body = item.block.prompt.value
    if not isinstance(body, PlainBody):
        return None
    return PlainPrompt(before_answer=body.before_answer.value, between_turns=body.between_turns.value)


def needs_answers(item: ResolvedEval) -> bool:
    """Whether any metric is taken of what a model writes or chooses."""
    return any(metric.function.answer != "likelihood" for metric in item.metrics.whole)


def lower_readings(
    item: ResolvedEval,
    model: AnyModel,
    asked: PredictParams,
    inputs: Mapping[str, str],
    labels: Mapping[str, str],
    facts: Mapping[str, ModelFacts],
    trains: Mapping[str, str],
    builder: PlanBuilder,
) -> Iterator[tuple[Reading, str]]:
    """What the metrics of an eval read of one model under one template, with the steps that give it.

    ``asked`` are the parameters of its answers, ``inputs`` has the roles ``prompts``, ``model`` and ``answers``.
    """
    name = f"{item.name}.{model.name}.{labels['template'].replace('@', '.')}"
    own = {role: step for role, step in inputs.items() if role != "answers"}
    content = asked_content(model, facts, asked.prompt)
    if any(metric.function.answer == "likelihood" for metric in item.metrics.whole):
        params = LikelihoodParams(of="expected", precision=asked.precision, prompt=asked.prompt)
        told = {"inputs": own, "content": content, "labels": labels, **model_local(model.root)}
        yield Reading(input="", reference=None), builder.add(params, name, item.block, **told)
    references: dict[str, AnyModel] = {reference.name: reference for reference in item.references.whole}
    for reference in references.values():
        params = LikelihoodParams(of="output", precision=asked.precision, prompt=asked.prompt)
        base = facts[reference.root.name]
        told = {
            "inputs": {
                **inputs,
                **({"reference": trains[reference.name]} if isinstance(reference, ResolvedTrain) else {}),
            },
            "content": content | {"reference_weights": base.weights, "reference_tokenizer": base.tokenizer},
            "labels": {**labels, "reference": reference.name},
            "reference": {"weights": model_local(reference.root)["weights"]},
            **model_local(model.root),
        }
        yield (
            Reading(input="", reference=reference.name),
            builder.add(params, f"{name}.from.{reference.name}", item.block, **told),
        )
