"""Log-likelihoods and divergences beside a plain loop over the model as it is, and the walk over texts as a tree."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from runtime.inference import likelihood
from runtime.inference.likelihood import Reader, run_plainly
from runtime.inference.prefix_tree import Batch, Enter, Leave, Text, Tree
from runtime.models.local_generator import LocalGenerator
from tests.runtime.inference.conftest import load
from tests.tiny_model import build_tiny_model

FAST, PLAIN = "shared prefixes, packed", "the model's own forward pass"


def log_probabilities(model: Any, ids: tuple[int, ...]) -> torch.Tensor:
    """Of every next token, float64 [tokens, vocabulary]: one text alone, through the model as it is."""
    with torch.inference_mode():
        return torch.log_softmax(model(torch.tensor([list(ids)])).logits[0].double(), -1)


def expected(model: Any, text: Text) -> tuple[float, bool]:
    found = log_probabilities(model, text.ids)
    places = range(text.start, len(text.ids))
    value = sum(float(found[at - 1, text.ids[at]]) for at in places)
    return value, all(int(found[at - 1].argmax()) == text.ids[at] for at in places)


def quiz(vocabulary: int, seed: int = 1) -> list[Text]:
    """Options of questions under three heads: of one token and of several, one the beginning of another, and the
    likeliest of nothing in particular."""
    draw = random.Random(seed)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(draw.randrange(vocabulary) for _ in range(count))

    texts = []
    for length in (3, 20, 40):
        head = tokens(length)
        for _ in range(4):
            prompt = head + tokens(draw.randrange(1, 25))
            options = [tokens(draw.choice((1, 1, 2, 6))) for _ in range(3)]
            texts += [Text(prompt + option, len(prompt)) for option in [*options, options[-1] + tokens(2)]]
    return texts


def check(model: Any, texts: list[Text], found: dict[int, Any], within: float = 1e-4) -> None:
    assert sorted(found) == list(range(len(texts)))
    for at, text in enumerate(texts):
        value, greedy = expected(model, text)
        assert found[at].value == pytest.approx(value, abs=within), text
        assert found[at].greedy == greedy
        assert found[at].tokens == len(text.ids) - text.start


@pytest.mark.parametrize("budget", [1, 40, 100, 10_000])
def test_log_likelihoods_are_those_of_a_plain_loop(generator: LocalGenerator, budget: int) -> None:
    model = generator.model
    texts = quiz(model.config.vocab_size)
    prompt = texts[0].ids[: texts[0].start]
    likeliest = int(log_probabilities(model, prompt)[-1].argmax())
    texts.append(Text((*prompt, likeliest), len(prompt)))
    reader = Reader((model,), budget)
    found = {one.text: one for batch in reader.likelihoods(texts) for one in batch}
    assert reader.way == FAST
    check(model, texts, found)
    assert found[len(texts) - 1].greedy, "one of them is what the model would say"


def test_an_architecture_without_a_fast_pass_gives_the_same() -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=90, n_positions=128, n_embd=32, n_layer=2, n_head=2)).eval()
    texts = quiz(90)
    reader = Reader((model,))
    found = {one.text: one for batch in reader.likelihoods(texts) for one in batch}
    assert reader.way == PLAIN
    check(model, texts, found)


def test_texts_that_differ_in_their_last_token_are_run_once(generator: LocalGenerator) -> None:
    texts = [Text((5, 6, 7, token), 3) for token in (1, 2, 3, 4)]
    (batch,) = run_plainly((generator.model,), texts)
    assert (batch.places, len(batch.sources)) == (1, 4)


@pytest.mark.parametrize("error", [0.1, float("nan")])
def test_a_pass_that_fails_its_proof_is_not_used(
    generator: LocalGenerator, monkeypatch: pytest.MonkeyPatch, error: float
) -> None:
    texts = quiz(generator.model.config.vocab_size)
    right = likelihood.run_tree
    monkeypatch.setattr(likelihood, "run_tree", lambda *about: right(*about) + error)
    reader = Reader((generator.model,))
    found = {one.text: one for batch in reader.likelihoods(texts) for one in batch}
    assert reader.way == PLAIN
    check(generator.model, texts, found)


def test_divergence_is_that_of_the_whole_distributions(generator: LocalGenerator, tmp_path: Path) -> None:
    other = load(build_tiny_model(tmp_path / "other", seed=3)).model
    texts = quiz(generator.model.config.vocab_size)
    reader = Reader((generator.model, other), 100)
    found = {one.text: one for batch in reader.divergences(texts) for one in batch}
    assert reader.way == FAST and sorted(found) == list(range(len(texts)))
    for at, text in enumerate(texts[:12]):
        ours, theirs = (log_probabilities(model, text.ids)[text.start - 1 : -1] for model in (generator.model, other))
        reference = torch.nn.functional.kl_div(theirs, ours, reduction="sum", log_target=True)
        assert found[at].value == pytest.approx(float(reference), rel=1e-5)
        assert found[at].tokens == len(text.ids) - text.start
    itself = Reader((generator.model, load(build_tiny_model(tmp_path / "same")).model))
    assert {one.value for batch in itself.divergences(texts) for one in batch} == {0.0}


# --- the walk ---------------------------------------------------------------------------------------

_TOKENS = st.lists(st.integers(0, 2), min_size=2, max_size=14)
_HEAD = st.sampled_from([(), (1,) * 9, (1,) * 9 + (2,) * 10, (0, 1) * 8])


@st.composite
def text_lists(draw: st.DrawFn) -> list[Text]:
    texts = []
    for _ in range(draw(st.integers(1, 25))):
        ids = draw(_HEAD) + tuple(draw(_TOKENS))
        texts.append(Text(ids, draw(st.integers(1, len(ids) - 1))))
    return texts


@given(text_lists(), st.integers(1, 120))
def test_every_text_is_run_once_after_what_it_begins_with(texts: list[Text], budget: int) -> None:
    held: list[tuple[int, ...]] = []
    seen: list[int] = []
    for step in Tree(texts, budget).walk():
        if isinstance(step, Enter):
            held.append(step.ids)
        elif isinstance(step, Leave):
            held.pop()
        else:
            assert isinstance(step, Batch)
            before = tuple(token for ids in held for token in ids)
            assert step.depth == len(before)
            for at in step.texts:
                assert texts[at].ids[: len(before)] == before and len(before) < texts[at].start
            rows = [texts[at].ids[:-1] for at in step.texts]
            assert rows == sorted(rows)
            seen += step.texts
    assert not held and sorted(seen) == list(range(len(texts)))


def test_a_head_that_many_batches_have_in_common_is_run_once() -> None:
    draw = random.Random(0)
    subjects = [tuple(draw.randrange(1000) for _ in range(300)) for _ in range(3)]
    texts = []
    for subject in subjects:
        for _ in range(20):
            prompt = subject + tuple(draw.randrange(1000) for _ in range(30))
            texts += [Text((*prompt, *(draw.randrange(1000) for _ in range(5))), len(prompt)) for _ in range(4)]
    walk = list(Tree(texts, 256).walk())
    entered = sum(len(step.ids) for step in walk if isinstance(step, Enter))
    assert entered == 3 * 300
    assert sum(isinstance(step, Batch) for step in walk) > 10
