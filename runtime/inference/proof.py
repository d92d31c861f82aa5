"""Is the fast forward pass this model's forward pass? Looked at on real prompts before it is trusted.

The logits after the two longest prompts are computed with a shared prefix twice, by prefill alone and by
prefill and a decoding step for the last token, and compared with those of the model's own modules, each
prompt alone. Costs three prefills (0.4 s for 100 tokens of a 135M model).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from runtime.inference.continuous_batching import common_prefix
from runtime.inference.decoder_weights import DecoderWeights
from runtime.inference.kv_cache import empty_prefix, make_slots
from runtime.inference.llama_forward import compute_prefix, decode, prefill
from runtime.inference.plain_decoding import next_logits

# Relative to the largest logit. SmolLM2-135M on a CPU: 1.4e-6, 0.017 and 0.002.
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.02}


def largest_difference(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> float:
    """The largest difference of a logit after the longest prompts, relative to the largest logit (at least 1)."""
    chosen = sorted(prompts, key=len, reverse=True)[:2]
    theirs = torch.cat([next_logits(model, ids) for ids in chosen])
    with torch.inference_mode():
        ours = [_prefilled(weights, chosen, 0)]
        if all(len(ids) > 1 for ids in chosen):
            ours.append(_prefilled(weights, chosen, 1))
    worst = torch.stack([(logits - theirs).abs().max() for logits in ours]).max()
    return float(worst / theirs.abs().max().clamp_min(1.0))


def _prefilled(weights: DecoderWeights, prompts: Sequence[Sequence[int]], stepped: int) -> torch.Tensor:
    """Logits after prompts, their last ``stepped`` tokens (0 or 1) run as a decoding step."""
    heads = [ids[: len(ids) - stepped] for ids in prompts]
    shared = common_prefix(heads)
    prefix = empty_prefix(weights)
    if shared:
        prefix = compute_prefix(weights, heads[0][:shared], prefix)
    suffixes = [ids[shared:] for ids in heads]
    lengths = [len(ids) for ids in suffixes]
    slots = make_slots(weights, len(prompts), max(lengths) + stepped)
    logits = prefill(weights, suffixes, prefix, slots, 0)
    return decode(weights, [ids[-1] for ids in prompts], lengths, prefix, slots) if stepped else logits


def is_proven(model: Any, weights: DecoderWeights, prompts: Sequence[Sequence[int]]) -> bool:
    """Whether the fast pass may stand in for the model's own (not-a-number counts as different)."""
    return largest_difference(model, weights, prompts) <= TOLERANCE.get(weights.dtype, 1e-3)
