"""Per-item comparisons against scipy and statsmodels, and their symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import permutation_test, ttest_rel

from runtime.statistics.paired import Pairs, tango
from runtime.statistics.paired_means import (
    adjusted_standard_error,
    difference_bounds,
    effective_pairs,
    paired_t_bounds,
    sign_flip_p,
)

halves = arrays(np.float64, st.integers(2, 40), elements=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))


def test_t_interval_equals_scipy() -> None:
    random = np.random.default_rng(5)
    baseline, candidate = random.normal(0, 1, 30), random.normal(0.2, 1, 30)
    interval = ttest_rel(candidate, baseline).confidence_interval(0.95)
    assert paired_t_bounds(candidate - baseline, 0.025) == pytest.approx((interval.low, interval.high))


def test_one_item_says_nothing() -> None:
    assert paired_t_bounds(np.array([1.0]), 0.05) == (float("-inf"), float("inf"))
    low, high = difference_bounds(np.array([0.0]), "share", 0.05)
    assert low == -high < -0.7


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200))
def test_adjusted_error_is_bonett_and_price_for_one_template(gained: int, lost: int, same: int) -> None:
    """Their Laplace-adjusted variance with n - 1 in place of n."""
    differences = np.repeat([1.0, -1.0, 0.0], [gained, lost, same])
    n = len(differences) + 2
    share_gained, share_lost = (gained + 1) / n, (lost + 1) / n
    variance = (share_gained + share_lost - (share_gained - share_lost) ** 2) / (n - 1)
    assert adjusted_standard_error(differences) == pytest.approx(variance**0.5)


@given(halves, st.sampled_from([0.025, 0.05]))
def test_swapping_the_sides_flips_the_sign(differences: np.ndarray, tail: float) -> None:
    for unit in ("share", "plain"):
        low, high = difference_bounds(differences, unit, tail)
        assert difference_bounds(-differences, unit, tail) == pytest.approx((-high, -low), abs=1e-12)


@given(halves, st.integers(0, 2**31))
def test_order_of_items_means_nothing(differences: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(differences)
    assert sign_flip_p(shuffled, 7, 500) == sign_flip_p(differences, 7, 500)
    found = difference_bounds(differences, "share", 0.05)
    assert difference_bounds(shuffled, "share", 0.05) == pytest.approx(found)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200), st.sampled_from([0.025, 0.05]))
def test_templates_that_agree_on_every_item_are_worth_one(gained: int, lost: int, same: int, tail: float) -> None:
    differences = np.repeat([1.0, -1.0, 0.0], [gained, lost, same])
    one = tango(Pairs(same, 0, gained, lost), tail)
    assert difference_bounds(differences, "share", tail) == pytest.approx(one, abs=1e-9)


@given(halves)
def test_differences_are_worth_no_more_than_the_answers_and_no_less_than_the_items(differences: np.ndarray) -> None:
    found = effective_pairs(differences)
    assert len(differences) - 1e-9 <= found.n <= 2 * len(differences) + 1e-9
    assert found.difference == pytest.approx(differences.mean())


def test_no_differences_are_no_evidence() -> None:
    assert sign_flip_p(np.zeros(50), 1) == 1.0
    low, high = difference_bounds(np.zeros(50), "share", 0.05)
    assert low == -high < 0


def test_listed_sign_vectors_equal_scipy_exact_permutation() -> None:
    differences = np.array([0.5, -1.0, -0.5, -1.0, 0.0, -0.5, 0.5, -1.0])
    moving = differences[differences != 0]
    exact = permutation_test(
        (moving,), np.sum, permutation_type="samples", alternative="less", n_resamples=np.inf, vectorized=False
    )
    assert sign_flip_p(differences, seed=0) == pytest.approx(exact.pvalue)


def test_drawn_sign_vectors_come_close_to_the_exact_answer() -> None:
    differences = np.repeat([1.0, -1.0], [18, 30])
    from scipy.stats import binom

    exact = binom.cdf(18, 48, 0.5)
    assert sign_flip_p(differences, seed=3) == pytest.approx(exact, abs=4 * (exact / 9999) ** 0.5)
    assert sign_flip_p(differences, seed=3) == sign_flip_p(differences, seed=3)


def test_a_drawn_p_value_is_never_zero() -> None:
    assert sign_flip_p(np.full(100, -1.0), seed=1, resamples=199) == pytest.approx(1 / 200)
