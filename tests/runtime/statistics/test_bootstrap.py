"""Bootstrap over items and swap tests: against scipy and sums over all outcomes; and the spread over templates."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.statistics import Bounds
from runtime.statistics import bootstrap as module
from runtime.statistics.bootstrap import (
    Floats,
    Resampled,
    Statistic,
    difference_of,
    resample,
    spread,
    spread_bounds,
    swap_p,
)


def mean(sums: Floats) -> Floats:
    """Of items with the columns value, 1."""
    found: Floats = sums[..., 0] / sums[..., 1]
    return found


def f1(sums: Floats) -> Floats:
    """Of items with the columns hits, predicted, expected."""
    found: Floats = 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1e-12)
    return found


def with_ones(values: Any) -> Floats:
    return np.stack([np.asarray(values, dtype=float), np.ones(len(values))], axis=1)


def scipys(values: Floats, found: Resampled, level: float) -> Bounds:
    """scipy's interval of a mean from the same resamples."""

    class Given:
        bootstrap_distribution = found.values

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where BCa is undefined
        ends = stats.bootstrap(
            (values,), np.mean, n_resamples=0, bootstrap_result=Given(), confidence_level=level, method="BCa"
        ).confidence_interval
    return Bounds(float(ends.low), float(ends.high))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-800, 800).map(lambda x: x / 8), min_size=3, max_size=40),
    st.sampled_from([0.025, 0.05, 0.005]),
    st.integers(0, 2**60),
)
def test_bca_interval_is_scipys_on_the_same_resamples(values: list[float], tail: float, seed: int) -> None:
    rows = np.array(values)
    found = resample(with_ones(rows), mean, seed, resamples=999)
    theirs = scipys(rows, found, 1 - 2 * tail)
    if np.isfinite(theirs).all():
        assert found.bounds(tail) == pytest.approx(tuple(theirs), rel=1e-9, abs=1e-9)
    else:
        ends = np.quantile(found.values, [tail, 1 - tail])
        assert found.bounds(tail) == pytest.approx(tuple(ends), abs=1e-9)


@pytest.mark.parametrize("distinct", [3, 400], ids=["few distinct rows", "no row twice"])
def test_resamples_are_drawn_as_they_should_be(distinct: int) -> None:
    """Mean and variance of the sums over resamples are those of n draws with replacement."""
    values = np.random.default_rng(3).permutation(np.arange(402) % distinct * 1.0)
    found = resample(with_ones(values), mean, seed=5, resamples=20_000)
    error = values.std() / np.sqrt(len(values))
    assert found.values.mean() == pytest.approx(values.mean(), abs=4 * error / np.sqrt(20_000))
    assert found.values.std() == pytest.approx(error, rel=0.03)
    assert abs(stats.skew(found.values)) < 0.1


def test_every_item_is_drawn_equally_often() -> None:
    """Also the last of an odd number, which is where the pairs of draws end."""
    n = 1001
    found = np.concatenate(list(module._drawn(np.eye(n), np.ones(n, dtype=np.int64), 7, 2000)))
    assert (found.sum(axis=1) == n).all()
    times = found.sum(axis=0)
    assert stats.chisquare(times).pvalue > 0.001
    assert stats.kstest((times - 2000) / np.sqrt(2000), "norm").pvalue > 0.001


