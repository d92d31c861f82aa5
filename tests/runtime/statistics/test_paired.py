"""Paired yes-or-no comparisons against statsmodels, scipy, published tables and a numerical likelihood."""

from __future__ import annotations

from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, binomtest
from statsmodels.stats.contingency_tables import mcnemar

from runtime.statistics.paired import Pairs, mcnemar_exact, mcnemar_mid_p, newcombe, tango, tango_score

small = st.integers(0, 40)
tables = st.builds(Pairs, small, small, small, small).filter(lambda pairs: pairs.n > 0)

# Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), the worked example of Fagerland,
# Lydersen & Laake 2014 (Stat. Med. 33:2850): 1, 1, 7, 12 of 21; difference -0.286.
BENTUR = Pairs(both_right=1, both_wrong=12, gained=1, lost=7)


def test_published_example() -> None:
    assert BENTUR.difference == pytest.approx(-0.286, abs=5e-4)
    assert newcombe(BENTUR, 0.025) == pytest.approx((-0.507, -0.026), abs=5e-4)
    assert tango(BENTUR, 0.025) == pytest.approx((-0.517, -0.026), abs=5e-4)
    assert 2 * mcnemar_exact(BENTUR) == pytest.approx(0.0703, abs=5e-5)
    assert 2 * mcnemar_mid_p(BENTUR) == pytest.approx(0.0391, abs=5e-5)


@given(tables)
def test_exact_p_equals_scipy_and_statsmodels(pairs: Pairs) -> None:
    flips = pairs.gained + pairs.lost
    if flips:
        assert mcnemar_exact(pairs) == pytest.approx(binomtest(pairs.lost, flips, 0.5, alternative="greater").pvalue)
        both_sides = mcnemar([[pairs.both_right, pairs.lost], [pairs.gained, pairs.both_wrong]], exact=True).pvalue
        smaller = min(mcnemar_exact(pairs), mcnemar_exact(pairs.swapped()))
        assert min(1.0, 2 * smaller) == pytest.approx(both_sides)
        observed = binom.pmf(pairs.lost, flips, 0.5)
        assert mcnemar_mid_p(pairs) == pytest.approx(mcnemar_exact(pairs) - observed / 2)


@given(st.integers(990, 1010), st.floats(0.4, 0.6))
def test_many_flips_use_the_same_distribution(flips: int, share: float) -> None:
    lost = int(share * flips)
    pairs = Pairs(0, 0, flips - lost, lost)
    expected = binom.sf(lost, flips, 0.5) + binom.pmf(lost, flips, 0.5) / 2
    assert mcnemar_mid_p(pairs) == pytest.approx(expected, rel=1e-9)


@given(small, small.filter(bool))
def test_a_model_against_itself(right: int, wrong: int) -> None:
    same = Pairs(right, wrong, 0, 0)
    assert mcnemar_exact(same) == mcnemar_mid_p(same) == 1.0
    assert same.difference == 0
    for interval in (newcombe, tango):
        low, high = interval(same, 0.05)
        assert low == pytest.approx(-high) and low < 0  # no flips among n items do not prove that none can flip


@given(tables, st.sampled_from([0.025, 0.05, 0.1]))
def test_swapping_the_sides_flips_the_sign_exactly(pairs: Pairs, tail: float) -> None:
    swapped = pairs.swapped()
    assert swapped.difference == -pairs.difference
    assert tango(swapped, tail) == (-tango(pairs, tail).high, -tango(pairs, tail).low)
    low, high = newcombe(pairs, tail)
    assert newcombe(swapped, tail) == pytest.approx((-high, -low), abs=1e-12)
    flips = pairs.gained + pairs.lost
    if flips:
        assert mcnemar_mid_p(pairs) + mcnemar_mid_p(swapped) == pytest.approx(1)


@given(tables, st.sampled_from([0.025, 0.05]))
def test_intervals_hold_the_estimate_and_stay_in_range(pairs: Pairs, tail: float) -> None:
    for interval in (newcombe, tango):
        low, high = interval(pairs, tail)
        assert -1 - 1e-9 <= low <= pairs.difference + 1e-9
        assert pairs.difference - 1e-9 <= high <= 1 + 1e-9


@given(tables.filter(lambda pairs: 0 < pairs.gained + pairs.lost < pairs.n), st.floats(-0.9, 0.9))
def test_score_equals_the_one_from_a_numerical_likelihood(pairs: Pairs, delta: float) -> None:
    """Maximise the trinomial likelihood under the hypothesis, without the closed form."""
    n, gained, lost = pairs.n, pairs.gained, pairs.lost

    def negative_log_likelihood(loss: float) -> float:
        cells = ((gained, loss + delta), (lost, loss), (n - gained - lost, 1 - 2 * loss - delta))
        return -sum(count * log(max(share, 1e-300)) for count, share in cells if count)

    bounds = (max(0.0, -delta), (1 - delta) / 2)
    loss = minimize_scalar(negative_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    variance = n * (2 * loss + delta - delta**2)
    expected = (gained - lost - n * delta) / sqrt(variance)
    assert tango_score(pairs, delta) == pytest.approx(expected, rel=1e-3, abs=1e-4)
