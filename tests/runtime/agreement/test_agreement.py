"""Kappa, alpha, ranking and calibration against scikit-learn, krippendorff and statsmodels; intervals by simulation."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import fleiss_kappa

from runtime.agreement.alpha import alpha, coincidences
from runtime.agreement.calibration import Labelled, calibration_figures
from runtime.agreement.confidence import brier, calibration_error
from runtime.agreement.corrected import corrected
from runtime.agreement.figures import Figure, resampled
from runtime.agreement.kappa import cohen, fleiss, fleiss_items, pairs
from runtime.agreement.ranking import ranking
from runtime.agreement.reviewers import NONE, Ratings, review_figures

REFERENCE = Path(__file__).parents[4] / "shared" / "data" / "krippendorff_reference"
LABELS = 4
codes = st.lists(st.tuples(st.integers(0, LABELS - 1), st.integers(0, LABELS - 1)), min_size=2, max_size=60)


@given(codes)
@settings(max_examples=40)
def test_kappa_is_scikit_learns(both: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = np.array(both).T
    sums = pairs(first, second, LABELS).sum(axis=0)
    for quadratic, weights in ((False, None), (True, "quadratic")):
        ours = float(cohen(sums, LABELS, quadratic=quadratic))
        if len({*first, *second}) == 1:
            assert np.isnan(ours)
            continue
        theirs = cohen_kappa_score(first, second, labels=list(range(LABELS)), weights=weights)
        assert ours == pytest.approx(theirs, abs=1e-12)


ratings = st.lists(st.lists(st.integers(NONE, LABELS - 1), min_size=3, max_size=3), min_size=3, max_size=40)


@given(ratings)
@settings(max_examples=40)
def test_alpha_is_that_of_the_krippendorff_package_with_labels_missing(given_labels: list[list[int]]) -> None:
    codes_of = np.array(given_labels)
    counts = (codes_of[:, :, None] == np.arange(LABELS)).sum(axis=1).astype(float)
    items = coincidences(counts)
    if not len(items) or np.count_nonzero(items.sum(axis=0).reshape(LABELS, LABELS).sum(axis=0)) < 2:
        assert not len(items) or np.isnan(alpha(items.sum(axis=0), LABELS))
        return
    data = np.where(codes_of == NONE, np.nan, codes_of).T
    for metric in ("nominal", "ordinal", "interval"):
        ours = float(alpha(items.sum(axis=0), LABELS, metric, tuple(range(LABELS))))  # type: ignore[arg-type]
        theirs = krippendorff.alpha(data, level_of_measurement=metric, value_domain=list(range(LABELS)))
        assert ours == pytest.approx(theirs, abs=1e-10)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the published tables are not there")
@pytest.mark.parametrize("name", ["wikipedia_3x15.csv", "krippendorff2011_4x12.csv"])
def test_alpha_is_the_published_one(name: str) -> None:
    rows = list(csv.reader((REFERENCE / name).open(encoding="utf-8")))[1:]
    values = sorted({cell for row in rows for cell in row[1:] if cell})
    codes_of = np.array([[values.index(cell) if cell else NONE for cell in row[1:]] for row in rows]).T
    figures = by_name(review_figures(Ratings(tuple(values), tuple("abcd")[: len(rows)], codes_of), 1))
    expected = {row["metric"]: float(row["alpha"]) for row in csv.DictReader((REFERENCE / "expected.csv").open()) if
                row["file"] == name}  # fmt: skip
    assert figures["alpha"].estimate == pytest.approx(expected["nominal"], abs=5e-5)
    assert figures["alpha_ordinal"].estimate == pytest.approx(expected["ordinal"], abs=5e-5)
    assert figures["alpha_interval"].estimate == pytest.approx(expected["interval"], abs=5e-5)


def by_name(figures: object) -> dict[str, Figure]:
    return {one.statistic: one for one in figures if not one.which}  # type: ignore[attr-defined]


def test_fleiss_kappa_is_statsmodels() -> None:
    counts = np.random.default_rng(3).multinomial(5, [0.5, 0.3, 0.2], size=40).astype(float)
    assert float(fleiss(fleiss_items(counts).sum(axis=0), 5)) == pytest.approx(fleiss_kappa(counts), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=4, max_size=80))
@settings(max_examples=40)
def test_ranking_of_two_labels_is_the_area_under_the_curve(both: list[tuple[int, int]]) -> None:
    from sklearn.metrics import roc_auc_score

    human, score = np.array(both).T
    found = ranking("auroc", human, score.astype(float))
    if len(set(human)) < 2:
        assert found.estimate is None
        return
    assert found.estimate == pytest.approx(roc_auc_score(human, score), abs=1e-12)


def test_pairwise_accuracy_counts_pairs_of_different_labels_and_ties_as_a_half() -> None:
    human, score = np.array([0, 0, 1, 2]), np.array([0.0, 1.0, 1.0, 0.5])
    # 1 over 0: 1 and ½; 2 over 0: 1 and 0; 2 over 1: 0
    assert ranking("pairwise_accuracy", human, score).estimate == pytest.approx(2.5 / 5)


def test_the_interval_of_an_auroc_covers_it() -> None:
    """Of normal scores one apart, whose area is Φ(1/√2)."""
    draw, truth, hit = np.random.default_rng(5), 0.76025, 0
    for _ in range(400):
        human = draw.integers(0, 2, 80)
        found = ranking("auroc", human, draw.normal(human.astype(float)))
        hit += found.low is not None and found.high is not None and found.low <= truth <= found.high
    assert 0.92 <= hit / 400 <= 0.98


def test_brier_is_scikit_learns_and_calibration_error_that_of_its_bins() -> None:
    from sklearn.metrics import brier_score_loss

    draw = np.random.default_rng(7)
    sure = draw.random(300)
    right = draw.random(300) < sure**2
    assert brier(sure, right, 1).estimate == pytest.approx(brier_score_loss(right, sure), abs=1e-12)
    order = np.argsort(sure)
    bins = [order[start : start + 20] for start in range(0, 300, 20)]  # 15 of as many items each
    by_hand = sum(abs(right[one].mean() - sure[one].mean()) * len(one) for one in bins) / 300
    found = calibration_error(sure, right, 1)
    assert found.estimate == pytest.approx(by_hand, abs=1e-12)
    assert found.low is not None and found.high is not None and found.low < by_hand < found.high


def test_equal_confidences_share_a_bin() -> None:
    right = np.array([True] * 30 + [False] * 10)
    assert calibration_error(np.full(40, 0.75), right, 1).estimate == pytest.approx(0, abs=1e-12)


def test_kappas_interval_covers_it() -> None:
    """Two raters who see the truth with 80% each: κ of their labels is known from the table of chances."""
    draw, hit = np.random.default_rng(11), 0
    chances = np.array([[0.5 * 0.64 + 0.5 * 0.04, 0.16], [0.16, 0.5 * 0.64 + 0.5 * 0.04]])
    truth = float(cohen(chances.ravel(), 2))
    for _ in range(30):
        human = draw.integers(0, 2, 150)
        first, second = (np.where(draw.random(150) < 0.8, human, 1 - human) for _ in range(2))
        found = resampled("kappa", pairs(first, second, 2), partial(cohen, labels=2), int(draw.integers(1 << 30)))
        hit += found.low is not None and found.high is not None and found.low <= truth <= found.high
    assert hit / 30 >= 0.85


def test_what_has_no_variation_has_no_interval() -> None:
    same = np.zeros(40, dtype=np.int64)
    figures = by_name(calibration_figures(labelled(same, same), 1))
    assert figures["agreement"].estimate == 1 and figures["agreement"].low is not None
    assert figures["kappa"].estimate is None and figures["kappa"].method == "none"


def labelled(human: object, judge: object) -> Labelled:
    human, judge = np.asarray(human, dtype=np.int64), np.asarray(judge, dtype=np.int64)
    score = np.where(judge == NONE, np.nan, judge.astype(float))
    return Labelled(("a", "b"), human, judge, score, np.full(len(human), np.nan))


def test_answers_without_a_verdict_are_counted_and_left_out() -> None:
    figures = by_name(calibration_figures(labelled([0, 0, 1, 1], [0, 1, 1, NONE]), 1))
    assert (figures["agreement"].estimate, figures["agreement"].n, figures["agreement"].missing) == (2 / 3, 3, 1)
    assert (figures["unjudged"].estimate, figures["unjudged"].n) == (0.25, 4)


def test_flips_are_counted_of_all_answers_with_two_labels() -> None:
    """A tie gives no verdict because its labels differ; what has fewer than two cannot differ."""
    given_labels = replace(labelled([0, 0, 1, 1], [0, 1, NONE, NONE]), flipped=np.array([0, NONE, 1, NONE]))
    flips = by_name(calibration_figures(given_labels, 1))["flip_rate"]
    assert (flips.estimate, flips.n, flips.missing) == (0.5, 2, 2)


def test_missing_labels_leave_out_pairs_and_not_items() -> None:
    given_labels = np.array([[0, 0, NONE], [1, NONE, 1], [NONE, 0, 1], [0, NONE, NONE]])
    found = by_name(review_figures(Ratings(("a", "b"), ("x", "y", "z"), given_labels), 1))
    assert (found["agreement"].estimate, found["agreement"].n) == (2 / 3, 3)
    assert (found["overlap"].estimate, found["overlap"].n) == (0.75, 4)


def test_gold_accuracy_is_the_worst_reviewers() -> None:
    labels = np.array([[0, 0], [1, 0], [0, 0], [1, 1]])
    found = list(review_figures(Ratings(("a", "b"), ("x", "y"), labels, gold=np.array([0, 1, 0, NONE])), 1))
    accuracy = {one.which: (one.estimate, one.n) for one in found if one.statistic == "gold_accuracy"}
    assert accuracy == {"": (2 / 3, 3), "x": (1.0, 3), "y": (2 / 3, 3)}


def test_disputed_items_without_a_final_label_are_not_adjudicated() -> None:
    labels = np.array([[0, 1], [0, 1], [1, 1]])
    found = by_name(review_figures(Ratings(("a", "b"), ("x", "y"), labels, final=np.array([0, NONE, 1])), 1))
    assert (found["adjudicated"].estimate, found["adjudicated"].n) == (0.5, 2)


def test_a_corrected_rate_is_the_formula_of_the_paper() -> None:
    draw = np.random.default_rng(13)
    answers = draw.integers(0, 2, 200).astype(float)
    judged, human = draw.integers(0, 2, 50).astype(float), draw.integers(0, 2, 50).astype(float)
    found = corrected(answers[:, None], judged, human)
    estimate = answers.mean() + (human - judged).mean()
    error = np.sqrt(answers.var(ddof=1) / 200 + (human - judged).var(ddof=1) / 50)
    assert (found.n, found.labelled, found.method) == (200, 50, "ppi")
    assert found.estimate == pytest.approx(estimate)
    assert (found.low, found.high) == pytest.approx(
        (estimate - 1.959964 * error, estimate + 1.959964 * error), abs=1e-6
    )


def test_corrected_rates_cover_the_truth_where_raw_ones_do_not() -> None:
    """A judge that finds 70% of what is there and calls 10% of the rest so: 40% reads as 34%."""
    draw, hit, raw = np.random.default_rng(17), 0, 0
    for _ in range(300):

        def said(truth: np.ndarray) -> np.ndarray:
            return np.where(truth == 1, draw.random(len(truth)) < 0.7, draw.random(len(truth)) < 0.1).astype(float)

        truth, known = (draw.random(1000) < 0.4).astype(float), (draw.random(150) < 0.4).astype(float)
        answers = said(truth)
        found = corrected(answers[:, None], said(known), known)
        hit += found.low is not None and found.high is not None and found.low <= 0.4 <= found.high
        raw += abs(answers.mean() - 0.4) <= 1.96 * np.sqrt(answers.mean() * (1 - answers.mean()) / 1000)
    assert 0.91 <= hit / 300 <= 0.985
    assert raw / 300 < 0.1


def test_labels_without_an_error_do_not_prove_that_there_is_none() -> None:
    answers, right = np.zeros((1000, 1)), np.zeros(100)
    found = corrected(answers, right, right)
    assert found.estimate == 0 and found.high is not None and 0.015 < found.high < 0.04
    assert found.method == "ppi with two errors"
    assert corrected(answers, right[:29], right[:29]).estimate is None
