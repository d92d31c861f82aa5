"""Do gates err as seldom as they promise? Exact sums over all outcomes where possible, seeded draws elsewhere.

A promise is "at most 5%"; draws are allowed three standard errors above it. ``benchmarks/gate_error_rates.py`` prints
the same quantities, and those of naive rules, as a table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.stats import binom, norm

from runtime.gating.comparison import compare
from runtime.gating.decision import Verdict
from runtime.gating.no_worse import judge
from runtime.gating.spread import upper_bound
from runtime.statistics import one_sided, two_sided
from runtime.statistics.clustered import Clusters, share_bounds
from runtime.statistics.multiplicity import holm
from runtime.statistics.paired import Pairs, mcnemar_mid_p, tango
from runtime.statistics.paired_means import adjusted_bounds
from runtime.statistics.proportion import clopper_pearson

LEVEL = 0.95
DRAWS = 1500
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / DRAWS) ** 0.5


def pair_outcomes(n: int, flips: float, difference: float) -> Iterator[tuple[Pairs, float]]:
    """Every table of n pairs with its probability (those above 1e-7), given the share of flips and the difference."""
    gain_share = (flips + difference) / (2 * flips)
    for flipped, chance in enumerate(binom.pmf(np.arange(n + 1), n, flips)):
        if chance < 1e-7:
            continue
        for gained, split in enumerate(binom.pmf(np.arange(flipped + 1), flipped, gain_share)):
            if chance * split > 1e-7:
                yield Pairs(n - flipped, 0, gained, flipped - gained), float(chance * split)


def answers_of_pairs(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Candidate's and baseline's answers (items × 1) that give this table."""
    counts = [pairs.both_right, pairs.both_wrong, pairs.gained, pairs.lost]
    candidate, baseline = np.repeat([1.0, 0.0, 1.0, 0.0], counts), np.repeat([1.0, 0.0, 0.0, 1.0], counts)
    return candidate[:, None], baseline[:, None]


def clustered_answers(share: float, correlation: float, n: int, templates: int, seed: int) -> np.ndarray:
    """Draws × items × templates; answers to one item correlate (beta-binomial)."""
    random = np.random.default_rng(seed)
    strength = (1 - correlation) / correlation
    ability = random.beta(share * strength, (1 - share) * strength, (DRAWS, n, 1))
    return (random.random((DRAWS, n, templates)) < ability).astype(float)


@pytest.mark.parametrize(("n", "margin"), [(60, 0.1), (100, 0.05)])
def test_no_worse_gate_passes_a_real_regression_at_most_at_its_level(n: int, margin: float) -> None:
    outcomes = list(pair_outcomes(n, flips=0.2, difference=-margin))
    verdicts = [
        (judge(compare(*answers_of_pairs(pairs), "share", LEVEL, 0), margin), chance) for pairs, chance in outcomes
    ]
    false_pass = sum(chance for verdict, chance in verdicts if verdict is Verdict.PASS)
    assert 0.03 < false_pass < 0.053  # the score test is not exact: it may exceed 5% by a hair


@pytest.mark.parametrize("margin", [0.0, 0.02, 0.1])
def test_no_worse_gate_fails_an_unchanged_model_at_most_at_its_level(margin: float) -> None:
    false_fail = sum(
        chance
        for pairs, chance in pair_outcomes(100, flips=0.2, difference=0)
        if judge(compare(*answers_of_pairs(pairs), "share", LEVEL, 0), margin) is Verdict.FAIL
    )
    assert false_fail < 0.053


def test_interval_of_the_paired_difference_covers() -> None:
    covered = sum(
        chance
        for pairs, chance in pair_outcomes(80, flips=0.15, difference=-0.05)
        if tango(pairs, two_sided(LEVEL)).low <= -0.05 <= tango(pairs, two_sided(LEVEL)).high
    )
    assert 0.935 < covered < 0.97


