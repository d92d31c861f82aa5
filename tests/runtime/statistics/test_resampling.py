"""Bootstrap over items: against scipy on the same resamples, and the draws against what drawing means."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.statistics import Bounds
from runtime.statistics.resampling import Floats, Resampled, Sums, resampled_sums


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
        bootstrap_distribution = found.draws

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where BCa is undefined
        ends = stats.bootstrap(
            (values,), np.mean, n_resamples=0, bootstrap_result=Given(), confidence_level=level, method="BCa"
        ).confidence_interval
    return Bounds(float(ends.low), float(ends.high))


@settings(max_examples=25)
@given(
    st.lists(st.integers(-800, 800).map(lambda x: x / 8), min_size=3, max_size=40),
    st.sampled_from([0.025, 0.05, 0.005]),
    st.integers(0, 2**60),
)
def test_bca_interval_is_scipys_on_the_same_resamples(values: list[float], tail: float, seed: int) -> None:
    rows = np.array(values)
    found = Sums.of(with_ones(rows), seed, resamples=999).taken(mean)
    theirs = scipys(rows, found, 1 - 2 * tail)
    if np.isfinite(theirs).all():
        assert found.bounds(tail) == pytest.approx(tuple(theirs), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("items", [1001, 2501])  # the two ways to draw
def test_every_item_is_drawn_equally_often_and_the_sums_add_up(items: int) -> None:
    found = resampled_sums(np.eye(items), 7, 1000)
    assert (found.sum(axis=1) == items).all()
    times = found.sum(axis=0)
    assert stats.chisquare(times).pvalue > 0.001
    assert stats.kstest((times - 1000) / np.sqrt(1000), "norm").pvalue > 0.001


@pytest.mark.parametrize("items", [402, 2402])
def test_means_of_resamples_scatter_as_means_do(items: int) -> None:
    values = np.random.default_rng(3).gamma(2, 1, items)
    found = Sums.of(with_ones(values), seed=5, resamples=10_000).taken(mean)
    error = values.std() / np.sqrt(items)
    assert found.draws.mean() == pytest.approx(values.mean(), abs=4 * error / 100)
    assert found.draws.std() == pytest.approx(error, rel=0.04)


def test_paired_resamples_see_what_unpaired_ones_cannot() -> None:
    """Two models that agree on hard and easy items: the difference scatters far less than either."""
    random = np.random.default_rng(13)
    hard = random.integers(0, 10, 300).astype(float)
    baseline = np.stack([hard, np.full(300, 10.0), np.full(300, 10.0)], axis=1)
    candidate = baseline.copy()
    candidate[:60, 0] = np.maximum(candidate[:60, 0] - 1, 0)
    sums = Sums.of(np.hstack([candidate, baseline]), seed=3)
    ours, theirs = sums.columns(0, 3).taken(f1), sums.columns(3, 6).taken(f1)
    both = ours.less(theirs)
    assert both.estimate == pytest.approx(float(f1(candidate.sum(axis=0)) - f1(baseline.sum(axis=0))))
    assert both.draws.std() < ours.draws.std() / 3
    assert both.bounds(0.05).high < 0
    swapped = theirs.less(ours)
    assert swapped.estimate == -both.estimate
    assert swapped.bounds(0.05) == pytest.approx((-both.bounds(0.05).high, -both.bounds(0.05).low), abs=1e-9)


def test_sums_of_few_statistics_an_item_are_those_of_the_whole_product() -> None:
    statistics = np.zeros((301, 60))
    statistics[np.arange(301), np.arange(301) % 60] = 1
    as_they_are = np.hstack([statistics, np.ones((301, 60))])  # not sparse any more
    assert (resampled_sums(statistics, 4, 50) == resampled_sums(as_they_are, 4, 50)[:, :60]).all()
