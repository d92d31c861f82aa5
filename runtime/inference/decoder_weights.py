"""The weights of a llama-like decoder, laid out for inference.

Query, key and value projections become one matrix, gate and up projections another; the HF module's
parameters are turned into views of them. Matrices are packed for the processor where that pays
(:mod:`runtime.inference.matrix`). The arithmetic stays that of the module. Which architectures qualify
is read from the config; whether the copy is right is proven on real prompts before it is used
(:mod:`runtime.inference.proof`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from runtime.inference.matrix import PACKED_BYTES, Matrix, packed

# Architectures with this very block: pre-norm, rotary, optional biases on q/k/v, optional q/k norm, gated SiLU MLP.
LLAMA_LIKE = frozenset({"llama", "mistral", "qwen2", "qwen3"})
# Rotary kinds whose frequencies do not depend on the length of the sequence.
_STATIC_ROTARY = frozenset({"default", "linear", "llama3"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One block; head norms are None where the architecture has none."""

    attention_norm: torch.Tensor
    qkv: Matrix
    query_norm: torch.Tensor | None
    key_norm: torch.Tensor | None
    out: Matrix
    mlp_norm: torch.Tensor
    gate_up: Matrix
    down: Matrix


@dataclass(frozen=True, slots=True)
class DecoderWeights:
    """``cos`` and ``sin`` are float32 [context, head_dim / 2]; the two halves of a head turn by the same angles."""

    layers: tuple[Layer, ...]
    embedding: torch.Tensor
    norm: torch.Tensor
    head: Matrix
    cos: torch.Tensor
    sin: torch.Tensor
    heads: int
    kv_heads: int
    head_dim: int
    eps: float

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    @property
    def dtype(self) -> torch.dtype:
        return self.embedding.dtype


def is_llama_like(config: Any) -> bool:
    """Whether a config describes a decoder that :func:`decoder_weights` knows; says nothing about values."""
    rotary = getattr(config, "rope_parameters", None) or {}
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    return (
        config.model_type in LLAMA_LIKE
        and getattr(config, "hidden_act", "") in ("silu", "swish")
        and not getattr(config, "mlp_bias", False)
        and rotary.get("rope_type", "default") in _STATIC_ROTARY
        and (window is None or window >= config.max_position_embeddings)
    )


def decoder_weights(model: Any, context: int) -> DecoderWeights:
    """Take over a llama-like HF model whose prompts and outputs stay within ``context`` tokens."""
    decoder, config = model.model, model.config
    first = decoder.layers[0].self_attn
    cos, sin = _rotary(decoder, context)
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    lay_out = packed if size <= PACKED_BYTES else _as_is
    return DecoderWeights(
        layers=tuple(_layer(block, lay_out) for block in decoder.layers),
        embedding=decoder.embed_tokens.weight.data,
        norm=decoder.norm.weight.data,
        head=lay_out(Matrix(model.lm_head.weight.data)),
        cos=cos,
        sin=sin,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=first.head_dim,
        eps=config.rms_norm_eps,
    )


def within(weights: DecoderWeights, model: Any, context: int) -> DecoderWeights:
    """The same weights of ``model`` for sequences of up to ``context`` tokens."""
    if context <= len(weights.cos):
        return weights
    cos, sin = _rotary(model.model, context)
    return replace(weights, cos=cos, sin=sin)


def _as_is(matrix: Matrix) -> Matrix:
    return matrix


def _layer(block: Any, lay_out: Callable[[Matrix], Matrix]) -> Layer:
    attention, mlp = block.self_attn, block.mlp
    query_norm, key_norm = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)
    return Layer(
        attention_norm=block.input_layernorm.weight.data,
        qkv=lay_out(_stacked(attention.q_proj, attention.k_proj, attention.v_proj)),
        query_norm=None if query_norm is None else query_norm.weight.data,
        key_norm=None if key_norm is None else key_norm.weight.data,
        out=lay_out(_stacked(attention.o_proj)),
        mlp_norm=block.post_attention_layernorm.weight.data,
        gate_up=lay_out(_stacked(mlp.gate_proj, mlp.up_proj)),
        down=lay_out(_stacked(mlp.down_proj)),
    )


def _stacked(*linears: Any) -> Matrix:
    """Matrices one under the other; the modules keep working, on views of the result."""
    biases = [linear.bias.data for linear in linears if linear.bias is not None]
    bias = torch.cat(biases) if biases else None
    if len(linears) == 1:
        return Matrix(linears[0].weight.data, bias)
    weight = torch.cat([linear.weight.data for linear in linears])
    start = 0
    for linear in linears:
        rows = linear.weight.shape[0]
        linear.weight.data = weight[start : start + rows]
        start += rows
    return Matrix(weight, bias)


def _rotary(decoder: Any, context: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The module's own angles for every position, so that scaled variants need no code here."""
    positions = torch.arange(context, device=decoder.embed_tokens.weight.device)[None]
    cos, sin = decoder.rotary_emb(torch.empty(0, dtype=torch.float32, device=positions.device), positions)
    half = cos.shape[-1] // 2
    return cos[0, :, :half].contiguous(), sin[0, :, :half].contiguous()
