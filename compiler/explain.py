"""What a step does, as text: the SQL of its rules with their parameters, and everything that its hash covers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from compiler.plan import Plan, Step
from compiler.step_params import (
    ClassifierScore,
    ExactDedupRule,
    ExpressionScore,
    FilterParams,
    FilterRule,
    MeasureParams,
    NearDedupRule,
    PredicateRule,
    RenderParams,
    ScoreParams,
    SplitParams,
    Sql,
    TopRule,
)
from spec_lang.plain_text import visible


def explain_step(plan: Plan, step: Step) -> str:
    """Readable text about a step of this plan, safe for a terminal."""
    lines = [step.id, f"  declared at {step.place.path}:{step.place.line}", f"  hash {step.hash}", ""]
    expressions = list(expressions_of(step))
    if expressions:
        lines += ["expressions (DuckDB SQL):", *(line for title, sql in expressions for line in _sql(title, sql)), ""]
    lines += ["the hash covers:", f"  version of the algorithm: {step.version}"]
    lines += [f"  input {role}: {source} {plan.step(source).hash}" for role, source in step.inputs.items()]
    lines += [f"  content {name}: {value}" for name, value in step.content.items()]
    lines += ["  parameters:", *_parameters(step)]
    return visible("\n".join(lines) + "\n", newlines=True)


def expressions_of(step: Step) -> Iterator[tuple[str, Sql]]:
    """What a step asks of rows, each with what it is for."""
    params = step.params
    if isinstance(params, FilterParams):
        texts = step.local.get("rules", [])
        for index, rule in enumerate(params.rules):
            text = texts[index]["text"] if index < len(texts) else rule.rule
            yield from ((f"rule {index + 1}, `{text}`: {what}", sql) for what, sql in _rule(rule, step))
    elif isinstance(params, SplitParams):
        yield from (("key", sql) for sql in params.key)
    elif isinstance(params, ScoreParams):
        for score in params.scores:
            if isinstance(score, ExpressionScore):
                yield f"score `{score.name}`", score.value
            elif isinstance(score, ClassifierScore):
                yield f"score `{score.name}`: `{score.label}` of", score.text
    elif isinstance(params, RenderParams):
        names = step.local.get("templates") or [step.local.get("labels", {}).get("template")]
        for index, template in enumerate(params.templates):
            if template.options is not None:
                title = f"template `{names[index]}`"
                yield f"{title}: choices", template.options.choices
                yield f"{title}: answer", template.options.answer
    elif isinstance(params, MeasureParams):
        yield from ((f"slice `{item.name}`", item.value) for item in params.slices if item.value is not None)


def _rule(rule: FilterRule, step: Step) -> Iterator[tuple[str, Sql]]:
    if isinstance(rule, PredicateRule):
        yield f"{rule.rule} where", rule.condition
        if rule.measured is not None:
            yield "measured value", rule.measured
    elif isinstance(rule, TopRule):
        yield "largest", rule.by
        if rule.per is not None:
            yield "of each", rule.per
    else:
        assert isinstance(rule, ExactDedupRule | NearDedupRule)
        yield from (("compared", sql) for sql in rule.on)
        yield from (("the greatest stays", sql) for sql in rule.by)
        for other in rule.against:
            rows = step.inputs[other.input] + (f", part `{other.part}`" if other.part is not None else "")
            yield from ((f"compared with, of {rows}", sql) for sql in other.on)


def _sql(title: str, sql: Sql) -> list[str]:
    lines = [f"  {title}", f"    {sql.sql}"]
    return [*lines, f"    with {json.dumps(list(sql.params), ensure_ascii=False)}"] if sql.params else lines


def _parameters(step: Step) -> list[str]:
    dumped: dict[str, Any] = step.params.model_dump(mode="json")
    text = json.dumps(dumped, indent=2, ensure_ascii=False, sort_keys=True)
    return [f"    {line}" for line in text.splitlines()]
