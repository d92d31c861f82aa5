"""Which forward pass a model trains with: prefix-shared where it is proven equal, else the model's own.

Both are behind one small class: plan micro-batches, add up the loss of one. The shared pass is taken for
known architectures only, and only after its loss on the first rows agreed with the model's own pass; a
disagreement is told and costs speed, never correctness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from runtime.training.masks import Encoded
from runtime.training.plain_forward import build_padded, plain_loss_sum, plan_padded
from runtime.training.prefix_batch import build, plan_micro_batches
from runtime.training.shared_forward import SharedForward, is_llama_like

_PROOF_ROWS = 3
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 2e-2}  # of the mean token loss, relative


@dataclass(frozen=True)
class Loss:
    """The summed loss of a micro-batch, with the places computed for it (padding counted, shared ones once)."""

    total: torch.Tensor
    computed: int
    tokens: int


@dataclass
class TrainingForward:
    """``shared`` is None when the model's own forward pass is used. ``why`` says why, for the record."""

    model: Any
    device: torch.device
    pad: int
    autocast: torch.dtype | None
    shared: SharedForward | None
    why: str

    @classmethod
    def of(
        cls, model: Any, device: torch.device, pad: int, autocast: torch.dtype | None, rows: Sequence[Encoded]
    ) -> TrainingForward:
        """``model`` with or without peft's wrapper; ``rows`` are real ones, on which the shared pass is proven."""
        plain = cls(model, device, pad, autocast, None, "")
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        if autocast is not None:
            plain.why = "full weights under bf16 autocast"
            return plain
        if not is_llama_like(base):
            plain.why = f"{type(base).__name__} is not a known Llama-like architecture"
            return plain
        shared = cls(model, device, pad, None, SharedForward.of(base), "")
        difference = _difference(plain, shared, list(rows[:_PROOF_ROWS]))
        limit = _TOLERANCE.get(next(base.parameters()).dtype, 1e-4)
        if difference > limit:
            plain.why = f"the shared pass differs by {difference:.2g} on the first rows"
            return plain
        shared.why = f"equal to the model's own pass within {difference:.1e} on the first rows"
        return shared

    @property
    def name(self) -> str:
        return "plain" if self.shared is None else "shared"

    def plan(self, rows: Sequence[Encoded], budget: int) -> list[list[int]]:
        return plan_padded(rows, budget) if self.shared is None else plan_micro_batches(rows, budget)

    def loss_sum(self, rows: Sequence[Encoded]) -> Loss:
        """Rows of one micro-batch as ``plan`` gave them. The loss is in nats, summed over supervised tokens."""
        if self.shared is None:
            padded = build_padded(rows, self.device, self.pad)
            return Loss(plain_loss_sum(self.model, padded, self.autocast), padded.computed, padded.tokens)
        batch = build(rows, self.device)
        return Loss(self.shared.loss_sum(batch), len(batch.ids), batch.tokens)


def _difference(plain: TrainingForward, shared: TrainingForward, rows: Sequence[Encoded]) -> float:
    """Relative difference of the mean token losses of both passes, dropout off."""
    training = plain.model.training
    plain.model.eval()
    with torch.no_grad():
        ordered = sorted(rows, key=lambda row: row.ids)
        reference, ours = float(plain.loss_sum(ordered).total), float(shared.loss_sum(ordered).total)
    plain.model.train(training)
    return abs(ours - reference) / max(abs(reference), 1e-6)


def supervised(rows: Sequence[Encoded]) -> int:
    return sum(sum(row.supervised) for row in rows)


def mean_loss(forward: TrainingForward, rows: Sequence[Encoded], budget: int) -> float:
    """Mean token loss in nats over rows, without gradients and without dropout."""
    training = forward.model.training
    forward.model.eval()
    total = 0.0
    with torch.no_grad():
        for group in forward.plan(rows, budget):
            total += float(forward.loss_sum([rows[index] for index in group]).total)
    forward.model.train(training)
    return total / max(1, supervised(rows))
