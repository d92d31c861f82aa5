"""Wilson and Clopper-Pearson against statsmodels, scipy and published numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from runtime.statistics import one_sided, two_sided
from runtime.statistics.proportion import chance_of_at_least, chance_of_at_most, clopper_pearson, wilson

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tails = st.sampled_from([0.005, 0.025, 0.05, 0.1])


@given(counts, tails)
def test_equals_statsmodels(count: tuple[int, int], tail: float) -> None:
    successes, n = count
    assert wilson(successes, n, tail) == pytest.approx(
        proportion_confint(successes, n, 2 * tail, method="wilson"), abs=1e-9
    )
    assert clopper_pearson(successes, n, tail) == pytest.approx(
        proportion_confint(successes, n, 2 * tail, method="beta"), abs=1e-9
    )


@pytest.mark.parametrize(("n", "ceiling"), [(59, 0.0495), (100, 0.0295), (200, 0.0149), (299, 0.0100)])
def test_none_of_n_proves_only_so_much(n: int, ceiling: float) -> None:
    assert clopper_pearson(0, n, one_sided(0.95)).high == pytest.approx(ceiling, abs=5e-5)


@given(counts, tails)
def test_right_and_wrong_are_mirror_images(count: tuple[int, int], tail: float) -> None:
    successes, n = count
    for interval in (wilson, clopper_pearson):
        right, wrong = interval(successes, n, tail), interval(n - successes, n, tail)
        assert right == pytest.approx((1 - wrong.high, 1 - wrong.low), abs=1e-9)
        assert 0 <= right.low <= successes / n <= right.high <= 1


@given(counts, st.floats(0.01, 0.99))
def test_tail_probabilities_equal_the_binomial_ones(count: tuple[int, int], share: float) -> None:
    successes, n = count
    assert chance_of_at_least(successes, n, share) == pytest.approx(binom.sf(successes - 1, n, share), abs=1e-10)
    assert chance_of_at_most(successes, n, share) == pytest.approx(binom.cdf(successes, n, share), abs=1e-10)


@given(counts, tails)
def test_the_bound_is_where_the_p_value_crosses_the_tail(count: tuple[int, int], tail: float) -> None:
    successes, n = count
    low, high = clopper_pearson(successes, n, tail)
    if successes:
        assert chance_of_at_least(successes, n, low) == pytest.approx(tail, rel=1e-6)
    if successes < n:
        assert chance_of_at_most(successes, n, high) == pytest.approx(tail, rel=1e-6)


def test_a_share_of_nothing_is_refused() -> None:
    for successes, n in ((0, 0), (3, 2), (-1, 4)):
        with pytest.raises(ValueError, match="no share"):
            wilson(successes, n, 0.05)
        with pytest.raises(ValueError, match="no share"):
            clopper_pearson(successes, n, 0.05)


def test_levels_are_tails() -> None:
    assert one_sided(0.95) == pytest.approx(0.05)
    assert two_sided(0.95) == pytest.approx(0.025)
