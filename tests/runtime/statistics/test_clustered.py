"""Clustered means against statsmodels, and what the effective number of answers has to obey."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.regression.linear_model import OLS

from runtime.statistics.clustered import (
    Clusters,
    clustered_standard_error,
    effective_answers,
    mean_bounds,
    mean_tail_probability,
    share_bounds,
)
from runtime.statistics.proportion import clopper_pearson

binary = st.tuples(st.integers(2, 60), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.sampled_from([0.0, 1.0]))
)


def test_standard_error_equals_statsmodels_cluster_covariance() -> None:
    random = np.random.default_rng(3)
    answers = random.normal(2, 1, (40, 1)) + random.normal(0, 0.4, (40, 3))
    answers[random.random(answers.shape) < 0.2] = np.nan  # clusters of unequal size
    answers[0] = np.nan
    item, _ = np.indices(answers.shape)
    present = ~np.isnan(answers)
    values = answers[present]
    fit = OLS(values, np.ones_like(values)).fit(cov_type="cluster", cov_kwds={"groups": item[present]}, use_t=True)
    clusters = Clusters.of_rows(answers)
    assert clusters.count == 39
    assert clusters.mean == pytest.approx(values.mean())
    assert clustered_standard_error(clusters) == pytest.approx(fit.bse[0])
    assert mean_bounds(clusters, 0.025) == pytest.approx(tuple(fit.conf_int(0.05)[0]))
    t, p_low = (clusters.mean - 2.1) / fit.bse[0], mean_tail_probability(clusters, 2.1)
    assert p_low == pytest.approx(
        fit.t_test("const = 2.1").pvalue / 2 if t < 0 else 1 - fit.t_test("const = 2.1").pvalue / 2
    )


def test_one_answer_an_item_is_the_ordinary_standard_error() -> None:
    values = np.array([1.0, 4.0, 2.0, 8.0])
    clusters = Clusters.of_rows(values[:, None])
    assert clustered_standard_error(clusters) == pytest.approx(values.std(ddof=1) / 2)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_one_template_gives_the_exact_binomial_bounds(count: tuple[int, int]) -> None:
    right, n = count
    answers = np.zeros((n, 1))
    answers[:right] = 1
    assert share_bounds(Clusters.of_rows(answers), 0.05) == pytest.approx(clopper_pearson(right, n, 0.05), abs=1e-9)


@pytest.mark.parametrize("templates", [1, 2, 5])
def test_all_right_counts_items_and_not_answers(templates: int) -> None:
    clusters = Clusters.of_rows(np.ones((200, templates)))
    assert effective_answers(clusters, 0.05) == pytest.approx(200)
    assert share_bounds(clusters, 0.05).low == pytest.approx(0.05 ** (1 / 200))


def test_identical_answers_under_every_template_count_once() -> None:
    answers = np.repeat(np.arange(100)[:, None] % 5 > 0, 4, axis=1).astype(float)
    assert effective_answers(Clusters.of_rows(answers), 0.05) == pytest.approx(100, rel=0.05)


@given(binary, st.sampled_from([0.025, 0.05]))
def test_effective_answers_lie_between_items_and_answers(answers: np.ndarray, tail: float) -> None:
    clusters = Clusters.of_rows(answers)
    assert clusters.count - 1e-6 <= effective_answers(clusters, tail) <= clusters.answers + 1e-9


@given(binary, st.randoms(use_true_random=False))
def test_order_of_items_and_templates_means_nothing(answers: np.ndarray, random: object) -> None:
    shuffled = np.random.default_rng(random.getrandbits(32)).permutation(answers)[:, ::-1]  # type: ignore[attr-defined]
    assert share_bounds(Clusters.of_rows(answers), 0.05) == pytest.approx(
        share_bounds(Clusters.of_rows(shuffled), 0.05), abs=1e-9
    )


def test_failures_never_raise_the_lower_bound() -> None:
    """With the plain Korn-Graubard formula 399 of 400 right would have a higher bound than 400 of 400."""
    lows = []
    for failures in range(60):
        answers = np.ones((200, 2))
        answers[:failures, 0] = 0
        lows.append(share_bounds(Clusters.of_rows(answers), 0.05).low)
    assert all(before > after for before, after in itertools.pairwise(lows))


def test_too_few_items_say_nothing() -> None:
    lonely = Clusters.of_rows(np.array([[1.0, 0.0]]))
    assert mean_bounds(lonely, 0.05) == (float("-inf"), float("inf"))
    low, high = share_bounds(lonely, 0.05)
    assert low < 0.1 and high > 0.9


def test_a_mean_without_variance_is_certain() -> None:
    same = Clusters.of_rows(np.full((5, 1), 3.0))
    assert [mean_tail_probability(same, value) for value in (2.0, 3.0, 4.0)] == [1.0, 0.5, 0.0]
