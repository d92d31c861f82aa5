"""Planning numbers against published values and against the exact binomial distribution."""

from __future__ import annotations

from math import isnan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from compiler.power import (
    PRIOR_FLIPS,
    minimum_detectable,
    non_inferiority_n,
    share_minimum_detectable,
)
from runtime.statistics.proportion import clopper_pearson


@pytest.mark.parametrize(("margin", "items"), [(0.10, 124), (0.05, 495), (0.02, 3092)])
def test_items_for_a_margin_at_the_usual_share_of_flips(margin: float, items: int) -> None:
    assert non_inferiority_n(sqrt(PRIOR_FLIPS), margin, 0.95) == items


def test_millers_example() -> None:
    """Miller 2024: variance 1/9, 3 points, two-sided 5%, power 0.8 -> 969 items."""
    assert non_inferiority_n(sqrt(1 / 9), 0.03, 0.975) == 969


@given(st.floats(0.05, 1.5), st.integers(10, 5000), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_two_questions_are_inverse(deviation: float, n: int, level: float) -> None:
    effect = minimum_detectable(deviation, n, level)
    assert non_inferiority_n(deviation, effect, level) == pytest.approx(n, abs=1)


@pytest.mark.parametrize(("threshold", "n"), [(0.8, 200), (0.8, 1000), (0.5, 400), (0.95, 1000)])
def test_detectable_share_has_the_power_that_it_claims(threshold: float, n: int) -> None:
    share = threshold + share_minimum_detectable(threshold, n, 0.95, above=True)
    proving = [right for right in range(n + 1) if clopper_pearson(right, n, 0.05).low >= threshold]
    assert binom.sf(min(proving) - 1, n, share) == pytest.approx(0.8, abs=0.06)


def test_floor_and_ceiling_are_mirror_images() -> None:
    assert share_minimum_detectable(0.8, 300, 0.95, above=True) == pytest.approx(
        share_minimum_detectable(0.2, 300, 0.95, above=False)
    )


def test_no_share_proves_the_impossible() -> None:
    assert isnan(share_minimum_detectable(0.98, 20, 0.95, above=True))
