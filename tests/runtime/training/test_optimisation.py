"""The learning rate as a function of the step; decay on matrices only."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from runtime.training.optimisation import Rate, make_optimiser


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_warm_up_then_down_to_zero(kind: str) -> None:
    rate = Rate.of(1e-3, kind, 0.1, 100)  # type: ignore[arg-type]
    values = [rate.at(step) for step in range(101)]
    assert values[0] == pytest.approx(1e-4) and values[9] == values[10] == 1e-3
    assert values[100] == pytest.approx(0, abs=1e-12)
    assert all(a >= b for a, b in pairwise(values[10:]))
    assert values[55] == pytest.approx(0.5e-3)


def test_constant_and_no_warm_up() -> None:
    assert {Rate.of(0.5, "constant", 0.0, 7).at(step) for step in range(7)} == {0.5}


def test_decay_spares_norms_and_biases() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
    model[0].weight.requires_grad_(False)
    optimiser, names = make_optimiser(model.named_parameters(), 0.1)
    assert names == ["0.bias", "1.weight", "1.bias"]
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.0]
    model[0].weight.requires_grad_(True)
    optimiser, names = make_optimiser(model.named_parameters(), 0.1)
    assert names[0] == "0.weight"
    assert [(len(group["params"]), group["weight_decay"]) for group in optimiser.param_groups] == [(1, 0.1), (3, 0.0)]
