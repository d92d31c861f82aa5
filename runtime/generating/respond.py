"""``method = respond``: rows that are prompts' rows with a model's answer in the place of theirs.

The prompts are rendered by a step of their own, and those with a hint by another, from the same rows. A row that is
made has all columns of its prompt's row but for the answer; nothing of a hint is in it. What is known of an answer
beside its verdict (its sample, whether it was rationalised, what each verifier said) is in ``facts``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from compiler.judge_params import ModelJudge
from compiler.respond_params import Respond
from compiler.step_params import Metric
from runtime.asking import Asker, open_asking
from runtime.extension_metrics import own_metrics
from runtime.extensions import add_extensions
from runtime.generating.candidates import Candidate, SourceRow
from runtime.generating.responding import Prompted, Responding, Tried
from runtime.generating.verifying import Verifiers
from runtime.generating.work import ALL_ASKED, BUDGET, Ended, Work
from runtime.judging.judges import Judge, judge_of
from runtime.judging.pairs import PairJudge, pair_judge_of
from runtime.measuring.metric_columns import Columns, metric_columns
from runtime.metrics.code import not_confined
from runtime.relational import engine, parquet
from runtime.steps.predict import read_questions


def generate(work: Work) -> Ended:
    """All answers; candidates are in ``work``. Raises what asking and a verifier of the user's raise."""
    method = work.params.method
    assert isinstance(method, Respond)
    rows = {row.row_id: row for row in work.rows}
    prompts = [_shown(one, rows[one.row_id], method) for one in _prompts(work, "prompts")]
    hints = {one.row_id: one for one in _prompts(work, "hints")} if method.hint_samples is not None else {}
    answered: set[str] = set()
    open_to_it = ""
    with ExitStack() as opened:
        askers: list[Asker] = []
        verifiers = _verifiers(work, method, *_judges(work, method, opened, askers))
        for one in Responding(method, work.params.decode, work.asker, verifiers, hints).tried(prompts):
            work.candidates.add(_candidate(one, rows[one.prompt.row_id], method))
            open_to_it = open_to_it or next((found for it in one.verified if (found := not_confined(it.reason))), "")
            if one.prompt.row_id not in answered:
                answered.add(one.prompt.row_id)
                work.ctx.progress(len(answered), len(prompts), "prompts")
        for asker in askers:
            asker.require_answers()
    if open_to_it:
        work.ctx.note(f"a model's code ran that this machine did not confine: {open_to_it} (docs/code-execution.md)")
    return _ended(len(answered), len(prompts))


def _prompts(work: Work, role: str) -> Iterator[Prompted]:
    for question in read_questions(work.ctx.inputs[role], work.ctx.out):
        yield Prompted(question.prompt.row_id, question.prompt.messages, question.expected)


def _shown(one: Prompted, row: SourceRow, method: Respond) -> Prompted:
    """With the answer that its row has; a template may render another text in its place, or none."""
    expected = one.expected if method.conversation else row.values.get(method.column)
    return Prompted(one.row_id, one.messages, _text(expected))


def _text(value: Any) -> str:
    """A value as a template shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _verifiers(
    work: Work, method: Respond, judges: Mapping[str, Judge], pair_judges: Mapping[str, PairJudge]
) -> Verifiers:
    metrics = [*method.verify, *([method.by] if method.by is not None else [])]
    own, check = own_metrics(work.ctx), work.ctx.stop.check
    return Verifiers(method.verify, _columns(work, metrics), own, judges, pair_judges, check)


def _judges(
    work: Work, method: Respond, opened: ExitStack, askers: list[Asker]
) -> tuple[dict[str, Judge], dict[str, PairJudge]]:
    """The judges by name, of one answer and of two; a model that judges is asked beside the one that writes, by one of
    ``askers``, and its answers are kept as well."""
    alone: dict[str, Judge] = {}
    pairwise: dict[str, PairJudge] = {}
    for at, one in enumerate(method.judges):
        using, asker = one.judge.using, None
        if isinstance(using, ModelJudge):
            asked = open_asking(work.ctx, f"judge.{at}", precision=using.precision, tells=False)
            asker = opened.enter_context(asked)
            askers.append(asker)
        if one.judge.pairwise is not None:
            pairwise[one.name] = pair_judge_of(one.judge, asker=asker, scratch=work.ctx.out)
        else:
            alone[one.name] = judge_of(one.judge, asker=asker, scratch=work.ctx.out)
    return alone, pairwise


def _columns(work: Work, metrics: list[Metric]) -> Mapping[str, Columns]:
    if not any(metric.columns for metric in metrics):
        return {}
    ctx, part = work.ctx, work.params.part
    source = parquet(ctx.inputs["rows"] / "rows.parquet")
    with engine(ctx.out) as db:
        add_extensions(ctx, db)
        where, bound = (" WHERE __split = ?", [part]) if part is not None else ("", [])
        db.execute(f"CREATE TABLE items AS SELECT * FROM {source}{where}", bound)
        return metric_columns(db, ctx, metrics, "items")


def _candidate(one: Tried, row: SourceRow, method: Respond) -> Candidate:
    value = one.verdict.value
    return Candidate(
        with_answer(row.values, one.text, method),
        one.verdict.rule,
        None if value is None else f"{value:g}",
        one.verdict.detail or None,
        parents=(row.row_id,),
        requests=(one.request,),
        round=int(one.rationalised),
        facts=_facts(one),
    )


def _facts(one: Tried) -> dict[str, Any]:
    said = [{"name": it.name, "value": it.value, "reason": it.reason} for it in one.verified]
    found: dict[str, Any] = {"sample": one.sample}
    if one.rationalised:
        found["rationalised"] = True
    return found | ({"verified": said} if said else {})


def with_answer(values: Mapping[str, Any], text: str, method: Respond) -> dict[str, Any]:
    """A row's columns with another answer; of a conversation also in its last turn."""
    made = {**values, method.column: text}
    if method.conversation:
        turns = json.loads(values["messages"])
        made["messages"] = json.dumps([*turns[:-1], {"role": "assistant", "content": text}], ensure_ascii=False)
    return made


def _ended(answered: int, prompts: int) -> Ended:
    if answered == prompts:
        return Ended(ALL_ASKED, f"all {prompts:,} prompts were asked")
    return Ended(BUDGET, f"the budget ended after {answered:,} of {prompts:,} prompts")
