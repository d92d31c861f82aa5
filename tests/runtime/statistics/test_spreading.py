"""The spread over templates and its bootstrap interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from runtime.statistics.spreading import spread, spread_bounds


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
