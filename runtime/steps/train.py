"""Train: rendered rows in, an adapter or full weights out.

The order is from cheap to dear: tokenizer and proof of the mask, rows and their length policy, then the
model. A killed or stopped step continues from its checkpoint; rows of ``train_steps`` past the checkpoint
are written again. One that was killed after its last step finds its result and trains nothing. Rows that
cannot be trained on, or validated on, are in the ledger before any step.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.step_params import TrainParams
from runtime.context import StepContext, StepResult
from runtime.relational import PLACE, engine, parquet
from runtime.store import insert_rows
from runtime.training.rows import Prepared, RenderedRow, prepare, require_rows

if TYPE_CHECKING:
    from runtime.training.recorder import Recorder

_LEDGER = ("step_hash", "rule", "row_id", "value", "detail")


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0512 to SFT0514 (mask), SFT0520 to SFT0526, Interrupted after saving."""
    params = ctx.step.params
    assert isinstance(params, TrainParams)
    import torch

    from runtime.models.unchanged import require_unchanged
    from runtime.training.masks import prove
    from runtime.training.model import load_trainee, tokenizer_of
    from runtime.training.recorder import Recorder

    recorder = Recorder.of(ctx)
    if (result := _ended_before(ctx, recorder)) is not None:
        return result
    require_unchanged(ctx.step, ctx.spec_dir)
    torch.set_num_threads(_cores())
    tokenizer = tokenizer_of(ctx.step, ctx.spec_dir, ctx.note)
    if params.objective == "response":
        prove(tokenizer)
    rendered = read_rows(ctx.inputs["rows"], ctx.out)
    prepared = prepare(tokenizer, rendered, params.objective, params.max_length, params.overflow)
    validation = _validation(ctx, tokenizer, params)
    _write_ledger(ctx, prepared, validation)
    require_rows(prepared)
    trainee = load_trainee(ctx.step, params, ctx.spec_dir, ctx.inputs.get("base"), tokenizer, ctx.note)
    require_unchanged(ctx.step, ctx.spec_dir)  # what was loaded is what the hash names
    summary = _train(ctx, params, trainee, prepared, validation, recorder)
    dropped = len(prepared.dropped) + len(validation.dropped)
    result = StepResult(len(rendered) + len(validation.dropped), len(prepared.rows), dropped, summary)
    _end(ctx, trainee, result, recorder)
    return result


def _ended_before(ctx: StepContext, recorder: Recorder) -> StepResult | None:
    """The result of an earlier process that trained to the end; None without one, or when its ledger is gone."""
    from runtime.training import checkpoint
    from runtime.training.finished import kept_result

    result = kept_result(ctx.out, ctx.step.hash)
    if result is None:
        return None
    entries = ctx.store.query("SELECT count(*) FROM ledger WHERE step_hash = ?", [ctx.step.hash])[0][0]
    if entries != result.rows_dropped:  # a store that was thrown away and made anew
        return None
    checkpoint.clear(ctx.out)
    recorder.finish()
    return result


def _end(ctx: StepContext, trainee: Any, result: StepResult, recorder: Recorder) -> None:
    """Weights, then the result beside them, then the checkpoint goes: a kill between any two loses no training.

    Raises DiagnosticError SFT0526 (the model's files changed meanwhile: nothing is kept), SFT0901.
    """
    from runtime.models.unchanged import require_unchanged
    from runtime.training import checkpoint
    from runtime.training.finished import keep_result
    from runtime.training.model import save_trained
    from spec_lang.diagnostics import DiagnosticError

    try:
        require_unchanged(ctx.step, ctx.spec_dir)
    except DiagnosticError:
        checkpoint.clear(ctx.out)  # weights are mapped from their file: the training may have seen either one
        raise
    save_trained(trainee, ctx.out, continued="base" in ctx.inputs)
    keep_result(ctx.out, ctx.step.hash, result)
    checkpoint.clear(ctx.out)
    recorder.finish()


def read_rows(folder: Path, scratch: Path) -> list[RenderedRow]:
    """The conversations of a render or mix artifact, in order."""
    with engine(scratch) as db:
        found = db.rows(f"SELECT row_id, messages FROM {parquet(folder / 'rows.parquet')} ORDER BY {PLACE}")
    return [RenderedRow.of(row_id, messages) for row_id, messages in found]


def _validation(ctx: StepContext, tokenizer: Any, params: TrainParams) -> Prepared:
    """Validation rows under the same mask and length; the ledger has those that do not fit."""
    if "validation" not in ctx.inputs:
        return Prepared((), (), 0)
    rendered = read_rows(ctx.inputs["validation"], ctx.out)
    prepared = prepare(tokenizer, rendered, params.objective, params.max_length, params.overflow)
    if rendered and not prepared.rows:
        first = prepared.dropped[0]
        ctx.note(f"no validation loss: all {len(rendered)} validation rows were dropped; the first: {first.detail}")
    return prepared


def _write_ledger(ctx: StepContext, prepared: Prepared, validation: Prepared) -> None:
    step = ctx.step.hash
    drops = [(drop.rule, drop) for drop in prepared.dropped]
    drops += [(f"validation:{drop.rule}", drop) for drop in validation.dropped]
    with ctx.store.writing() as con:
        con.execute("DELETE FROM ledger WHERE step_hash = ?", [step])
        rows = [(step, rule, drop.row_id, drop.value, drop.detail) for rule, drop in drops]
        insert_rows(con, "ledger", _LEDGER, rows)


def _train(
    ctx: StepContext, params: TrainParams, trainee: Any, prepared: Prepared, validation: Prepared, recorder: Recorder
) -> dict[str, Any]:
    import torch

    from runtime.training.forward import TrainingForward
    from runtime.training.loop import Job, train
    from spec_lang.diagnostics import fatal

    encoded = [row.encoded for row in prepared.rows]
    forward = TrainingForward.of(trainee.model, trainee.device, trainee.pad, trainee.autocast, encoded)
    ctx.note(
        f"{trainee.trainable:,} trainable parameters on {trainee.device.type}; {forward.name} forward: {forward.why}"
    )
    job = Job(prepared.rows, validation.rows, params, ctx.out, ctx.stop, recorder.report, recorder.flush)
    recorder.total = job.total
    try:
        position = train(job, trainee, forward)
    except torch.OutOfMemoryError as error:
        raise fatal(
            "SFT0525",
            f"the memory of the {trainee.device.type} device is not enough",
            f"lower `tokens_per_batch` (it is {params.tokens_per_batch}); the result stays the same",
        ) from error
    finally:
        recorder.flush()
    return {
        "rows": len(prepared.rows),
        "truncated": prepared.truncated,
        "validation_rows": len(validation.rows),
        "validation_dropped": len(validation.dropped),
        "steps": position.step,
        "tokens": position.tokens,
        "tokens_per_second": round(position.tokens / max(position.seconds, 1e-9), 1),
        "first_loss": position.first_loss,
        "last_loss": recorder.last_loss,
        "first_validation_loss": position.first_validation_loss,
        "validation_loss": position.validation_loss,
        "trainable_parameters": trainee.trainable,
        "device": trainee.device.type,
        "precision": str(trainee.dtype).removeprefix("torch."),
        "forward": forward.name,
    }


def _cores() -> int:
    """The cores that this process may use, or what ``OMP_NUM_THREADS`` says."""
    if (said := os.environ.get("OMP_NUM_THREADS", "")).isdigit():
        return max(1, int(said))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
