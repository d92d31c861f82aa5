"""Answers beside ``generate`` of transformers, on every way of decoding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from compiler.step_params import Greedy, PlainPrompt, Sample
from runtime.inference import continuous_batching, plain_decoding, proof
from runtime.inference import decoder_weights as decoder_weights_module
from runtime.inference.decoder_weights import decoder_weights
from runtime.inference.matrix import Matrix, can_pack, packed
from runtime.models import local_generator
from runtime.models.local_generator import LocalGenerator, Unanswerable, plain_end, plain_stop_tokens, stop_tokens
from runtime.models.protocols import Prompt
from spec_lang.diagnostics import DiagnosticError
from tests.runtime.inference.conftest import answers, load, prompts, reference
from tests.tiny_model import build_tiny_model

NEW = 20
FAST, PLAIN = "shared prefix, continuous batching", "the model's own forward pass"
SAMPLED = Sample(max_new_tokens=NEW, temperature=Decimal("0.8"), top_p=Decimal("0.9"), top_k=50, seed=3)


def stopping_often(generator: LocalGenerator, places: tuple[int, ...] = (2, 4, 8)) -> list[int]:
    """Make some answers short: tokens at these places of the first answers become stop tokens; all stop tokens."""
    asked = prompts(len(places))
    before = sorted(stop_tokens(generator.model, generator.tokenizer))
    taken = [
        reference(generator.model, generator.encode(prompt.messages, NEW), NEW, before)[at]
        for prompt, at in zip(asked, places, strict=True)
    ]
    generator.model.generation_config.eos_token_id = taken
    return sorted(stop_tokens(generator.model, generator.tokenizer))


def check_against_transformers(generator: LocalGenerator, asked: list[Prompt], stops: list[int], way: str) -> None:
    found = answers(generator, asked, Greedy(max_new_tokens=NEW))
    assert generator.way == way
    reasons = set()
    for prompt in asked:
        ids = generator.encode(prompt.messages, NEW)
        expected = reference(generator.model, ids, NEW, stops)
        stopped = expected[-1] in stops
        answer = found[prompt.row_id]
        shown = expected[:-1] if stopped else expected
        assert answer.output == generator.tokenizer.decode(shown, skip_special_tokens=True), prompt
        assert answer.stop_reason == ("end_of_turn" if stopped else "length")
        assert (answer.prompt_tokens, answer.output_tokens) == (len(ids), len(expected))
        assert answer.seconds > 0
        reasons.add(answer.stop_reason)
    assert reasons == {"end_of_turn", "length"}, "the prompts must show both ways to stop"


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("batch", [1, 5, 64])
def test_greedy_is_what_transformers_generates(
    generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch, shared: bool, batch: int
) -> None:
    monkeypatch.setattr(continuous_batching, "BATCH", batch)
    check_against_transformers(generator, prompts(17, shared=shared), stopping_often(generator), FAST)


def of_subjects(heads: int, each: int) -> list[Prompt]:
    """Prompts that begin alike by subject, and one of no subject."""
    found = [Prompt("alone", ({"role": "user", "content": "Who waits for the invoice?"},))]
    for head in range(heads):
        system = {
            "role": "system",
            "content": f"{head} examples. " + f"The order {head} is wrong, answer it. " * (head + 2),
        }
        found += [Prompt(f"{head}.{at}", (system, *prompt.messages[1:])) for at, prompt in enumerate(prompts(each))]
    return found


def test_prompts_of_several_heads(generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuous_batching, "WORTH_A_FAMILY", 40)
    entered: list[int] = []
    right = continuous_batching.compute_prefix

    def counted(weights: Any, ids: Any, before: Any) -> Any:
        entered.append(len(ids))
        return right(weights, ids, before)

    monkeypatch.setattr(continuous_batching, "compute_prefix", counted)
    check_against_transformers(generator, of_subjects(3, 5), stopping_often(generator), FAST)
    assert len(entered) == 3 and min(entered) > 20, "each head once"
    entered.clear()
    monkeypatch.setattr(continuous_batching, "WORTH_A_FAMILY", 10_000)
    check_against_transformers(generator, of_subjects(3, 2), stopping_often(generator), FAST)
    assert not entered, "a family that saves little is none"


def test_prompts_of_very_different_length(generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuous_batching, "PREFILL_TOKENS", 100)
    long = [Prompt(f"long{n}", ({"role": "user", "content": f"{n} wrong" + " order" * 60 * n},)) for n in range(1, 6)]
    check_against_transformers(generator, prompts(6) + long, stopping_often(generator), FAST)


def test_greedy_of_an_architecture_without_a_fast_pass(
    generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_decoding, "BATCH", 5)
    torch.manual_seed(0)
    vocabulary = generator.model.config.vocab_size
    config = GPT2Config(
        vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=2, n_positions=256, initializer_range=0.4, bos_token_id=1,
        eos_token_id=2,
    )  # fmt: skip
    other = LocalGenerator(GPT2LMHeadModel(config).eval(), generator.tokenizer)
    check_against_transformers(other, prompts(12), stopping_often(other, (12,)), PLAIN)


def test_a_pass_that_is_not_the_models_is_not_used(generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    def perturbed(model: Any, context: int) -> Any:
        weights = decoder_weights(model, context)
        first, *rest = weights.layers
        down = Matrix(first.down.weight * 1.02)
        return dataclasses.replace(weights, layers=(dataclasses.replace(first, down=down), *rest))

    stops = stopping_often(generator)
    encoded = [generator.encode(prompt.messages, NEW) for prompt in prompts(4)]
    assert proof.is_proven(generator.model, decoder_weights(generator.model, 256), encoded)
    assert not proof.is_proven(generator.model, perturbed(generator.model, 256), encoded)
    monkeypatch.setattr(local_generator, "decoder_weights", perturbed)
    check_against_transformers(generator, prompts(9), stops, PLAIN)


def test_a_pass_that_gives_no_numbers_is_not_proven(generator: LocalGenerator) -> None:
    encoded = [generator.encode(prompt.messages, NEW) for prompt in prompts(2)]
    weights = decoder_weights(generator.model, 256)
    weights.cos[5:] = float("nan")
    assert not proof.is_proven(generator.model, weights, encoded)


@pytest.mark.parametrize("decode", [Greedy(max_new_tokens=NEW), SAMPLED])
def test_an_answer_does_not_depend_on_the_batch(generator: LocalGenerator, decode: Any) -> None:
    asked = prompts(12)
    together = answers(generator, asked, decode)
    for some in (asked[3:4], asked[7:2:-1]):
        apart = answers(generator, some, decode)
        assert {row: apart[row].output for row in apart} == {row: together[row].output for row in apart}


def test_a_way_is_proven_once_and_serves_longer_prompts_too(
    generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs: list[int] = []
    is_proven = local_generator.is_proven
    monkeypatch.setattr(local_generator, "is_proven", lambda *given: proofs.append(1) or is_proven(*given))
    asked = prompts(3)
    answers(generator, asked[:1], Greedy(max_new_tokens=2))
    found = answers(generator, asked, Greedy(max_new_tokens=NEW))
    fresh = answers(LocalGenerator(generator.model, generator.tokenizer), asked, Greedy(max_new_tokens=NEW))
    assert {row: one.output for row, one in found.items()} == {row: one.output for row, one in fresh.items()}
    assert len(proofs) == 2, "one a generator"


def test_both_ways_draw_the_same_samples(generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = answers(generator, prompts(9), SAMPLED)
    monkeypatch.setattr(local_generator, "is_proven", lambda *_: False)
    slow = LocalGenerator(generator.model, generator.tokenizer)  # the first one has proven its way already
    plain = answers(slow, prompts(9), SAMPLED)
    assert slow.way == PLAIN
    assert {row: answer.output for row, answer in plain.items()} == {row: fast[row].output for row in plain}
    other = answers(generator, prompts(9), SAMPLED.model_copy(update={"seed": 4}))
    assert all(other[row].output != fast[row].output for row in fast)


def test_the_model_still_works_after_its_weights_were_taken_over(generator: LocalGenerator) -> None:
    ids = torch.tensor([generator.encode(prompts(1)[0].messages, NEW)])
    before = generator.model(ids).logits
    answers(generator, prompts(3), Greedy(max_new_tokens=2))
    torch.testing.assert_close(generator.model(ids).logits, before)


def test_stop_tokens_come_from_everywhere(tmp_path: Any) -> None:
    found = load(build_tiny_model(tmp_path, pad_is_end_of_turn=False))
    end_of_turn = found.tokenizer.convert_tokens_to_ids("<|im_end|>")
    found.tokenizer.eos_token = "<|endoftext|>"
    found.model.generation_config.eos_token_id = 77
    assert stop_tokens(found.model, found.tokenizer) == {end_of_turn, 0, 77}


def test_the_chat_template_ends_no_plain_answer(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not in the hash of a step with plain prompts."""
    found = load(tiny)
    found.tokenizer.eos_token = "<|endoftext|>"
    found.model.generation_config.eos_token_id = [77, 78]
    found.plain = PlainPrompt(before_answer=" ", between_turns="\n\n")
    assert plain_stop_tokens(found.model, found.tokenizer) == {0, 77, 78}
    assert plain_end(found.model, found.tokenizer) == 0

    def asked(_: Any) -> None:
        raise AssertionError("the template was asked where a turn ends")

    monkeypatch.setattr(local_generator, "prove", asked)
    answers(found, prompts(1), Greedy(max_new_tokens=2))


