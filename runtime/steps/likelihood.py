"""Likelihood: what a model gives to texts that are there, for metrics of expected answers and of drift.

Of ``expected`` answers, how likely each is after its prompt: the text alone, and the end-of-turn token after it. Of the
model's own ``output``, how far its distribution over the next token is from a reference's, exactly over the vocabulary
at every token of the answer, the one that ended it included. In a plain prompt an expected answer has no end, and an
output that was not cut off has the token of ``plain_end``. Outputs are kept as text and encoded again here; where
that gives another number of tokens than were generated, the summary says so. Prompts are read once for all of it, rows
are kept as they come. Costs: loading the models, and one run of every token, by both models for a divergence.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.step_params import LikelihoodParams
from runtime.context import StepContext, StepResult
from runtime.models.protocols import Question
from runtime.models.unchanged import require_same, require_unchanged
from runtime.refused_prompts import without_refused
from runtime.relational import engine, parquet
from runtime.steps.predict import load, read_questions
from runtime.store import Store, insert_rows
from runtime.unwritten_rows import UnwrittenRows
from spec_lang.diagnostics import DiagnosticError, fatal

if TYPE_CHECKING:
    from runtime.inference.prefix_tree import Text

_NUMBERS = ("log_likelihood", "ending", "divergence", "tokens", "words", "characters", "bytes")
_COLUMNS = ("step_hash", "row_id", *_NUMBERS, "made_at")


@dataclass(frozen=True, slots=True)
class Said:
    """A text as an answer. ``ended``: a token that ends it belongs to it; ``tokens`` is how many were generated."""

    question: Question
    text: str
    ended: bool
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A text encoded after its prompt, and the token that ends it after both."""

    said: Said
    text: Text | None
    ending: Text | None


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0512 to SFT0514 (the template does not tell where a turn ends), SFT0526 (a model's
    files changed), SFT0550 (the template refuses a prompt), SFT0551 (nothing can be asked), SFT0553 (other
    vocabularies); Interrupted."""
    from runtime.inference.likelihood import Reader

    params = ctx.step.params
    assert isinstance(params, LikelihoodParams)
    said = _said(ctx, params)
    _require_unchanged(ctx)
    model, tokenizer = load(ctx, params)
    models = (model,) if params.of == "expected" else (model, _reference(ctx, params, model, tokenizer))
    _require_unchanged(ctx)
    readable = _readable(ctx, params, tokenizer, model, said)
    kept = {row[0] for row in ctx.store.query("SELECT row_id FROM likelihoods WHERE step_hash = ?", [ctx.step.hash])}
    keeper = Keeper(ctx, len(kept), len(readable))
    reader = Reader(models)
    keeper.report()
    try:
        _ask(reader, params, [read for read in readable if read.said.question.prompt.row_id not in kept], keeper)
    finally:
        keeper.waiting.flush()
    _confirm(ctx)
    _write_parquet(ctx, said)
    summary = {
        "asked": len(readable) - len(kept),
        "continued_after": len(kept),
        "encoded_otherwise": sum(_otherwise(read) for read in readable),
        "device": model.device.type,
        "precision": str(model.dtype).removeprefix("torch."),
        "forward": reader.way or None,
    }
    return StepResult(len(said), len(readable), len(said) - len(readable), summary)


def _otherwise(read: Read) -> bool:
    """Whether an output has other tokens than were generated, as far as their number tells."""
    text = 0 if read.text is None else len(read.text.ids) - read.text.start
    return read.said.tokens is not None and read.said.tokens != text + (read.ending is not None)


def _said(ctx: StepContext, params: LikelihoodParams) -> list[Said]:
    """The expected answers, or what the model answered, in the order of the prompts."""
    questions = read_questions(ctx.inputs["prompts"], ctx.out)
    if params.of == "expected":
        return [Said(question, question.expected, params.prompt is None) for question in questions]
    file = parquet(ctx.inputs["answers"] / "predictions.parquet")
    with engine(ctx.out) as db:
        rows = db.rows(f"SELECT row_id, output, stop_reason, output_tokens FROM {file}")
    answers = {row_id: (output, reason == "end_of_turn", tokens) for row_id, output, reason, tokens in rows}
    return [
        Said(question, *answers[question.prompt.row_id]) for question in questions if question.prompt.row_id in answers
    ]


# --- models -------------------------------------------------------------------------------------------


def _reference(ctx: StepContext, params: LikelihoodParams, model: Any, tokenizer: Any) -> Any:
    """The model that is compared with, which has to give a meaning to the same tokens."""
    from runtime.models.folders import model_folder
    from runtime.models.loading import load_model, load_plain_tokenizer, load_trained

    folder = model_folder(ctx.step.local["reference"]["weights"], ctx.spec_dir, ctx.note)
    trained = ctx.inputs.get("reference")
    if load_plain_tokenizer(folder).get_vocab() != tokenizer.get_vocab():
        raise _other_vocabulary(ctx, "their tokenizers have other tokens")
    reference: Any = (
        load_model(folder, model.dtype, model.device)
        if trained is None
        else load_trained(folder, trained, model.dtype, model.device)
    )
    if reference.config.vocab_size != model.config.vocab_size:
        sizes = f"{model.config.vocab_size:,} and {reference.config.vocab_size:,} rows"
        raise _other_vocabulary(ctx, f"their embeddings have {sizes}")
    return reference.eval()


def _other_vocabulary(ctx: StepContext, why: str) -> DiagnosticError:
    labels = ctx.step.local.get("labels", {})
    return fatal(
        "SFT0553",
        f"`{labels.get('model')}` cannot be compared with `{labels.get('reference')}`: {why}",
        "`kl_from` compares two models that give probabilities to the same tokens: name a reference of the same family",
    )


def _require_unchanged(ctx: StepContext) -> None:
    require_unchanged(ctx.step, ctx.spec_dir)
    names = {"reference_weights": "weights", "reference_tokenizer": "tokenizer"}
    hashed = {names[name]: value for name, value in ctx.step.content.items() if name in names}
    if hashed:
        require_same(hashed, ctx.step.local["reference"]["weights"], None, ctx.spec_dir)


def _confirm(ctx: StepContext) -> None:
    """Raises DiagnosticError SFT0526 when the files of a model changed meanwhile; the rows are then taken back."""
    try:
        _require_unchanged(ctx)
    except DiagnosticError:
        with ctx.store.writing() as con:
            con.execute("DELETE FROM likelihoods WHERE step_hash = ?", [ctx.step.hash])
        raise


# --- texts --------------------------------------------------------------------------------------------


def _readable(
    ctx: StepContext, params: LikelihoodParams, tokenizer: Any, model: Any, said: Sequence[Said]
) -> list[Read]:
    from runtime.models.local_generator import plain_end
    from runtime.models.prompt_tokens import PromptEncoder
    from runtime.training.masks import prove

    encoder = PromptEncoder(tokenizer, params.prompt, getattr(model.config, "max_position_embeddings", None))
    end = prove(tokenizer).end_of_turn_id if params.prompt is None else plain_end(model, tokenizer)

    def encoded(one: Said) -> Read:
        return _encoded(encoder, one, end, written=params.of == "output")

    return without_refused(ctx, said, lambda one: one.question.prompt.row_id, encoded, "answers")


def _encoded(encoder: Any, said: Said, end: int | None, *, written: bool) -> Read:
    from runtime.inference.prefix_tree import Text

    prompt = encoder.text(said.question.prompt.messages)
    if said.text:
        (ids, *_), start = encoder.continued(prompt, [said.text], written=written)
        text = Text(ids, start)
    else:  # a model that ends its turn at once
        ids, text = encoder.ids(prompt) or encoder.first, None
    return Read(said, text, Text((*ids, end), len(ids)) if said.ended and end is not None else None)


def _ask(reader: Any, params: LikelihoodParams, todo: Sequence[Read], keeper: Keeper) -> None:
    """Both texts of each answer; an answer is kept when it has both."""
    texts, owners = [], []
    for number, read in enumerate(todo):
        for part in (read.text, read.ending):
            if part is not None:
                texts.append(part)
                owners.append((number, part is read.ending))
    wanted = [(read.text is not None) + (read.ending is not None) for read in todo]
    found: list[dict[bool, Any]] = [{} for _ in todo]
    keeper.take([_row(read, {}, params) for read, count in zip(todo, wanted, strict=True) if not count])
    keeper.waiting.between_batches()
    for batch in reader.likelihoods(texts) if params.of == "expected" else reader.divergences(texts):
        done = []
        for one in batch:
            number, is_ending = owners[one.text]
            found[number][is_ending] = one
            if len(found[number]) == wanted[number]:
                done.append(_row(todo[number], found[number], params))
        keeper.take(done)
        keeper.waiting.between_batches()


def _row(read: Read, found: Mapping[bool, Any], params: LikelihoodParams) -> tuple[Any, ...]:
    """Row id and ``_NUMBERS``. A sum that is no number is kept as none."""
    text = read.said.text
    tokens = sum(one.tokens for is_ending, one in found.items() if params.of == "output" or not is_ending)
    apart = ended = likely = None
    if params.of == "output":
        apart = _finite(sum(one.value for one in found.values())) if found else None
    else:
        likely = _finite(found[False].value) if False in found else None
        ended = _finite(found[True].value) if True in found else None
    size = len(text.encode("utf-8", "surrogatepass"))
    return (read.said.question.prompt.row_id, likely, ended, apart, tokens, len(text.split()), len(text), size)


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


# --- keeping ------------------------------------------------------------------------------------------


@dataclass
class Keeper:
    """Keeps rows as they come, and reports progress."""

    ctx: StepContext
    done: int
    total: int
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.waiting = UnwrittenRows[tuple[Any, ...]](self.ctx, self._write, "the model is asked on, its answers wait")

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.waiting.rows.extend(rows)
        self.done += len(rows)

    def _write(self, store: Store, rows: Sequence[tuple[Any, ...]]) -> None:
        now = datetime.now(UTC)
        store.insert("likelihoods", _COLUMNS, [(self.ctx.step.hash, *row, now) for row in rows])
        self.report()

    def report(self) -> None:
        self.ctx.progress(self.done, self.total, "items")


def _write_parquet(ctx: StepContext, said: Iterable[Said]) -> None:
    """The numbers in the order of the prompts, for the measure step."""
    order = {one.question.prompt.row_id: place for place, one in enumerate(said)}
    columns = ("row_id", *_NUMBERS)
    rows = ctx.store.query(f"SELECT {', '.join(columns)} FROM likelihoods WHERE step_hash = ?", [ctx.step.hash])
    rows.sort(key=lambda row: order[row[0]])
    kinds = ["TEXT", "DOUBLE", "DOUBLE", "DOUBLE", *["INTEGER"] * 4]
    with engine(ctx.out) as db:
        listed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, kinds, strict=True))
        db.execute(f"CREATE TABLE numbers ({listed})")
        insert_rows(db.con, "numbers", columns, rows)
        db.copy("SELECT * FROM numbers", Path(ctx.out) / "likelihoods.parquet")
