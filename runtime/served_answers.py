"""Answers of a served model to a rendered set: requests that are asked once, whichever eval or run needs them.

Answers lie in ``requests`` as they come and go to ``predictions`` when all are there, so a killed step asks for what it
has not, and an eval over a few more rows for those alone. A request that a server never answered leaves no gap: the
step ends with a finding, its answers stay, and the next run asks for the rest. Costs: what the server takes; no torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from compiler.step_params import Greedy, PredictParams, Sample
from runtime.asking import Answer, Result, Unanswered, open_asking
from runtime.context import StepContext, StepResult
from runtime.models.protocols import Question
from runtime.steps.predict import COLUMNS, read_questions, write_answers
from runtime.store import insert_rows
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

_LEDGER = ("step_hash", "rule", "row_id", "detail")


def run(ctx: StepContext, params: PredictParams) -> StepResult:
    """Raises DiagnosticError SFT0530 to SFT0533 (the server), SFT0534 (requests that it never answered), SFT0551
    (nothing can be asked), SFT0901, Interrupted."""
    assert isinstance(params.decode, Greedy | Sample), "the compiler refuses to let a served model choose"
    questions = read_questions(ctx.inputs["prompts"], ctx.out)
    with open_asking(ctx) as asker:
        asked = [
            asker.request(question.prompt.messages, params.decode, sample)
            for question in questions
            for sample in range(params.samples)
        ]
        results = asker.ask(asked)
        summary = asker.summary()
        asker.require_answers()
    if results and not any(isinstance(one, Answer) for one in results):
        raise _nothing(results)
    told = [results[place * params.samples : (place + 1) * params.samples] for place in range(len(questions))]
    dropped = _keep(ctx, questions, told)
    write_answers(ctx, questions)
    return StepResult(len(questions), len(questions) - dropped, dropped, summary)


def _nothing(results: Sequence[Result]) -> DiagnosticError:
    first = next(one for one in results if isinstance(one, Unanswered))
    return fatal("SFT0551", f"none of {len(results)} prompts can be put to the model: {one_line(first.detail, 200)}")


def _keep(ctx: StepContext, questions: Sequence[Question], told: Sequence[Sequence[Result]]) -> int:
    """Answers and ledger of the step, in one transaction; how many items have no answer. An item is left out when any
    of its answers is missing, so that all have as many."""
    now = datetime.now(UTC)
    answers, drops = [], []
    for question, results in zip(questions, told, strict=True):
        refused = next((one for one in results if isinstance(one, Unanswered)), None)
        row_id = question.prompt.row_id
        if refused is not None:
            drops.append((ctx.step.hash, refused.reason, row_id, refused.detail))
            continue
        prompt = json.dumps(list(question.prompt.messages), ensure_ascii=False)
        for sample, one in enumerate(results):
            assert isinstance(one, Answer)
            made = (one.text, question.expected, one.stop_reason, one.prompt_tokens, one.output_tokens, one.seconds)
            answers.append((ctx.step.hash, row_id, sample, prompt, *made, now, None))
    with ctx.store.writing() as con:
        for table in ("predictions", "ledger"):
            con.execute(f"DELETE FROM {table} WHERE step_hash = ?", [ctx.step.hash])
        insert_rows(con, "ledger", _LEDGER, drops)
        insert_rows(con, "predictions", COLUMNS, answers)
    return len(drops)
