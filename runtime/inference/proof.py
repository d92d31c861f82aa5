"""Is the fast forward pass this model's forward pass? Looked at on real prompts before it is trusted.

The longest prompt and the shortest run together through the fast pass, with a shared prefix: all but the last
token by prefill, the last by a decoding step. The logits after both parts are compared with those of the
model's own modules, each prompt alone. Costs two prefills of both prompts (0.5 s for 130 tokens of a 135M model).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from runtime.inference.continuous_batching import common_prefix
from runtime.inference.decoder_weights import DecoderWeights
from runtime.inference.kv_cache import empty_prefix, make_slots
from runtime.inference.llama_forward import compute_prefix, decode, prefill
from runtime.inference.plain_decoding import last_logits

# Relative to the largest logit. SmolLM2-135M on a CPU: 1.4e-6, 0.017 and 0.002.
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.02}


def largest_difference(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> float:
    """The largest difference of a logit at the end of the prompts, relative to the largest logit (at least 1)."""
    chosen = [max(prompts, key=len), min(prompts, key=len)]
    theirs = torch.stack([last_logits(model, ids) for ids in chosen], dim=1)
    with torch.inference_mode():
        ours = _last_logits(weights, chosen)
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1.0))


def _last_logits(weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
    """After the last token but one and after the last: float32 [2, prompts, vocabulary]."""
    heads = [ids[:-1] for ids in prompts]
    shared = common_prefix(heads)
    prefix = empty_prefix(weights)
    if shared:
        prefix = compute_prefix(weights, heads[0][:shared], prefix)
    suffixes = [ids[shared:] for ids in heads]
    lengths = [len(ids) for ids in suffixes]
    slots = make_slots(weights, len(prompts), max(lengths) + 1)
    prefilled = prefill(weights, suffixes, prefix, slots, 0)
    return torch.stack((prefilled, decode(weights, [ids[-1] for ids in prompts], lengths, prefix, slots)))


def is_proven(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> bool:
    """Whether the fast pass may stand in for the model's own: not one of not-a-number, or prompts of a single token."""
    if min(len(ids) for ids in prompts) < 2:
        return False
    return largest_difference(model, weights, prompts) <= TOLERANCE.get(weights.dtype, 1e-3)
