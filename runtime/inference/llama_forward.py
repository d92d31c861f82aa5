"""The forward pass of a llama-like decoder, in the shapes that generation and log-likelihoods need.

``prefill`` runs several prompts as one row of tokens without padding (matrix products over all of them,
attention row by row); ``decode`` runs one new token for each row of the batch; ``run_tree`` runs texts that begin
alike, each token in common once. All attend to a prefix that is held; a decoding step does so in place: scores
against it are one matrix product over all rows, joined with the row's own scores before the softmax, so it is neither
recomputed nor expanded. Heads that share keys and values
are stacked as queries, so keys and values are not repeated either. The vocabulary projection runs only where a
token is chosen or asked about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional

from runtime.inference.decoder_weights import DecoderWeights, Layer
from runtime.inference.kv_cache import Prefix, Slots
from runtime.inference.prefix_tree import Packed as Tree
from runtime.inference.prefix_tree import Span


class Packed(NamedTuple):
    """Prompts one after the other: tokens [T], their positions [T], and where each row begins and ends."""

    ids: torch.Tensor
    positions: torch.Tensor
    bounds: tuple[tuple[int, int], ...]


def packed(rows: Sequence[Sequence[int]], first_position: int, device: torch.device) -> Packed:
    """Rows of token ids that all start at ``first_position``."""
    bounds, start = [], 0
    for row in rows:
        bounds.append((start, start + len(row)))
        start += len(row)
    ids = torch.tensor([token for row in rows for token in row], device=device)
    positions = torch.cat([torch.arange(first_position, first_position + len(row), device=device) for row in rows])
    return Packed(ids, positions, tuple(bounds))


def compute_prefix(weights: DecoderWeights, ids: Sequence[int], before: Prefix) -> Prefix:
    """Keys and values of ``before`` and of the tokens that follow it in all rows."""
    tokens = packed([ids], before.length, weights.device)
    keys, values = [], []
    hidden = functional.embedding(tokens.ids, weights.embedding)
    cos, sin = _angles(weights, tokens.positions)
    for index, layer in enumerate(weights.layers):
        query, key, value = _project(weights, layer, hidden, cos, sin)
        keys.append(key.transpose(0, 1).contiguous())
        values.append(value.transpose(0, 1).contiguous())
        if index + 1 < len(weights.layers):
            mixed = _attend_prompts(query, key, value, tokens.bounds, before.keys[index], before.values[index])
            hidden = _finish(weights, layer, hidden, mixed)
    if before.length:
        keys = [torch.cat(pair, 1) for pair in zip(before.keys, keys, strict=True)]
        values = [torch.cat(pair, 1) for pair in zip(before.values, values, strict=True)]
    return Prefix(tuple(keys), tuple(values), before.length + len(ids))


def run_tree(weights: DecoderWeights, tree: Tree, prefix: Prefix) -> torch.Tensor:
    """Run a packed batch after ``prefix``; what ``logits`` takes, at its ``places``, [places, hidden]."""
    hidden = functional.embedding(tree.ids, weights.embedding)
    cos, sin = _angles(weights, tree.positions)
    for index, layer in enumerate(weights.layers):
        query, key, value = _project(weights, layer, hidden, cos, sin)
        mixed = _attend_tree(query, key, value, tree.spans, prefix.keys[index], prefix.values[index])
        if index + 1 == len(weights.layers):
            hidden, mixed = hidden[tree.places], mixed[tree.places]
        hidden = _finish(weights, layer, hidden, mixed)
    return hidden


def prefill(
    weights: DecoderWeights, rows: Sequence[Sequence[int]], prefix: Prefix, slots: Slots, first_slot: int
) -> torch.Tensor:
    """Run prompts (without the prefix) into slots ``first_slot …``; logits after each, float32 [rows, vocabulary]."""
    tokens = packed(rows, prefix.length, weights.device)
    ends = torch.tensor([end - 1 for _, end in tokens.bounds], device=weights.device)
    hidden = functional.embedding(tokens.ids, weights.embedding)
    cos, sin = _angles(weights, tokens.positions)
    for index, layer in enumerate(weights.layers):
        query, key, value = _project(weights, layer, hidden, cos, sin)
        for slot, (start, end) in enumerate(tokens.bounds, first_slot):
            slots.keys[index, slot, :, : end - start] = key[start:end].transpose(0, 1)
            slots.values[index, slot, :, : end - start] = value[start:end].transpose(0, 1)
        mixed = _attend_prompts(query, key, value, tokens.bounds, prefix.keys[index], prefix.values[index])
        if index + 1 == len(weights.layers):  # beyond attention, the last block matters at the last tokens only
            hidden, mixed = hidden[ends], mixed[ends]
        hidden = _finish(weights, layer, hidden, mixed)
    return logits(weights, hidden)


def decode(
    weights: DecoderWeights, tokens: Sequence[int], lengths: Sequence[int], prefix: Prefix, slots: Slots
) -> torch.Tensor:
    """Run one token for each of slots 0 …; ``lengths`` counts what a slot holds. Logits, float32 [rows, vocabulary]."""
    count, longest = len(tokens), max(lengths) + 1
    held = torch.tensor(lengths, device=weights.device)
    hidden = functional.embedding(torch.tensor(tokens, device=weights.device), weights.embedding)
    cos, sin = _angles(weights, held + prefix.length)
    rows = torch.arange(count, device=weights.device)
    hidden_places = torch.arange(longest, device=weights.device) > held[:, None]
    mask = torch.zeros(count, longest, dtype=weights.dtype, device=weights.device)
    mask = mask.masked_fill_(hidden_places, float("-inf"))[:, None, None]
    for index, layer in enumerate(weights.layers):
        query, key, value = _project(weights, layer, hidden, cos, sin)
        slots.keys[index][rows, :, held] = key
        slots.values[index][rows, :, held] = value
        mixed = _attend_step(
            query,
            slots.keys[index, :count, :, :longest],
            slots.values[index, :count, :, :longest],
            mask,
            prefix.keys[index],
            prefix.values[index],
        )
        hidden = _finish(weights, layer, hidden, mixed)
    return logits(weights, hidden)


# --- pieces of a block ------------------------------------------------------------------------------


def _rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """x / sqrt(mean(x^2) + eps) * weight, the mean in float32, rounded where the HF modules round."""
    wide = x.float()
    scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return weight * (wide * scale).to(x.dtype)


def _angles(weights: DecoderWeights, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin for tokens, [tokens, 1, head_dim / 2] in the model's dtype."""
    return (
        weights.cos[positions].to(weights.dtype)[:, None],
        weights.sin[positions].to(weights.dtype)[:, None],
    )


