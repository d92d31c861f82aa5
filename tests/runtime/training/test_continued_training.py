"""Training on from what another training made: both count in the result."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch

from compiler.step_params import Lora
from runtime.models.loading import load_model, load_trained
from runtime.steps.train import run
from runtime.training.model import save_trained
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


def test_full_weights_on_an_adapter(trainings: Trainings, tiny: Path) -> None:
    first = trainings.context(params(epochs=1), ROWS)
    run(first)
    begun = trainings.root / "first"
    shutil.move(first.out, begun)
    second = trainings.context(params(epochs=1, adapter=None, learning_rate=Decimal("0.001")), ROWS)
    run(replace(second, inputs={**second.inputs, "base": begun}))
    cpu = torch.device("cpu")
    once = load_trained(tiny, begun, torch.float32, cpu).state_dict()
    twice = load_trained(tiny, second.out, torch.float32, cpu).state_dict()
    assert once.keys() == twice.keys() and not any(torch.equal(once[name], twice[name]) for name in once)


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_an_adapter_on_a_tied_head_is_loaded_as_it_was_trained(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch, continued: bool
) -> None:
    """Merged into the matrix that the head shares with the embedding, it would change the embedding too."""
    said: list[torch.Tensor] = []
    ids = torch.arange(5, 25)[None]

    def saved(trainee: Any, out: Path, **options: Any) -> None:
        with torch.no_grad():
            said.append(trainee.model.eval()(input_ids=ids).logits.clone())
        save_trained(trainee, out, continued=continued)

    monkeypatch.setattr("runtime.training.model.save_trained", saved)
    lora = Lora(rank=4, alpha=Decimal(8), dropout=Decimal(0), targets=("q_proj", "lm_head"))
    ctx = trainings.context(params(epochs=1, adapter=lora), ROWS)
    result = run(ctx)
    assert result.summary["forward"] == "plain"
    cpu = torch.device("cpu")
    model = load_trained(trainings.model, ctx.out, torch.float32, cpu)
    with torch.no_grad():
        assert torch.allclose(model(input_ids=ids).logits, said[0], atol=1e-4)
        raw = load_model(trainings.model, torch.float32, cpu)
    assert raw.lm_head.weight is raw.model.embed_tokens.weight
    assert torch.equal(model.model.embed_tokens.weight, raw.model.embed_tokens.weight)
    assert not torch.allclose(model.lm_head.weight, raw.lm_head.weight, atol=1e-4)
