"""Train: rendered rows in, an adapter or full weights out.

The order is from cheap to dear: tokenizer and proof of the mask, rows and their length policy, then the
model. A killed or stopped step continues from its checkpoint; rows of ``train_steps`` past the checkpoint
are written again. Rows that cannot be trained on are in the ledger before any step.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

from compiler.step_params import TrainParams
from runtime.context import StepContext, StepResult
from runtime.relational import engine, parquet
from runtime.store import insert_rows
from runtime.training.rows import Prepared, RenderedRow, prepare, require_rows

_LEDGER = ("step_hash", "rule", "row_id", "value", "detail")
COMMIT_SECONDS = 2.0


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0512 to SFT0514 (mask), SFT0520 to SFT0525, Interrupted after saving."""
    params = ctx.step.params
    assert isinstance(params, TrainParams)
    import torch

    from runtime.training import checkpoint
    from runtime.training.masks import prove
    from runtime.training.model import load_trainee, save_trained, tokenizer_of

    torch.set_num_threads(_cores())
    tokenizer = tokenizer_of(ctx.step, ctx.spec_dir, ctx.note)
    if params.objective == "response":
        prove(tokenizer)
    rendered = read_rows(ctx.inputs["rows"], ctx.out)
    prepared = prepare(tokenizer, rendered, params.objective, params.max_length, params.overflow)
    _write_ledger(ctx, prepared)
    require_rows(prepared)
    validation = _validation(ctx, tokenizer, params)
    trainee = load_trainee(ctx.step, params, ctx.spec_dir, ctx.inputs.get("base"), tokenizer, ctx.note)
    summary = _train(ctx, params, trainee, prepared, validation)
    save_trained(trainee, ctx.out, continued="base" in ctx.inputs)
    checkpoint.clear(ctx.out)
    return StepResult(len(rendered), len(prepared.rows), len(prepared.dropped), summary)


def read_rows(folder: Path, scratch: Path) -> list[RenderedRow]:
    """The conversations of a render or mix artifact, in order."""
    with engine(scratch) as db:
        found = db.rows(f"SELECT row_id, messages FROM {parquet(folder / 'rows.parquet')} ORDER BY ord")
    return [RenderedRow.of(row_id, messages) for row_id, messages in found]


def _validation(ctx: StepContext, tokenizer: Any, params: TrainParams) -> Prepared:
    """Validation rows under the same mask and length; rows that do not fit are left out and counted in the summary."""
    if "validation" not in ctx.inputs:
        return Prepared((), (), 0)
    rendered = read_rows(ctx.inputs["validation"], ctx.out)
    return prepare(tokenizer, rendered, params.objective, params.max_length, params.overflow)


def _write_ledger(ctx: StepContext, prepared: Prepared) -> None:
    step = ctx.step.hash
    with ctx.store.writing() as con:
        con.execute("DELETE FROM ledger WHERE step_hash = ?", [step])
        rows = [(step, drop.rule, drop.row_id, drop.value, drop.detail) for drop in prepared.dropped]
        insert_rows(con, "ledger", _LEDGER, rows)


def _train(
    ctx: StepContext, params: TrainParams, trainee: Any, prepared: Prepared, validation: Prepared
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
    recorder = Recorder(ctx)
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


@dataclass
class Recorder:
    """Steps as events at once, and as ``train_steps`` rows every two seconds (a transaction costs 14 ms)."""

    ctx: StepContext
    total: int = 0
    last_loss: float | None = None
    waiting: list[Any] = field(default_factory=list)
    written: float = field(default_factory=time.monotonic)

    def report(self, measured: Any) -> None:
        self.waiting.append(measured)
        values = asdict(measured)
        values["at_step"] = values.pop("step")
        self.ctx.events.emit("train_step", self.ctx.step.id, steps=self.total, **values)
        if measured.step:
            self.last_loss = measured.loss
            rates = {"loss": measured.loss, "tokens_per_second": measured.tokens_per_second}
            self.ctx.progress(measured.step, self.total, "steps", **rates)
        if time.monotonic() - self.written > COMMIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits; a step that is written again after a continuation replaces its first writing."""
        self.written = time.monotonic()
        if not self.waiting:
            return
        step = self.ctx.step.hash
        names = ["step_hash", *(item.name for item in fields(self.waiting[0]))]
        with self.ctx.store.writing() as con:
            con.execute("DELETE FROM train_steps WHERE step_hash = ? AND step >= ?", [step, self.waiting[0].step])
            insert_rows(con, "train_steps", names, [(step, *astuple(item)) for item in self.waiting])
        self.waiting = []


def _cores() -> int:
    """The cores that this process may use, or what ``OMP_NUM_THREADS`` says."""
    if (said := os.environ.get("OMP_NUM_THREADS", "")).isdigit():
        return max(1, int(said))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
