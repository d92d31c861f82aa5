"""Decoding through the model's own forward pass: the way for architectures that have no faster one here.

Left-padded batches of similar length, a cache that transformers keeps, every row carried to the end of
its batch. Also the reference against which the faster way is proven.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from runtime.inference.continuous_batching import Row, Stopping
from runtime.inference.sampling import Chooser

BATCH = 16


def last_logits(model: Any, ids: Sequence[int]) -> torch.Tensor:
    """Logits after the last token but one of one prompt alone, and after the last: float32 [2, vocabulary]."""
    with torch.inference_mode():
        tokens = torch.tensor([list(ids)], device=model.device)
        return model(input_ids=tokens, logits_to_keep=2).logits[0, -2:].float()


def generate_plainly(
    model: Any,
    rows: Sequence[Row],
    chooser: Chooser,
    stopping: Stopping,
    on_finished: Callable[[Sequence[Row]], None],
    between_steps: Callable[[], None],
) -> None:
    """Complete all rows, longest first; the contract of ``continuous_batching.generate``."""
    ordered = sorted(rows, key=lambda row: (-len(row.ids), row.index))
    with torch.inference_mode():
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            _complete(model, batch, chooser, stopping, between_steps)
            on_finished(batch)


def _complete(
    model: Any, batch: Sequence[Row], chooser: Chooser, stopping: Stopping, between_steps: Callable[[], None]
) -> None:
    longest = max(len(row.ids) for row in batch)
    ids = torch.tensor([[0] * (longest - len(row.ids)) + list(row.ids) for row in batch], device=model.device)
    mask = torch.tensor([[0] * (longest - len(row.ids)) + [1] * len(row.ids) for row in batch], device=model.device)
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    cache, going = None, list(batch)
    while going:
        between_steps()
        began = time.perf_counter()
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        draws = [row.draws[min(len(row.tokens), len(row.draws) - 1)] for row in batch if row.draws]
        chosen = chooser.choose(out.logits[:, -1].float(), draws)
        share = (time.perf_counter() - began) / len(going)
        still = {id(row) for row in going}
        for row, token in zip(batch, chosen, strict=True):
            if id(row) in still:
                row.tokens.append(token)
                row.seconds += share
        going = [row for row in going if not stopping.done(row)]
        ids = torch.tensor(chosen, device=model.device)[:, None]
        mask = torch.cat((mask, mask.new_ones(len(batch), 1)), 1)
        positions = positions[:, -1:] + 1