@pytest.mark.parametrize("distinct", [4, 4000])
def test_neither_blocks_nor_the_order_of_items_change_a_draw(distinct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(9)
    rows = with_ones(random.integers(0, distinct, 301).astype(float))
    whole = resample(rows, mean, seed=11, resamples=100)
    monkeypatch.setattr(module, "_BLOCK", 1000)
    cut = resample(random.permutation(rows), mean, seed=11, resamples=100)
    assert cut.values == pytest.approx(whole.values, rel=1e-12)
    assert resample(rows, mean, seed=12, resamples=100).values != pytest.approx(whole.values)


def test_paired_resamples_see_what_unpaired_ones_cannot() -> None:
    """Two models that agree on hard and easy items: the difference scatters far less than either."""
    random = np.random.default_rng(13)
    hard = random.integers(0, 10, 300).astype(float)
    baseline = np.stack([hard, np.full(300, 10.0), np.full(300, 10.0)], axis=1)
    candidate = baseline.copy()
    candidate[:60, 0] = np.maximum(candidate[:60, 0] - 1, 0)
    both = resample(np.hstack([candidate, baseline]), difference_of(f1), seed=3)
    assert both.estimate == pytest.approx(float(f1(candidate.sum(axis=0)) - f1(baseline.sum(axis=0))))
    assert both.values.std() < resample(candidate, f1, seed=3).values.std() / 3
    assert both.bounds(0.05).high < 0
    swapped = resample(np.hstack([baseline, candidate]), difference_of(f1), seed=3)
    assert swapped.estimate == -both.estimate


# --- swap test --------------------------------------------------------------------------------------


def all_swaps_p(candidate: Floats, baseline: Floats, statistic: Statistic) -> float:
    """The same p-value by going through every way to swap."""
    observed = statistic(candidate.sum(axis=0)) - statistic(baseline.sum(axis=0))
    as_low = total = 0
    for swap in product([False, True], repeat=len(candidate)):
        mask = np.array(swap)[:, None]
        first, second = np.where(mask, baseline, candidate), np.where(mask, candidate, baseline)
        as_low += bool(statistic(first.sum(axis=0)) - statistic(second.sum(axis=0)) <= observed + 1e-9)
        total += 1
    return as_low / total


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 9))
def test_swap_test_is_the_sum_over_all_swaps(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    candidate, baseline = (random.integers(1, 6, (n, 3)).astype(float) for _ in range(2))
    exact = all_swaps_p(candidate, baseline, f1)
    found = swap_p(candidate, baseline, f1, seed, resamples=4000)
    if not (candidate != baseline).any():
        assert found == exact == 1
    assert found == pytest.approx(exact, abs=5 * (exact * (1 - exact) / 4000) ** 0.5 + 1 / 4000)


def test_swap_test_of_a_model_with_itself_is_1_and_of_a_clear_drop_small() -> None:
    random = np.random.default_rng(17)
    rows = random.integers(1, 9, (500, 3)).astype(float)
    assert swap_p(rows, rows, f1, seed=1) == 1
    worse = rows - [[0.5, 0, 0]]
    assert swap_p(worse, rows, f1, seed=1) == pytest.approx(1 / 10_001)
    assert swap_p(rows, worse, f1, seed=1) == 1


# --- spread over templates --------------------------------------------------------------------------


def test_spread_is_best_minus_worst_mean() -> None:
    answers = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    assert spread(answers) == pytest.approx(0.75)


def test_interval_of_a_clear_difference_is_close_to_the_normal_one() -> None:
    random = np.random.default_rng(2)
    answers = np.stack([random.random(400) < 0.9, random.random(400) < 0.6], axis=1).astype(float)
    difference = answers[:, 0] - answers[:, 1]
    half = stats.norm.ppf(0.975) * difference.std(ddof=1) / 20
    low, high = spread_bounds(answers, 0.025, seed=11)
    assert low == pytest.approx(difference.mean() - half, abs=0.01)
    assert high == pytest.approx(difference.mean() + half, abs=0.01)


def test_seed_decides_and_order_of_items_does_not() -> None:
    random = np.random.default_rng(4)
    answers = (random.random((611, 3)) < 0.7).astype(float)
    found = spread_bounds(answers, 0.025, seed=1)
    assert spread_bounds(random.permutation(answers), 0.025, seed=1) == found
    assert spread_bounds(answers, 0.025, seed=2) != found


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_identical_answers_give_a_defined_interval(value: float) -> None:
    assert spread_bounds(np.full((20, 2), value), 0.025, seed=1) == (0.0, 0.0)
