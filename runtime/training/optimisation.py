"""AdamW with decoupled decay, and the learning rate as a pure function of the step.

No decay on norms and biases (tensors of fewer than two dimensions). The rate rises linearly over the
warm-up steps and then stays, or falls linearly or along a half cosine to 0 after the last step. There is
no scheduler object, so there is none to save: the step number is enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch


@dataclass(frozen=True, slots=True)
class Rate:
    """``peak`` is the highest learning rate; ``warmup`` and ``total`` count optimiser steps."""

    peak: float
    kind: Literal["cosine", "linear", "constant"]
    warmup: int
    total: int

    @classmethod
    def of(cls, peak: float, kind: Literal["cosine", "linear", "constant"], warmup_share: float, total: int) -> Rate:
        return cls(peak, kind, math.ceil(warmup_share * total), total)

    def at(self, step: int) -> float:
        """The rate of optimiser step ``step``, counted from 0."""
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        if self.kind == "constant":
            return self.peak
        left = 1 - (step - self.warmup) / max(1, self.total - self.warmup)
        return self.peak * (left if self.kind == "linear" else 0.5 * (1 - math.cos(math.pi * left)))


def make_optimiser(
    parameters: Iterable[tuple[str, torch.nn.Parameter]], weight_decay: float
) -> tuple[torch.optim.AdamW, list[str]]:
    """AdamW (betas 0.9 and 0.999, eps 1e-8) over the trainable parameters, and their names in the optimiser's order."""
    named = [(name, parameter) for name, parameter in parameters if parameter.requires_grad]
    decayed = [(name, parameter) for name, parameter in named if parameter.dim() >= 2]
    others = [(name, parameter) for name, parameter in named if parameter.dim() < 2]
    groups = [
        {"params": [parameter for _, parameter in decayed], "weight_decay": weight_decay},
        {"params": [parameter for _, parameter in others], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], lr=0.0, fused=True)
    return optimiser, [name for name, _ in decayed + others]