def _project(
    weights: DecoderWeights, layer: Layer, hidden: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries [tokens, heads, head_dim], keys and values [tokens, kv_heads, head_dim], turned by their positions."""
    normed = _rms_norm(hidden, layer.attention_norm, weights.eps)
    heads, kv_heads = weights.heads, weights.kv_heads
    parts = layer.qkv(normed).view(len(hidden), -1, weights.head_dim)
    turning = parts[:, : heads + kv_heads]
    if layer.query_norm is not None and layer.key_norm is not None:
        query = _rms_norm(turning[:, :heads], layer.query_norm, weights.eps)
        turning = torch.cat((query, _rms_norm(turning[:, heads:], layer.key_norm, weights.eps)), 1)
    first, second = turning.chunk(2, dim=-1)
    turned = torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned[:, :heads], turned[:, heads:], parts[:, heads + kv_heads :]


def _finish(weights: DecoderWeights, layer: Layer, hidden: torch.Tensor, mixed: torch.Tensor) -> torch.Tensor:
    """The block after attention: output projection, residual, gated MLP, residual."""
    hidden = hidden + layer.out(mixed)
    gate, up = layer.gate_up(_rms_norm(hidden, layer.mlp_norm, weights.eps)).chunk(2, dim=-1)
    return hidden + layer.down(functional.silu(gate) * up)


def logits(weights: DecoderWeights, hidden: torch.Tensor) -> torch.Tensor:
    """Of what leaves the last block, [rows, hidden]; float32 [rows, vocabulary]."""
    return weights.head(_rms_norm(hidden, weights.norm, weights.eps)).float()


def _attend_prompts(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    bounds: Sequence[tuple[int, int]],
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
) -> torch.Tensor:
    """Causal attention of each row to the prefix and itself; [tokens, heads * head_dim]."""
    shared = prefix_key.shape[1]
    out = torch.empty_like(query, memory_format=torch.contiguous_format)
    for start, end in bounds:
        mask = None
        if shared:
            mask = torch.ones(end - start, shared + end - start, dtype=torch.bool, device=query.device).tril(shared)
        mixed = functional.scaled_dot_product_attention(
            query[start:end].transpose(0, 1)[None],
            torch.cat((prefix_key, key[start:end].transpose(0, 1)), 1)[None],
            torch.cat((prefix_value, value[start:end].transpose(0, 1)), 1)[None],
            attn_mask=mask,
            is_causal=mask is None,
            enable_gqa=True,
        )
        out[start:end] = mixed[0].transpose(0, 1)
    return out.flatten(1)


def _attend_tree(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    spans: Sequence[Span],
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
) -> torch.Tensor:
    """Attention of each span to the prefix, to its path and to itself; [tokens, heads * head_dim]."""
    out = torch.empty_like(query, memory_format=torch.contiguous_format)
    for span in spans:
        own = slice(span.start, span.end)
        sides = []
        for held, side in ((prefix_key, key), (prefix_value, value)):
            parts = [held] if held.shape[1] else []
            if span.path is not None:
                parts.append(side[span.path].transpose(0, 1))
            sides.append(torch.cat((*parts, side[own].transpose(0, 1)), 1)[None])
        mixed = functional.scaled_dot_product_attention(
            query[own].transpose(0, 1)[None],
            *sides,
            attn_mask=span.mask,
            is_causal=span.mask is None,
            enable_gqa=True,
        )
        out[own] = mixed[0].transpose(0, 1)
    return out.flatten(1)


def _attend_step(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor,
    prefix_key: torch.Tensor,
    prefix_value: torch.Tensor,
) -> torch.Tensor:
    """Attention of one token a row to the prefix and the row's slot; [rows, heads * head_dim].

    ``keys`` and ``values`` are [rows, kv_heads, length, head_dim], ``mask`` is added, [rows, 1, 1, length].
    """
    rows, kv_heads, _, head_dim = keys.shape
    shared = prefix_key.shape[1]
    query = (query * head_dim**-0.5).view(rows, kv_heads, -1, head_dim)
    scores = torch.matmul(query, keys.transpose(2, 3)).add_(mask)
    if not shared:
        return torch.matmul(functional.softmax(scores, dim=-1), values).flatten(1)
    stacked = query.transpose(0, 1).reshape(kv_heads, -1, head_dim)
    to_prefix = torch.bmm(stacked, prefix_key.transpose(1, 2)).view(kv_heads, rows, -1, shared).transpose(0, 1)
    share = functional.softmax(torch.cat((to_prefix, scores), dim=-1), dim=-1)
    mixed = torch.matmul(share[..., shared:], values)
    from_prefix = torch.bmm(share[..., :shared].transpose(0, 1).reshape(kv_heads, -1, shared), prefix_value)
    return mixed.add_(from_prefix.view(kv_heads, rows, -1, head_dim).transpose(0, 1)).flatten(1)
