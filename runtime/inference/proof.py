"""Is the fast forward pass this model's forward pass? Looked at on real prompts before it is trusted.

The logits after the two longest prompts, computed with a shared prefix, are compared with those of the
model's own modules, each prompt alone. Costs two prefills (0.3 s for 100 tokens of a 135M model).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from runtime.inference.continuous_batching import common_prefix
from runtime.inference.decoder_weights import DecoderWeights
from runtime.inference.kv_cache import empty_prefix, make_slots
from runtime.inference.llama_forward import compute_prefix, prefill
from runtime.inference.plain_decoding import next_logits

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}  # on logits of a scale of 10 to 30


def largest_difference(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> float:
    """The largest difference of a logit after the longest prompts, relative to the largest logit (at least 1)."""
    chosen = sorted(prompts, key=len, reverse=True)[:2]
    with torch.inference_mode():
        shared = common_prefix(chosen)
        prefix = empty_prefix(weights)
        if shared:
            prefix = compute_prefix(weights, chosen[0][:shared], prefix)
        suffixes = [ids[shared:] for ids in chosen]
        slots = make_slots(weights, len(chosen), max(len(ids) for ids in suffixes))
        ours = prefill(weights, suffixes, prefix, slots, 0)
    theirs = torch.cat([next_logits(model, ids) for ids in chosen])
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1.0))


def is_proven(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> bool:
    """Whether the fast pass may stand in for the model's own (not-a-number counts as different)."""
    return largest_difference(model, weights, prompts) <= TOLERANCE.get(weights.dtype, 1e-3)
