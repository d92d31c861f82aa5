"""The summed token loss of each row, through the forward pass that training uses.

Training adds the losses of a batch up; a score needs them row by row. With shared prefixes a place that several rows
have in common is computed once and counted for each of them. No gradients; logits of a few hundred places at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from runtime.training.forward import TrainingForward
from runtime.training.kernels import TokenLoss
from runtime.training.masks import Encoded
from runtime.training.plain_forward import build_padded
from runtime.training.prefix_batch import PrefixBatch, build
from runtime.training.shared_forward import SharedForward


@torch.no_grad()
def row_losses(forward: TrainingForward, rows: Sequence[Encoded]) -> list[float]:
    """Nats summed over the supervised tokens of each row, for one group as ``forward.plan`` gave it."""
    if forward.shared is None:
        return _plain(forward, rows)
    batch = build(rows, forward.device)
    losses = _entry_losses(forward.shared, batch)
    places = batch.predictors[batch.sources].tolist()
    found = dict(zip(zip(places, batch.targets.tolist(), strict=True), losses, strict=True))
    return [
        sum(
            found[path[place - 1], token]
            for place, (token, on) in enumerate(zip(row.ids, row.supervised, strict=True))
            if on
        )
        for row, path in zip(rows, batch.paths, strict=True)
    ]


def _entry_losses(shared: SharedForward, batch: PrefixBatch) -> list[float]:
    """The loss of every (place, token) of the batch, softmax in float32."""
    hidden = shared.hidden(batch)
    losses: list[float] = []
    for start in range(0, len(batch.sources), TokenLoss.CHUNK):
        part = slice(start, start + TokenLoss.CHUNK)
        logits = F.linear(hidden.index_select(0, batch.sources[part]), shared.head.weight).float()
        losses += F.cross_entropy(logits, batch.targets[part], reduction="none").tolist()
    return losses


def _plain(forward: TrainingForward, rows: Sequence[Encoded]) -> list[float]:
    padded = build_padded(rows, forward.device, forward.pad)
    logits = forward.model(input_ids=padded.ids, attention_mask=padded.attention, use_cache=False).logits
    wanted = padded.supervised[:, 1:]
    losses = F.cross_entropy(logits[:, :-1][wanted].float(), padded.ids[:, 1:][wanted], reduction="none")
    rows_of = wanted.nonzero()[:, 0]
    sums = torch.zeros(len(rows), dtype=torch.float64, device=losses.device).index_add_(0, rows_of, losses.double())
    return [float(value) for value in sums.tolist()]
