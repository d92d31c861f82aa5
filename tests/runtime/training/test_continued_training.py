"""Training on from what another training made: both count in the result."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import torch

from runtime.models.loading import load_model, load_trained
from runtime.steps.train import run
from tests.runtime.training.conftest import Trainings, params, ticket

ROWS = [(f"r{index}", ticket(index)) for index in range(8)]
NAME = "model.layers.0.self_attn.q_proj.weight"


def test_an_adapter_on_an_adapter_keeps_both(trainings: Trainings, tiny: Path) -> None:
    first = trainings.context(params(epochs=1), ROWS)
    run(first)
    begun = trainings.root / "first"
    shutil.copytree(first.out, begun)
    shutil.rmtree(first.out)
    second = trainings.context(params(epochs=1, seed=8, learning_rate="0.000000001"), ROWS)
    run(replace(second, inputs={**second.inputs, "base": begun}))
    cpu = torch.device("cpu")
    once = load_trained(tiny, begun, torch.float32, cpu).state_dict()[NAME]
    twice = load_trained(tiny, second.out, torch.float32, cpu).state_dict()[NAME]
    raw = load_model(tiny, torch.float32, cpu).state_dict()[NAME]
    assert torch.allclose(twice, once, atol=1e-5)  # the second training hardly moved
    assert not torch.allclose(once, raw, atol=1e-3)  # the first one did
