"""The training loop: optimiser steps over prefix-shared micro-batches, with measurements and checkpoints.

The loss of an optimiser step is the sum of its token losses over all micro-batches, divided by all its
supervised tokens, so accumulation changes nothing. Everything that decides the weights is a function of
rows, seed and position; what depends on the clock (checkpoints, reports) touches no weight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from compiler.step_params import TrainParams
from runtime.context import Interrupted, StopFlag
from runtime.training import checkpoint
from runtime.training.checkpoint import Position
from runtime.training.forward import TrainingForward, mean_loss, supervised
from runtime.training.masks import Encoded
from runtime.training.model import Trainee
from runtime.training.optimisation import Rate, make_optimiser
from runtime.training.rows import TrainingRow, epoch_order
from spec_lang.diagnostics import fatal

CHECKPOINT_SECONDS = 30.0
CHECKPOINT_SHARE = 0.05  # of the time, at most: full weights take seconds to write, so they are written less often
_LONG_EPOCH = 200  # optimiser steps; longer epochs are validated four times


@dataclass(frozen=True, slots=True)
class Measured:
    """One optimiser step (or, as step 0, the start): what ``train_steps`` holds. Losses in nats a token."""

    step: int
    epoch: float
    loss: float | None
    validation_loss: float | None
    learning_rate: float | None
    grad_norm: float | None
    supervised_tokens: int
    tokens: int
    padding_share: float
    tokens_per_second: float | None
    seconds: float


@dataclass(frozen=True)
class Job:
    """What to train on and whom to tell. ``report`` gets every step; ``saved`` is called before a checkpoint."""

    rows: Sequence[TrainingRow]
    validation: Sequence[TrainingRow]
    params: TrainParams
    folder: Path
    stop: StopFlag
    report: Callable[[Measured], None]
    saved: Callable[[], None]

    @property
    def steps_an_epoch(self) -> int:
        return math.ceil(len(self.rows) / self.params.batch)

    @property
    def total(self) -> int:
        return self.steps_an_epoch * self.params.epochs

    def rows_of(self, step: int) -> list[Encoded]:
        """The rows of optimiser step ``step`` (from 0): a slice of its epoch's order."""
        epoch, place = divmod(step, self.steps_an_epoch)
        order = epoch_order(tuple(row.row_id for row in self.rows), self.params.seed, epoch)
        start = place * self.params.batch
        return [self.rows[index].encoded for index in order[start : start + self.params.batch]]

    def validates_after(self, step: int) -> bool:
        """At the end of each epoch, and at each quarter of a long one."""
        every = self.steps_an_epoch if self.steps_an_epoch <= _LONG_EPOCH else math.ceil(self.steps_an_epoch / 4)
        place = step % self.steps_an_epoch
        return place == 0 or place % every == 0


def train(job: Job, trainee: Trainee, forward: TrainingForward) -> Position:
    """Train to the end, from the newest checkpoint when there is one; the final position.

    Raises Interrupted after saving when a stop was asked for, DiagnosticError SFT0524 when the loss is not finite.
    """
    params = job.params
    optimiser, names = make_optimiser(trainee.model.named_parameters(), float(params.weight_decay))
    rate = Rate.of(float(params.learning_rate), params.schedule, float(params.warmup), job.total)
    position = checkpoint.load(job.folder, trainee.model, optimiser, names)
    if position is None:
        position = _start(job, forward)
    written, took = time.monotonic(), 0.0
    while position.step < job.total:
        measured, position = _one_step(job, trainee, forward, optimiser, rate, position)
        job.report(measured)
        began = time.monotonic()
        due = began - written > max(CHECKPOINT_SECONDS, took / CHECKPOINT_SHARE)
        if (job.stop.requested or due) and position.step < job.total:
            job.saved()
            checkpoint.save(job.folder, position, trainee.model, optimiser, names)
            written = time.monotonic()
            took = written - began
        if job.stop.requested:
            raise Interrupted
    return position


def _start(job: Job, forward: TrainingForward) -> Position:
    loss = _validate(job, forward)
    job.report(Measured(0, 0.0, None, loss, None, None, 0, 0, 0.0, None, 0.0))
    return Position(0, 0, 0.0, None, loss, loss)


def _validate(job: Job, forward: TrainingForward) -> float | None:
    if not job.validation:
        return None
    return mean_loss(forward, [row.encoded for row in job.validation], job.params.tokens_per_batch)


def _one_step(
    job: Job,
    trainee: Trainee,
    forward: TrainingForward,
    optimiser: torch.optim.AdamW,
    rate: Rate,
    position: Position,
) -> tuple[Measured, Position]:
    began = time.monotonic()
    rows = job.rows_of(position.step)
    targets = supervised(rows)
    loss, computed, tokens = 0.0, 0, 0
    for group in forward.plan(rows, job.params.tokens_per_batch):
        part = forward.loss_sum([rows[index] for index in group])
        (part.total / targets).backward()
        loss += float(part.total.detach())
        computed, tokens = computed + part.computed, tokens + part.tokens
    loss /= targets
    trained = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    norm = float(torch.nn.utils.clip_grad_norm_(trained, float(job.params.max_grad_norm) or math.inf))
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise _diverged(position.step + 1, loss, rate.at(position.step))
    for group in optimiser.param_groups:
        group["lr"] = rate.at(position.step)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    seconds = time.monotonic() - began
    step = position.step + 1
    validation = _validate(job, forward) if job.validates_after(step) else None
    measured = Measured(
        step, step / job.steps_an_epoch, loss, validation, rate.at(position.step), norm, targets, tokens,
        max(0.0, 1 - tokens / computed), tokens / seconds, seconds,
    )  # fmt: skip
    after = replace(
        position,
        step=step,
        tokens=position.tokens + tokens,
        seconds=position.seconds + seconds,
        first_loss=loss if position.first_loss is None else position.first_loss,
        validation_loss=position.validation_loss if validation is None else validation,
    )
    return measured, after


def _diverged(step: int, loss: float, learning_rate: float) -> Exception:
    return fatal(
        "SFT0524",
        f"training diverged at step {step}: the loss is {loss}",
        f"lower `learning_rate` (it was {learning_rate:.2g} here), or raise `warmup`",
    )
