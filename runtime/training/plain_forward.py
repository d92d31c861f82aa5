"""The loss of a padded micro-batch through the model's own forward pass: any architecture, no tricks.

Rows of about the same length stand together, so little is padded. It is the reference for
``shared_forward`` and what is used where that one is not known or not proven to be equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from runtime.training.masks import Encoded

Tensor = torch.Tensor


@dataclass(frozen=True)
class PaddedBatch:
    """``ids`` and ``attention`` (B, T), padded on the right; ``supervised`` (B, T) marks the predicted tokens."""

    ids: Tensor
    attention: Tensor
    supervised: Tensor
    tokens: int

    @property
    def computed(self) -> int:
        return self.ids.numel()


def plan_padded(rows: Sequence[Encoded], budget: int) -> list[list[int]]:
    """Groups of rows (by index), longest first, of at most ``budget`` tokens with padding (or one row)."""
    order = sorted(range(len(rows)), key=lambda index: (-len(rows[index].ids), rows[index].ids, index))
    groups: list[list[int]] = []
    for index in order:
        if groups and len(rows[groups[-1][0]].ids) * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def build_padded(rows: Sequence[Encoded], device: torch.device, pad: int) -> PaddedBatch:
    longest = max(len(row.ids) for row in rows)
    filled = [list(row.ids) + [pad] * (longest - len(row.ids)) for row in rows]
    marked = [list(row.supervised) + [False] * (longest - len(row.ids)) for row in rows]
    lengths = torch.tensor([len(row.ids) for row in rows], device=device)
    return PaddedBatch(
        torch.tensor(filled, device=device),
        (torch.arange(longest, device=device)[None] < lengths[:, None]).long(),
        torch.tensor(marked, device=device),
        sum(len(row.ids) for row in rows),
    )


def plain_loss_sum(model: Any, batch: PaddedBatch, autocast: torch.dtype | None = None) -> Tensor:
    """Sum over supervised tokens of the cross-entropy in nats, a float32 scalar."""
    context: AbstractContextManager[Any] = (
        nullcontext() if autocast is None else torch.autocast(batch.ids.device.type, dtype=autocast)
    )
    with context:
        logits = model(input_ids=batch.ids, attention_mask=batch.attention, use_cache=False).logits
    wanted = batch.supervised[:, 1:]
    return F.cross_entropy(logits[:, :-1][wanted].float(), batch.ids[:, 1:][wanted], reduction="sum")
