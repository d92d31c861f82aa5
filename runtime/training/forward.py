"""Which forward pass a model trains with: prefix-shared where it is proven equal, else the model's own.

Both are behind one small class: plan micro-batches, add up the loss of one. The shared pass is taken for
known architectures only, with adapters only where it computes them, and only after its loss and gradient on
the first rows agreed with the model's own pass; a disagreement is told and costs speed, never correctness.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from runtime.training.masks import Encoded
from runtime.training.plain_forward import build_padded, plain_loss_sum, plan_padded
from runtime.training.prefix_batch import build, plan_micro_batches
from runtime.training.shared_forward import SharedForward, is_llama_like

_PROOF_ROWS = 3
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 2e-2}  # of the mean token loss, relative
_GRADIENT_TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25}  # of the adapters' gradient, relative
_SHARED_LAYERS = re.compile(r"model\.layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)")


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
        if outside := _adapted_outside(base):
            plain.why = f"what is trained on `{outside[0]}` is not part of the shared pass"
            return plain
        shared = cls(model, device, pad, None, SharedForward.of(base), "")
        difference, of_gradient = _differences(plain, shared, list(rows[:_PROOF_ROWS]))
        dtype = next(base.parameters()).dtype
        if not difference <= _TOLERANCE.get(dtype, 1e-4):  # written so that NaN is a disagreement
            plain.why = f"the shared pass differs by {difference:.2g} on the first rows"
            return plain
        if not of_gradient <= _GRADIENT_TOLERANCE.get(dtype, 1e-3):
            plain.why = f"the gradient of the shared pass differs by {of_gradient:.2g}"
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


def _adapted_outside(base: Any) -> list[str]:
    """Modules with an adapter (or a trained copy) that the shared pass would step over; it adapts seven a layer."""
    adapted = [name for name, part in base.named_modules() if hasattr(part, "lora_A")]
    copies = [name for name, part in base.named_modules() if hasattr(part, "modules_to_save")]
    return [name for name in adapted if not _SHARED_LAYERS.fullmatch(name)] + copies


def _differences(plain: TrainingForward, shared: TrainingForward, rows: Sequence[Encoded]) -> tuple[float, float]:
    """Relative differences of the summed loss on ``rows`` and of the adapters' gradient on the shortest of them.

    Dropout is off, and the adapters do something: as they begin, with every B at zero, no loss would show them.
    """
    training = plain.model.training
    plain.model.eval()
    ordered = sorted(rows, key=lambda row: row.ids)
    with _perturbed(plain.model) as adapters:
        with torch.no_grad():
            reference, ours = float(plain.loss_sum(ordered).total), float(shared.loss_sum(ordered).total)
        shortest = [min(ordered, key=lambda row: len(row.ids))]
        apart = _gradient_difference(plain, shared, shortest, adapters) if adapters else 0.0
    plain.model.train(training)
    return abs(ours - reference) / max(abs(reference), 1e-6), apart


def _gradient_difference(
    plain: TrainingForward, shared: TrainingForward, rows: Sequence[Encoded], adapters: Sequence[torch.Tensor]
) -> float:
    """|g - h| / |g| over all adapters together; infinite when one gets no gradient from the shared pass."""
    theirs = torch.autograd.grad(plain.loss_sum(rows).total, adapters)
    ours = torch.autograd.grad(shared.loss_sum(rows).total, adapters, allow_unused=True)
    apart = whole = 0.0
    for one, other in zip(theirs, ours, strict=True):
        if other is None:
            return math.inf
        apart += float((one.float() - other.float()).square().sum())
        whole += float(one.float().square().sum())
    return math.sqrt(apart) / max(math.sqrt(whole), 1e-12)


@contextmanager
def _perturbed(model: Any) -> Iterator[list[torch.Tensor]]:
    """The adapters' tensors, with noise on every B; given back bit for bit, the global generators untouched."""
    adapters = {name: p for name, p in model.named_parameters() if p.requires_grad and ".lora_" in name}
    ups = [parameter for name, parameter in adapters.items() if ".lora_B." in name]
    before = [parameter.detach().clone() for parameter in ups]
    generator = torch.Generator().manual_seed(0)
    try:
        with torch.no_grad():
            for parameter in ups:
                noise = torch.randn(parameter.shape, generator=generator) * 0.02
                parameter.add_(noise.to(parameter.device, parameter.dtype))
        yield list(adapters.values())
    finally:
        with torch.no_grad():
            for parameter, value in zip(ups, before, strict=True):
                parameter.copy_(value)


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
