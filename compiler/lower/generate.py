"""``generate`` -> one ``generate`` step, then its filters and scores as those of a task.

They stand apart from it, so that editing a filter or a threshold asks no model again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar, cast

from compiler.asking_params import AskingBudget
from compiler.generate_params import GenerateParams, Method, Novelty, SelfInstruct
from compiler.known import sure
from compiler.lower.asking import asked_content, asked_inputs, asked_lines, asked_local
from compiler.lower.builder import Line, PlanBuilder
from compiler.lower.decode import decode_of
from compiler.lower.filter import lower_filter
from compiler.lower.respond import SEVERAL, asked_rows, judging_models, method_params
from compiler.lower.score import JudgeRows, ScoringModel, lower_score
from compiler.resolved import Rows
from compiler.resolved_judge import ResolvedJudge
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.schema.eval import PlainBody
from compiler.schema.fields import Shape
from compiler.schema.generate import Generate, SelfInstructBody
from compiler.schema.generate_methods import RespondBody
from compiler.step_params import Greedy, PlainPrompt, Sample
from compiler.unroll import round_seed
from spec_lang.ast import Ref

T = TypeVar("T")
WrittenFrom: TypeAlias = Callable[[Rows, ResolvedGenerate], str]  # the step that has what a model is shown of rows
_NEW_TOKENS = 256
# Of Wang et al. 2022, where nothing else is asked for.
_PAPER_DECODE = Sample(max_new_tokens=1024, temperature=Decimal("0.7"), top_p=Decimal("0.5"), top_k=None, seed=0)
_PAPER_NOVELTY = Decimal("0.7")


def lower_generate(
    item: ResolvedGenerate,
    steps: Mapping[str, str],
    written_from: WrittenFrom,
    model_of: Callable[[str], ScoringModel],
    judge_rows: JudgeRows,
    judges: Mapping[str, ResolvedJudge],
    builder: PlanBuilder,
) -> str:
    """The id of the last step: the thresholds of its scores, a filter, or the generate step itself."""
    rows, model, params = sure(item.rows), item.model, _params(item, judges, builder)
    assert model is not None
    found = None if model.root.is_served else model_of(model.name)
    trains = {model.name: found.train} if found is not None and found.train is not None else {}
    facts = {found.root.name: found.facts} if found is not None else {}
    judging = judging_models(item, judges)
    judged_by = {m.name: model_of(m.name) for m in judging.values() if not m.root.is_served}
    judge_facts = {one.root.name: one.facts for one in judged_by.values()}
    judge_content = [asked_content(model, judge_facts, role=role) for role, model in judging.items()]
    judge_local = [asked_local(model, role) for role, model in judging.items()]
    step = builder.add(
        params,
        item.name,
        item.block,
        inputs={"rows": written_from(rows, item)}
        | asked_inputs(model, trains)
        | (
            asked_rows(item.method, item, lambda pool: written_from(pool, item), builder)
            if item.method is not None
            else {}
        ),
        content=_merged([asked_content(model, facts, params.prompt), *judge_content]),
        labels={"generate": item.name, "task": item.name, "from": rows.name, "model": model.name},
        lines=_lines(item.block, builder) | asked_lines(model, builder),
        **_merged([asked_local(model), *judge_local]),
    )
    for used in item.task.filters.whole:
        step = lower_filter(used, item.task, step, steps, builder)
    for score in item.task.scores.whole:
        step = lower_score(score, item.task, step, steps, model_of, judge_rows, builder)
    return step


def _merged(parts: Sequence[Mapping[str, T]]) -> dict[str, T]:
    return {name: value for part in parts for name, value in part.items()}


def _params(item: ResolvedGenerate, judges: Mapping[str, ResolvedJudge], builder: PlanBuilder) -> GenerateParams:
    block, rows = item.block, sure(item.rows)
    plain, served = block.prompt.value, item.model is not None and item.model.root.is_served
    return GenerateParams(
        method=_method(item, judges, builder),
        part=rows.part,
        columns=sure(rows.task.source).columns.names,
        decode=_of_round(_decode(block), item.round),
        precision="auto" if served else cast(Literal["auto", "fp32", "bf16"], block.precision.value),
        novelty=_novelty(item),
        budget=_budget(block),
        prompt=PlainPrompt(before_answer=plain.before_answer.value, between_turns=plain.between_turns.value)
        if isinstance(plain, PlainBody)
        else None,
    )


def _method(item: ResolvedGenerate, judges: Mapping[str, ResolvedJudge], builder: PlanBuilder) -> Method:
    if item.method is not None:
        return method_params(item.method, item, judges, builder)
    body = item.block.method.value
    assert isinstance(body, SelfInstructBody)
    plain = {
        name: getattr(body, name).value
        for name in SelfInstruct.model_fields
        if name not in ("method", "instruction", "input", "output", "blacklist")
    }
    blacklist = tuple(sorted({word.casefold() for word in body.blacklist.value}))
    return SelfInstruct(
        instruction=item.columns["instruction"],
        input=item.columns.get("input"),
        output=item.columns["output"],
        blacklist=blacklist,
        **plain,
    )


def _decode(block: Generate) -> Greedy | Sample:
    body = block.decode.value
    if body is not None:
        return decode_of(body)
    method = block.method.value
    if isinstance(method, SelfInstructBody):
        return _PAPER_DECODE
    several = isinstance(method, RespondBody) and max(method.samples.value, method.hint_samples.value) > 1
    return SEVERAL if several else Greedy(max_new_tokens=_NEW_TOKENS)


def _of_round(decode: Greedy | Sample, round: int | None) -> Greedy | Sample:
    """With the seed of the round of a loop."""
    if round is None or isinstance(decode, Greedy):
        return decode
    return decode.model_copy(update={"seed": round_seed(decode.seed, round)})


def _novelty(item: ResolvedGenerate) -> Novelty | None:
    limit = item.block.novelty.value
    if limit is None or limit.call is None:
        if not isinstance(item.block.method.value, SelfInstructBody):
            return None
        return Novelty(column=item.columns["instruction"], op="<", limit=_PAPER_NOVELTY)
    column = limit.call.argument("column")
    assert isinstance(column, Ref)
    return Novelty(column=column.text, op=cast(Literal["<", "<=", ">", ">="], limit.op), limit=limit.limit)


def _budget(block: Generate) -> AskingBudget:
    budget = block.budget
    if budget is None:
        return AskingBudget()
    return AskingBudget(
        requests=budget.requests.value,
        tokens=budget.tokens.value,
        seconds=budget.time.value,
        money=budget.money.value,
    )


def _lines(block: Generate, builder: PlanBuilder) -> dict[str, Line]:
    lines: dict[str, Line] = {}
    for name, shape in (("method", block.method.value), ("decode", block.decode.value), ("budget", block.budget)):
        if isinstance(shape, Shape):
            lines |= builder.lines(shape, f"{name}.")
    return lines
