"""Hand-written backward passes against numerical differentiation in float64."""

from __future__ import annotations

import torch
from torch.autograd import gradcheck

from runtime.training.kernels import GatherQueries, LoraLinear, RmsNorm, Rotate, SwiGlu


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_swiglu_rotate_and_gather() -> None:
    torch.manual_seed(0)
    assert gradcheck(SwiGlu.apply, (draw(3, 8),))
    angle = torch.randn(3, 1, 4, dtype=torch.float64)
    cos, sin = (torch.cat((f(angle), f(angle)), -1) for f in (torch.cos, torch.sin))
    assert gradcheck(lambda x: Rotate.apply(x, cos, sin), (draw(3, 2, 8),))
    queries, back = torch.tensor([0, 2, 1, 0]), torch.tensor([0, 2, 1])
    assert gradcheck(lambda x: GatherQueries.apply(x, queries, back)[:3], (draw(3, 4),))


def test_lora_linear() -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(9, 5, dtype=torch.float64), torch.randn(9, dtype=torch.float64)
    blocks = [(0, 4, 2.0), (6, 9, 0.5)]  # the columns between have no adapter

    def apply(x: torch.Tensor, *adapters: torch.Tensor) -> torch.Tensor:
        return LoraLinear.apply(x, weight, bias, blocks, *adapters)

    adapters = (draw(2, 5), draw(3, 5), draw(4, 2), draw(3, 3))
    assert gradcheck(apply, (draw(3, 5), *adapters))


def test_rms_norm() -> None:
    """In float32 inside, so against autograd of the composed form."""
    torch.manual_seed(0)
    x, weight = torch.randn(5, 16, requires_grad=True), torch.randn(16, requires_grad=True)
    upper = torch.randn(5, 16)
    composed = x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * weight
    theirs = torch.autograd.grad(composed, (x, weight), upper)
    ours = torch.autograd.grad(RmsNorm.apply(x, weight, 1e-5), (x, weight), upper)
    for mine, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, reference)
