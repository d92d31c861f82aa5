"""Predict: every prompt of a rendered set put to one model, which writes an answer or chooses one; each is kept.

Answers go to ``predictions`` in short transactions, at most twice a second, so a killed step asks only
what it has not kept. With several samples every item is asked so often, each time with random numbers
of its own. Prompts that cannot be put to the model (a control token in the text, no room in the
context) are in the ledger. Costs: loading the model, then what decoding costs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.step_params import LikelihoodParams, PredictParams, Recorded
from runtime.context import StepContext, StepResult
from runtime.models.loaded import loaded
from runtime.models.protocols import Completion, Prompt, Question, ScoredOption
from runtime.models.unchanged import require_unchanged
from runtime.refused_prompts import without_refused
from runtime.relational import PLACE, engine, parquet
from runtime.store import Store, insert_rows
from runtime.unwritten_rows import UnwrittenRows
from spec_lang.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from runtime.models.answering import Asker

COLUMNS = (
    *("step_hash", "row_id", "sample", "prompt", "output", "expected", "stop_reason"),
    *("prompt_tokens", "output_tokens", "seconds", "made_at", "options"),
)


def run(ctx: StepContext) -> StepResult:
    """Answers of a served model are asked for in :mod:`runtime.served_answers`.

    Raises DiagnosticError SFT0526 (the model's files changed), SFT0550 (the template refuses a prompt), SFT0551
    (nothing can be asked), SFT0901 (the store is held at the end), Interrupted."""
    params = ctx.step.params
    assert isinstance(params, PredictParams)
    if isinstance(params.decode, Recorded):
        from runtime.recorded_answers import run as find_recorded

        return find_recorded(ctx, params.decode)
    if "served" in ctx.step.content:
        from runtime.served_answers import run as ask_server

        return ask_server(ctx, params)
    from runtime.models.answering import asker_of  # loads torch, which answers that were recorded do not need

    questions = read_questions(ctx.inputs["prompts"], ctx.out)
    require_unchanged(ctx.step, ctx.spec_dir)
    model, tokenizer = load(ctx, params)
    require_unchanged(ctx.step, ctx.spec_dir)  # what was loaded is what the hash names
    asker = asker_of(model, tokenizer, params)
    askable = without_refused(ctx, questions, _row_id, partial(_checked, asker), "prompts")
    asked = "SELECT row_id, sample FROM predictions WHERE step_hash = ?"
    kept = {(row_id, sample) for row_id, sample in ctx.store.query(asked, [ctx.step.hash])}
    prompts = [replace(question.prompt, sample=n) for question in askable for n in range(params.samples)]
    todo = [prompt for prompt in prompts if (prompt.row_id, prompt.sample) not in kept]
    keeper = Keeper(ctx, {q.prompt.row_id: q.expected for q in askable}, len(kept), len(prompts), params.samples)
    asker.between = keeper.waiting.between_batches
    keeper.report()
    try:
        asker.answer(todo, keeper.take)
    finally:
        keeper.waiting.flush()
    _confirm(ctx)
    seconds = time.monotonic() - keeper.began
    write_answers(ctx, questions)
    summary = {
        "asked": len(todo),
        "continued_after": len(kept),
        "output_tokens": keeper.tokens,
        "tokens_per_second": round(keeper.tokens / seconds, 1) if todo and seconds else None,
        "device": model.device.type,
        "precision": str(model.dtype).removeprefix("torch."),
        "decoding": asker.way or None,
    }
    return StepResult(len(questions), len(askable), len(questions) - len(askable), summary)


def _confirm(ctx: StepContext) -> None:
    """Raises DiagnosticError SFT0526 when the model's files changed meanwhile; the answers are then taken back."""
    try:
        require_unchanged(ctx.step, ctx.spec_dir)
    except DiagnosticError:  # weights are mapped from their file: an answer may come from either one
        with ctx.store.writing() as con:
            con.execute("DELETE FROM predictions WHERE step_hash = ?", [ctx.step.hash])
        raise


def read_questions(folder: Path, scratch: Path) -> list[Question]:
    """The conversations of a render artifact without their last assistant turn, in order."""
    rows = parquet(folder / "rows.parquet")
    with engine(scratch) as db:
        there = {row[0] for row in db.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {rows})")}
        options = "options" if "options" in there else "NULL"
        found = db.rows(f"SELECT row_id, messages, expected, {options} FROM {rows} ORDER BY {PLACE}")
    questions = []
    for row_id, text, expected, listed in found:
        messages = json.loads(text)
        if messages and messages[-1]["role"] == "assistant":
            messages = messages[:-1]
        questions.append(Question(Prompt(row_id, tuple(messages)), expected, tuple(json.loads(listed or "[]"))))
    return questions


def load(ctx: StepContext, params: PredictParams | LikelihoodParams) -> tuple[Any, Any]:
    """The step's model, base weights or what a train step made of them, and its tokenizer."""
    return loaded(
        ctx.step.local["weights"],
        ctx.step.local.get("chat_template"),
        ctx.spec_dir,
        trained=ctx.inputs.get("model"),
        precision=params.precision,
        plain=params.prompt,
        tell=ctx.note,
    )


def _row_id(question: Question) -> str:
    return question.prompt.row_id


def _checked(asker: Asker, question: Question) -> Question:
    asker.check(question)
    return question


@dataclass
class Keeper:
    """Collects finished answers, keeps them, reports progress."""

    ctx: StepContext
    expected: dict[str, str]
    done: int
    total: int
    samples: int = 1
    tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.waiting = UnwrittenRows[Completion](self.ctx, self._write, "the model is asked on, its answers wait")

    def take(self, batch: Sequence[Completion]) -> None:
        self.waiting.rows.extend(batch)
        self.done += len(batch)
        self.tokens += sum(answer.output_tokens for answer in batch)

    def _write(self, store: Store, answers: Sequence[Completion]) -> None:
        now = datetime.now(UTC)
        rows = [
            (
                *(self.ctx.step.hash, answer.row_id, answer.sample, answer.prompt, answer.output),
                *(self.expected[answer.row_id], answer.stop_reason, answer.prompt_tokens, answer.output_tokens),
                *(answer.seconds, now, options_json(answer.options)),
            )
            for answer in answers
        ]
        store.insert("predictions", COLUMNS, rows)
        self.report()

    def report(self) -> None:
        rate = self.tokens / max(1e-9, time.monotonic() - self.began)
        unit = "items" if self.samples == 1 else "answers"
        self.ctx.progress(self.done, self.total, unit, tokens_per_second=round(rate, 1) if self.tokens else None)


def options_json(options: Sequence[ScoredOption] | None) -> str | None:
    """Scored options as the store keeps them; docs/store.md says what each name holds."""
    if options is None:
        return None
    lengths = ((len(option.text), len(option.text.encode("utf-8", "surrogatepass"))) for option in options)
    kept = [
        {**asdict(option), "characters": characters, "bytes": size}
        for option, (characters, size) in zip(options, lengths, strict=True)
    ]
    return json.dumps(kept, ensure_ascii=False)


def write_answers(ctx: StepContext, questions: Sequence[Question]) -> None:
    """The step's answers in the order of the prompts, for whoever reads artifacts instead of the store."""
    order = {question.prompt.row_id: place for place, question in enumerate(questions)}
    rows = ctx.store.query(
        "SELECT row_id, sample, prompt, output, expected, stop_reason, prompt_tokens, output_tokens, options "
        "FROM predictions WHERE step_hash = ?",
        [ctx.step.hash],
    )
    rows.sort(key=lambda row: (order[row[0]], row[1]))
    columns = ("row_id", "sample", "prompt", "output", "expected", "stop_reason", "prompt_tokens", "output_tokens")
    with engine(ctx.out) as db:
        db.execute(
            "CREATE TABLE answers (row_id TEXT, sample INTEGER, prompt TEXT, output TEXT, expected TEXT, "
            "stop_reason TEXT, prompt_tokens INTEGER, output_tokens INTEGER, options TEXT)"
        )
        insert_rows(db.con, "answers", (*columns, "options"), rows)
        chosen, several = any(row[-1] is not None for row in rows), any(row[1] for row in rows)
        left_out = [name for name, there in (("options", chosen), ("sample", several)) if not there]
        kept = f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"
        db.copy(f"SELECT {kept} FROM answers", ctx.out / "predictions.parquet")
