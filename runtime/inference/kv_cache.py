"""Keys and values of the rows being decoded, in memory that is taken once.

The tokens that all prompts begin with (system prompt, template head) are a shared prefix: computed
once, held once, never copied to the rows. Each row has a slot for what follows. Slots in use are
0 … n-1; when a row leaves, the last one moves into its slot, so the batch stays dense. A token of
SmolLM2-135M takes 46 kB in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from runtime.inference.decoder_weights import DecoderWeights


@dataclass(frozen=True, slots=True)
class Prefix:
    """Keys and values that every row attends to: a layer's are [kv_heads, length, head_dim]; length 0 is no prefix."""

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    length: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Keys and values after the prefix, [layers, slots, kv_heads, capacity, head_dim]."""

    keys: torch.Tensor
    values: torch.Tensor

    def move(self, source: int, target: int, length: int) -> None:
        """Put the first ``length`` tokens of one slot into another."""
        for side in (self.keys, self.values):
            side[:, target, :, :length] = side[:, source, :, :length]


def empty_prefix(weights: DecoderWeights) -> Prefix:
    nothing = torch.empty(weights.kv_heads, 0, weights.head_dim, dtype=weights.dtype, device=weights.device)
    return Prefix((nothing,) * len(weights.layers), (nothing,) * len(weights.layers), 0)


def make_slots(weights: DecoderWeights, slots: int, capacity: int) -> Slots:
    """Zeros, so that what a mask hides is never infinite or not a number."""
    shape = (len(weights.layers), slots, weights.kv_heads, capacity, weights.head_dim)
    return Slots(*(torch.zeros(shape, dtype=weights.dtype, device=weights.device) for _ in range(2)))


def bytes_per_token(weights: DecoderWeights) -> int:
    return 2 * len(weights.layers) * weights.kv_heads * weights.head_dim * weights.embedding.element_size()