def test_mid_p_keeps_its_level_and_sees_more_than_the_unpaired_test_on_the_same_draws() -> None:
    random = np.random.default_rng(8)
    n, rejected = 200, {}
    for drop in (0.0, 0.06):
        base = random.random((DRAWS, n)) < 0.75
        flip = random.random((DRAWS, n))
        lost, gained = 0.1 + drop / 2, 0.1 - drop / 2
        now = np.where(base, flip >= lost / 0.75, flip < gained / 0.25)
        paired = [
            mcnemar_mid_p(Pairs(0, 0, int((~b & c).sum()), int((b & ~c).sum()))) <= 0.05
            for b, c in zip(base, now, strict=True)
        ]
        before, after = base.mean(axis=1), now.mean(axis=1)
        pooled = (before + after) / 2
        z = (after - before) / np.sqrt(2 * pooled * (1 - pooled) / n)
        rejected[drop] = (np.mean(paired), np.mean(z <= norm.ppf(0.05)))
    assert rejected[0.0][0] < ALLOWED
    assert rejected[0.06][0] > rejected[0.06][1] + 0.15


@pytest.mark.parametrize("correlation", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("share", [0.8, 0.93])
def test_floor_over_two_templates_keeps_its_level(correlation: float, share: float) -> None:
    draws = clustered_answers(share, correlation, n=60, templates=2, seed=21)
    passes = [share_bounds(Clusters.of_rows(answers), one_sided(LEVEL)).low >= share for answers in draws]
    assert np.mean(passes) < ALLOWED


def test_counting_every_answer_as_an_item_would_not_keep_it() -> None:
    draws = clustered_answers(0.8, 0.9, n=60, templates=2, seed=21)
    passes = [clopper_pearson(answers.sum(), answers.size, one_sided(LEVEL)).low >= 0.8 for answers in draws]
    assert np.mean(passes) > ALLOWED


def test_clustered_interval_covers() -> None:
    draws = clustered_answers(0.85, 0.5, n=80, templates=3, seed=22)
    bounds = [share_bounds(Clusters.of_rows(answers), two_sided(LEVEL)) for answers in draws]
    assert np.mean([low <= 0.85 <= high for low, high in bounds]) > 0.95 - 3 * (0.05 * 0.95 / DRAWS) ** 0.5


def test_no_worse_over_two_templates_keeps_its_level() -> None:
    """Items flip under both templates together half of the time."""
    random = np.random.default_rng(23)
    shared = random.random((DRAWS, 60, 1)) < 0.5
    flip = np.where(shared, random.random((DRAWS, 60, 1)), random.random((DRAWS, 60, 2)))
    differences = np.where(flip < 0.06, 1.0, np.where(flip < 0.17, -1.0, 0.0)).mean(axis=2)  # -5 points
    passes = [adjusted_bounds(items, one_sided(LEVEL)).low > -0.05 for items in differences]
    assert np.mean(passes) < ALLOWED


def test_spread_gate_passes_too_wide_a_spread_at_most_at_its_level() -> None:
    random = np.random.default_rng(24)
    ability = random.random((DRAWS, 80, 1))
    draws = (0.5 * ability + 0.5 * random.random((DRAWS, 80, 3)) < np.array([0.75, 0.75, 0.5])).astype(float)
    means = draws.mean(axis=(0, 1))
    passes = [upper_bound(answers, "share", LEVEL) <= means.max() - means.min() for answers in draws]
    assert np.mean(passes) < ALLOWED


def test_many_slices_raise_false_alarms_unless_corrected() -> None:
    random = np.random.default_rng(25)
    runs, slices = 400, 12
    gained = random.binomial(40, 0.1, (runs, slices))
    lost = random.binomial(40, 0.1, (runs, slices))
    p_values = [
        [mcnemar_mid_p(Pairs(0, 0, g, b)) for g, b in zip(*row, strict=True)] for row in zip(gained, lost, strict=True)
    ]
    naive = np.mean([min(row) <= 0.05 for row in p_values])
    corrected = np.mean([min(holm(row)) <= 0.05 for row in p_values])
    assert naive > 0.3
    assert corrected < 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