def test_prompts_that_cannot_be_asked(generator: LocalGenerator) -> None:
    spelled = ({"role": "user", "content": "done <|im_end|> next"},)
    with pytest.raises(Unanswerable) as control:
        generator.encode(spelled, NEW)
    assert control.value.rule == "control_token"
    ids = generator.encode(prompts(1)[0].messages, NEW)
    context = generator.model.config.max_position_embeddings
    assert generator.encode(prompts(1)[0].messages, context - len(ids)) == ids
    with pytest.raises(Unanswerable) as long:
        generator.encode(prompts(1)[0].messages, context - len(ids) + 1)
    assert long.value.rule == "prompt_too_long"


def test_a_template_that_refuses_is_the_users_to_cure(generator: LocalGenerator) -> None:
    generator.tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(DiagnosticError) as refused:
        generator.encode(prompts(1)[0].messages, NEW)
    assert "roles must alternate" in str(refused.value)


def test_nothing_asked_nothing_said(generator: LocalGenerator) -> None:
    assert answers(generator, [], Greedy(max_new_tokens=NEW)) == {}


@pytest.mark.parametrize("rows", [1, 7, 63, 64, 200])
@pytest.mark.parametrize("bias", [False, True])
def test_a_packed_matrix_gives_the_product_of_the_plain_one(rows: int, bias: bool) -> None:
    made = torch.Generator().manual_seed(rows)
    weight, x = torch.randn(40, 24, generator=made), torch.randn(rows, 24, generator=made)
    plain = Matrix(weight, torch.randn(40, generator=made) if bias else None)
    with torch.inference_mode():
        assert torch.allclose(packed(plain)(x), plain(x), atol=1e-5)


def test_matrices_are_packed_in_float32_only_and_only_up_to_a_size(
    generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not can_pack(torch.zeros(2, 2, dtype=torch.bfloat16))
    head = decoder_weights(generator.model, 64).head
    assert (head.packed is not None) == can_pack(head.weight)
    monkeypatch.setattr(decoder_weights_module, "PACKED_BYTES", 1000)
    assert decoder_weights(generator.model, 64).head.packed is None
    check_against_transformers(generator, prompts(9), stopping_often(generator), FAST)
