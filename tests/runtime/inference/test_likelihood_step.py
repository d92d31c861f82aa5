"""The likelihood step: of expected answers, and of outputs beside a reference."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from compiler.plan import StepKind, step_hash
from compiler.step_params import Greedy, LikelihoodParams, PlainPrompt
from runtime import unwritten_rows
from runtime.context import Interrupted, StepContext
from runtime.inference import likelihood as passes
from runtime.models.chat_template import render
from runtime.models.local_generator import LocalGenerator
from runtime.relational import engine
from runtime.scoring.losses import LossAsker
from runtime.steps import likelihood, predict
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.inference.conftest import Predictions, load, rendered
from tests.tiny_model import build_tiny_model

PLAIN = PlainPrompt(before_answer=" ", between_turns="\n\n")
EXPECTED = '{"category": "billing"}'


def reading(
    predictions: Predictions, rows: Sequence[Any], params: LikelihoodParams, reference: Path | None = None, **more: Path
) -> StepContext:
    ctx = predictions.context(list(rows), Greedy(max_new_tokens=12))
    local = {**ctx.step.local, **({"reference": {"weights": str(reference)}} if reference else {})}
    digest = step_hash(StepKind.LIKELIHOOD, 1, params, {}, {})
    step = ctx.step.model_copy(update={"kind": StepKind.LIKELIHOOD, "params": params, "hash": digest, "local": local})
    return replace(ctx, step=step, inputs={**ctx.inputs, **more})


def numbers(predictions: Predictions, columns: str) -> list[tuple[Any, ...]]:
    return predictions.store.query(f"SELECT {columns} FROM likelihoods ORDER BY row_id")


def test_expected_answers_have_the_loss_that_training_sees(predictions: Predictions, generator: LocalGenerator) -> None:
    rows = rendered(7)
    result = likelihood.run(reading(predictions, rows, LikelihoodParams(of="expected", precision="fp32")))
    assert (result.rows_in, result.rows_out, result.rows_dropped) == (7, 7, 0)
    asker = LossAsker.of(load(predictions.model).model, generator.tokenizer)
    texts = {row_id: json.dumps(messages) for row_id, messages in rows}
    answers = asker.ask(texts, {"answer": set(texts)})
    losses = {one.text: one.value for batch in answers for one in batch}
    found = numbers(predictions, "row_id, log_likelihood, ending, tokens, words, characters, bytes")
    for row_id, value, ending, tokens, words, characters, size in found:
        assert -(value + ending) / (tokens + 1) == pytest.approx(losses[row_id], abs=1e-5)
        assert (words, characters, size) == (2, len(EXPECTED), len(EXPECTED))


def test_a_plain_answer_has_no_end(predictions: Predictions, generator: LocalGenerator) -> None:
    params = LikelihoodParams(of="expected", precision="fp32", prompt=PLAIN)
    likelihood.run(reading(predictions, rendered(2), params))
    ((value, ending, tokens),) = numbers(predictions, "log_likelihood, ending, tokens")[:1]
    messages = rendered(1)[0][1]
    prompt = f"{messages[0]['content']}\n\n{messages[1]['content']}"
    ids = generator.tokenizer(f"{prompt} {EXPECTED}", add_special_tokens=False)["input_ids"]
    start = len(generator.tokenizer(prompt, add_special_tokens=False)["input_ids"])
    with torch.inference_mode():
        found = torch.log_softmax(generator.model(torch.tensor([ids])).logits[0], -1)
    assert value == pytest.approx(sum(float(found[at - 1, ids[at]]) for at in range(start, len(ids))), abs=1e-4)
    assert (ending, tokens) == (None, len(ids) - start)


def test_outputs_are_read_beside_a_reference(
    predictions: Predictions, generator: LocalGenerator, tmp_path: Path
) -> None:
    reference = build_tiny_model(tmp_path / "reference", seed=5)
    asked = predictions.context(rendered(6), Greedy(max_new_tokens=12))
    predict.run(asked)
    params = LikelihoodParams(of="output", precision="fp32")
    ctx = reading(predictions, rendered(6), params, reference, answers=asked.out)
    result = likelihood.run(ctx)
    assert result.rows_out == 6
    other = load(reference).model
    outputs = dict(predictions.kept())
    stops = dict(predictions.kept("row_id, stop_reason"))
    generated = dict(predictions.kept("row_id, output_tokens"))
    otherwise = 0
    for row_id, divergence, tokens in numbers(predictions, "row_id, divergence, tokens"):
        messages = dict(rendered(6))[row_id][:-1]
        prompt = render(generator.tokenizer, messages, add_generation_prompt=True)
        text = prompt + outputs[row_id] + ("<|im_end|>" if stops[row_id] == "end_of_turn" else "")
        ids = generator.tokenizer(text, add_special_tokens=False)["input_ids"]
        start = len(generator.tokenizer(prompt, add_special_tokens=False)["input_ids"])
        with torch.inference_mode():
            ours, theirs = (
                torch.log_softmax(model(torch.tensor([ids])).logits[0, start - 1 : -1].double(), -1)
                for model in (generator.model, other)
            )
        assert tokens == len(ids) - start
        assert divergence == pytest.approx(float((ours.exp() * (ours - theirs)).sum()), rel=1e-4)
        otherwise += tokens != generated[row_id]
    assert result.summary["encoded_otherwise"] == otherwise


def test_a_plain_output_is_read_as_the_model_wrote_it(
    predictions: Predictions, generator: LocalGenerator, tmp_path: Path
) -> None:
    """The prompt that was asked and the tokens that were written, with no ``before_answer`` between the two."""
    reference = build_tiny_model(tmp_path / "reference", seed=5)
    tokenizer = generator.tokenizer
    tokenizer.chat_template = None  # nothing of it is needed
    written = {"row0": (" invoice order", "end_of_turn"), "row1": (" order", "length"), "row2": ("", "end_of_turn")}
    asked = replace(generator, plain=PLAIN)
    wanted, lines = {}, []
    for row_id, messages in rendered(3):
        output, reason = written[row_id]
        ids = [*tokenizer(output)["input_ids"], *([tokenizer.eos_token_id] if reason == "end_of_turn" else [])]
        wanted[row_id] = (asked.encode(messages[:-1], 8), ids)
        lines.append({"row_id": row_id, "output": output, "stop_reason": reason, "output_tokens": len(ids)})
    kept = tmp_path / "answers"
    kept.mkdir()
    (kept / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with engine(kept) as db:
        db.copy(f"SELECT * FROM read_json('{kept / 'lines.jsonl'}')", kept / "predictions.parquet")
    params = LikelihoodParams(of="output", precision="fp32", prompt=PLAIN)
    result = likelihood.run(reading(predictions, rendered(3), params, reference, answers=kept))
    assert result.summary["encoded_otherwise"] == 0
    other = load(reference).model
    found = {row_id: rest for row_id, *rest in numbers(predictions, "row_id, divergence, tokens")}
    assert found.keys() == wanted.keys()
    for row_id, (prompt, answer) in wanted.items():
        with torch.inference_mode():
            ours, theirs = (
                torch.log_softmax(
                    model(torch.tensor([[*prompt, *answer]])).logits[0, len(prompt) - 1 : -1].double(), -1
                )
                for model in (generator.model, other)
            )
        apart = float((ours.exp() * (ours - theirs)).sum())
        assert found[row_id] == [pytest.approx(apart, rel=1e-4), len(answer)]


def test_another_vocabulary_is_refused(predictions: Predictions, tmp_path: Path) -> None:
    reference = build_tiny_model(tmp_path / "reference", extra_special=("<|tool|>",))
    asked = predictions.context(rendered(2), Greedy(max_new_tokens=4))
    predict.run(asked)
    params = LikelihoodParams(of="output", precision="fp32")
    with pytest.raises(DiagnosticError) as refused:
        likelihood.run(reading(predictions, rendered(2), params, reference, answers=asked.out))
    assert refused.value.diagnostics[0].code == "SFT0553"


def test_a_stop_keeps_what_is_read(
    make_predictions: Callable[..., Predictions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(passes.TOKENS_PER_BATCH, "cpu", 100)
    monkeypatch.setattr(unwritten_rows, "KEEP_SECONDS", 0.0)
    params = LikelihoodParams(of="expected", precision="fp32")
    stopped, whole = make_predictions("stopped"), make_predictions("whole")
    ctx = reading(stopped, rendered(12), params)

    def stop(event: Any) -> None:
        ctx.stop.requested = event.kind == "progress" and event.data["done"] >= 3

    ctx.events.listeners.append(stop)
    with pytest.raises(Interrupted):
        likelihood.run(ctx)
    first = numbers(stopped, "row_id, made_at")
    assert 3 <= len(first) < 12
    again = likelihood.run(reading(stopped, rendered(12), params))
    assert again.summary["continued_after"] == len(first)
    assert set(first) <= set(numbers(stopped, "row_id, made_at"))
    likelihood.run(reading(whole, rendered(12), params))
    for one, other in zip(
        *(numbers(side, "row_id, log_likelihood + ending") for side in (stopped, whole)), strict=True
    ):
        assert one[0] == other[0] and math.isclose(one[1], other[1], abs_tol=1e-4)
