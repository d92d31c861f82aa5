"""Welch's interval against scipy, and how often the intervals of groups and of chosen means hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runtime.statistics import Bounds
from runtime.statistics.extremes import highest_bounds, lowest_bounds, spread_bounds, spread_upper
from runtime.statistics.groups import share_difference_bounds, welch_bounds
from runtime.statistics.paired_means import difference_bounds
from runtime.statistics.proportion import wilson

NUMBERS = st.lists(st.floats(-100, 100), min_size=2, max_size=30).filter(lambda found: np.ptp(found) > 1e-3)
SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=40)


@given(NUMBERS, NUMBERS)
def test_welch_is_that_of_scipy(first: list[float], second: list[float]) -> None:
    found = welch_bounds(np.array(first), np.array(second), 0.025)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx(tuple(expected), rel=1e-9, abs=1e-9)


@given(SHARES, SHARES)
def test_shares_get_two_pseudo_items_each_and_swapping_groups_flips_the_ends(
    first: list[float], second: list[float]
) -> None:
    found = share_difference_bounds(np.array(first), np.array(second), 0.05)
    padded = [*first, 1.0, 0.0], [*second, 1.0, 0.0]
    expected = stats.ttest_ind(*padded, equal_var=False).confidence_interval(0.9)
    assert found == pytest.approx((max(-1, expected.low), min(1, expected.high)))
    swapped = share_difference_bounds(np.array(second), np.array(first), 0.05)
    assert found == pytest.approx((-swapped.high, -swapped.low))


def test_a_group_of_one_plain_number_has_no_interval() -> None:
    assert welch_bounds(np.array([1.0]), np.array([1.0, 2.0]), 0.05) == (float("-inf"), float("inf"))


def test_the_difference_of_two_groups_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    for size, other, share, other_share in ((30, 30, 0.9, 0.9), (30, 200, 0.97, 0.8), (60, 40, 0.5, 0.4)):
        first, second = random.binomial(1, share, (800, size)), random.binomial(1, other_share, (800, other))
        above = sum(
            share_difference_bounds(a, b, 0.05).high < share - other_share for a, b in zip(first, second, strict=True)
        )
        assert above / 800 <= 0.05 + 3 * (0.05 * 0.95 / 800) ** 0.5


def _of_shares(answers: np.ndarray) -> tuple[Bounds, Bounds, Bounds]:
    """Intervals of the lowest mean, the highest mean and the spread of a matrix items × templates of 0 and 1."""
    n, count = answers.shape
    sums = answers.sum(axis=0)

    def one(column: int, tail: float) -> Bounds:
        return wilson(float(sums[column]), n, tail)

    def two(first: int, second: int, tail: float) -> Bounds:
        return difference_bounds(answers[:, first] - answers[:, second], "share", tail)

    return lowest_bounds(count, one, 0.025), highest_bounds(count, one, 0.025), spread_bounds(count, two, 0.025)


@pytest.mark.parametrize("shares", [(0.8, 0.8, 0.8, 0.8), (0.9, 0.8, 0.6), (0.7, 0.69)])
def test_intervals_of_chosen_means_hold_though_they_were_chosen(shares: tuple[float, ...]) -> None:
    """Items of which some are easy under every template: answers to one item go together."""
    random = np.random.default_rng(3)
    held = np.zeros(3)
    draws = 400
    for _ in range(draws):
        ease = random.normal(size=(120, 1))
        noise = random.normal(size=(120, len(shares)))
        answers = (0.7 * ease + 0.51**0.5 * noise < stats.norm.ppf(shares)).astype(float)
        truths = (min(shares), max(shares), max(shares) - min(shares))
        held += [found.low <= truth <= found.high for found, truth in zip(_of_shares(answers), truths, strict=True)]
    assert (held / draws >= 0.95 - 3 * (0.05 * 0.95 / draws) ** 0.5).all()


def test_the_spread_of_equal_templates_is_not_told_from_none() -> None:
    answers = np.tile(np.array([[1.0], [0.0]]), (40, 3))
    _, _, found = _of_shares(answers)
    assert found.low == 0 < found.high
    assert found.high == pytest.approx(
        spread_upper(3, lambda a, b, tail: difference_bounds(answers[:, 0] * 0, "share", tail), 0.025)
    )
