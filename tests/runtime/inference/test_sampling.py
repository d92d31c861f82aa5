"""Draws beside the softmax, cut as transformers cuts it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from compiler.step_params import Greedy, Sample
from runtime.inference import sampling
from runtime.inference.sampling import Chooser, draws_of

DRAWS = 20_000


def cut(logits: torch.Tensor, temperature: float, top_p: float, top_k: int | None) -> np.ndarray:
    """The probabilities that transformers samples from, float64 [vocabulary]."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    if top_k is not None:
        warpers.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        warpers.append(TopPLogitsWarper(top_p))
    return torch.softmax(warpers(torch.zeros(1, 1, dtype=torch.long), logits[None]).double(), -1)[0].numpy()


@pytest.mark.parametrize(
    ("temperature", "top_p", "top_k"),
    [(1.0, 1.0, None), (0.7, 1.0, None), (1.3, 0.9, None), (1.0, 1.0, 5), (0.8, 0.8, 20), (1.0, 0.05, None)],
)
def test_draws_follow_the_cut_softmax(temperature: float, top_p: float, top_k: int | None) -> None:
    logits = torch.from_numpy(np.random.default_rng(1).standard_normal(40).astype(np.float32) * 2)
    points = [draws_of(11, f"row{index}", 1)[0] for index in range(DRAWS)]
    chooser = Chooser(1, temperature, top_p, top_k, 11)
    counts = np.bincount(chooser.choose(logits.expand(DRAWS, -1), points), minlength=40)
    wanted = cut(logits, temperature, top_p, top_k)
    assert counts[wanted == 0].sum() == 0, "a token that was cut away must never come"
    common = wanted * DRAWS >= 5  # the test needs so many expected in a cell; the rest is one cell
    seen, expected = list(counts[common]), list(wanted[common] * DRAWS)
    if rest := wanted[~common].sum() * DRAWS:
        seen, expected = [*seen, counts[~common].sum()], [*expected, rest]
    if len(seen) > 1:
        assert chisquare(seen, expected).pvalue > 1e-3
    else:
        assert seen == [DRAWS]


def test_a_flat_distribution_needs_more_than_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = torch.from_numpy(np.random.default_rng(2).standard_normal((50, 300)).astype(np.float32))
    points = draws_of(5, "flat", 50)
    chooser = Chooser(1, 1.0, 0.9, None, 5)
    whole = chooser.choose(logits, points)
    monkeypatch.setattr(sampling, "_HEAD", 10)
    assert chooser.choose(logits, points) == whole


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32), point=st.floats(0, 1, exclude_max=True), top_p=st.floats(0.01, 1),
    top_k=st.none() | st.integers(1, 60), temperature=st.floats(0.05, 5),
)  # fmt: skip
def test_any_draw_is_a_token_that_was_not_cut(
    seed: int, point: float, top_p: float, top_k: int | None, temperature: float
) -> None:
    logits = torch.from_numpy(np.random.default_rng(seed).standard_normal(50).astype(np.float32) * 5)
    [token] = Chooser(1, temperature, top_p, top_k, 0).choose(logits[None], [point])
    scaled = logits.double() / temperature
    likelier = torch.softmax(scaled, -1)[scaled > scaled[token]]
    assert top_k is None or len(likelier) < top_k
    if top_k is None:  # what comes before it holds less than top_p
        assert float(likelier.sum()) <= top_p + 1e-6


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 5), vocabulary=st.integers(1, 700), levels=st.integers(1, 30))
def test_greedy_is_argmax_however_the_logits_are_stored(seed: int, rows: int, vocabulary: int, levels: int) -> None:
    logits = torch.from_numpy(np.random.default_rng(seed).integers(0, levels, (rows, vocabulary)).astype(np.float32))
    by_columns = logits.t().contiguous().t()
    wanted = [int(np.argmax(row)) for row in logits.numpy()]  # the first of equals
    assert Chooser(1).choose(by_columns, []) == Chooser(1).choose(logits, []) == wanted


@pytest.mark.parametrize("point", [0.0, 1 - 2**-53])
def test_the_ends_of_the_interval(point: float) -> None:
    logits = torch.tensor([[float("-inf"), 0.0, 1.0, float("-inf")]])
    [token] = Chooser(1, 1.0).choose(logits, [point])
    assert token == (1 if point == 0 else 2)


def test_an_items_stream_is_its_own() -> None:
    assert draws_of(1, "a", 8) == draws_of(1, "a", 8)
    assert draws_of(1, "a", 8)[:3] == draws_of(1, "a", 3), "a longer limit does not change the first draws"
    assert len({draws_of(seed, row, 1) for seed in (1, 2) for row in ("a", "b", "\ud800")}) == 6
    assert draws_of(1, "a", 8, 0) == draws_of(1, "a", 8), "the first answer is that of an item asked once"
    assert len({draws_of(1, row, 1, sample) for row in ("a", "b") for sample in (0, 1, 2)}) == 6
    points = [point for index in range(200) for point in draws_of(9, str(index), 20)]
    assert all(0 <= point < 1 for point in points)
    assert kstest(points, "uniform").pvalue > 1e-3


def test_settings_become_numbers() -> None:
    assert Chooser.of(Greedy(max_new_tokens=7)).draws("a") == ()
    assert Chooser.of(Greedy(max_new_tokens=7)).choose(torch.tensor([[0.0, 2.0, 1.0]]), []) == [1]
    decode = Sample(max_new_tokens=7, temperature=Decimal("0.5"), top_p=Decimal("0.9"), top_k=None, seed=3)
    assert Chooser.of(decode) == Chooser(7, 0.5, 0.9, None, 3)
    assert len(Chooser.of(decode).draws("a")) == 7
