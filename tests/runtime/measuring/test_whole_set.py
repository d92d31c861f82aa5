"""Metrics of the whole set through the measure step: statistics in the store, estimates, intervals, slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from compiler.step_params import Metric
from runtime.metrics import WHOLE
from tests.runtime.measuring.evaluation import KIND, Evaluation, row_id

METRICS = (
    Metric(name="bleu", function="bleu", args={"tokens": "13a", "lowercase": False}, unit="plain", whole=True),
    Metric(name="f1", function="macro_f1", args={"normalise": "text"}, unit="plain", whole=True),
)
WORDS = ["the", "old", "cat", "sat", "on", "a", "new", "mat", "and", "saw", "two", "big", "dogs", "run", "by"]
ITEMS = 120


def sentences(seed: int, wrong: float) -> list[str]:
    """The same sentences for every seed, with a share of other words."""
    rng, base = np.random.default_rng(seed), np.random.default_rng(0)
    drawn = [[WORDS[place] for place in base.integers(0, len(WORDS), 12)] for _ in range(ITEMS)]
    return [" ".join(w if rng.random() > wrong else "x" for w in words) for words in drawn]


EXPECTED, GOOD, BAD = sentences(0, 0.0), sentences(1, 0.1), sentences(2, 0.3)


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    data = [{"text": f"t{place}", "kind": "ab"[place % 2]} for place in range(ITEMS)]
    evaluation = Evaluation(tmp_path_factory.mktemp("whole"), data, metrics=METRICS[:1], slices=(KIND,))
    for model, outputs in (("good", GOOD), ("bad", BAD)):
        evaluation.answer(model, "plain", dict(enumerate(zip(outputs, EXPECTED, strict=True))))
    evaluation.measure()
    return evaluation


def aggregate(evaluation: Evaluation, model: str, *, value: str = "*", metric: str = "bleu") -> dict[str, Any]:
    names = ("n", "missing", "estimate", "low", "high", "method")
    (row,) = evaluation.query(
        f"SELECT {', '.join(names)} FROM metrics WHERE model = '{model}' AND template = '*' AND metric = '{metric}' "
        f"AND slice_value = '{value}'"
    )
    return dict(zip(names, row, strict=True))


def test_estimates_are_those_of_the_set_and_its_slices(translated: Evaluation) -> None:
    for model, outputs in (("good", GOOD), ("bad", BAD)):
        for value, part in (("*", slice(None)), ("a", slice(0, None, 2)), ("b", slice(1, None, 2))):
            published = BLEU().corpus_score(outputs[part], [EXPECTED[part]]).score
            found = aggregate(translated, model, value=value)
            assert found["estimate"] == pytest.approx(published)
            assert (found["n"], found["missing"], found["method"]) == (len(outputs[part]), 0, "bca")
            assert found["low"] < published < found["high"]


def test_the_interval_is_that_of_sacrebleu(translated: Evaluation) -> None:
    """Its bootstrap gives the half-width of a percentile interval."""
    named = [("good", GOOD), ("bad", BAD)]
    _, scores = PairedTest(named, {"BLEU": BLEU(references=[EXPECTED])}, None, "bs", n_samples=2_000)()
    for (model, _), published in zip(named, scores["BLEU"], strict=True):
        found = aggregate(translated, model)
        assert found["estimate"] == pytest.approx(published.score)
        assert (found["high"] - found["low"]) / 2 == pytest.approx(published.ci, rel=0.12)


def test_statistics_of_items_add_up(translated: Evaluation) -> None:
    rows = translated.query("SELECT row_id, value, statistics FROM item_metrics WHERE model = 'good'")
    bleu = WHOLE["bleu"]
    assert float(bleu.score(np.sum([row[2] for row in rows], axis=0))) == pytest.approx(
        aggregate(translated, "good")["estimate"]
    )
    alone = {row[0]: row[1] for row in rows}
    assert alone[row_id(3)] == pytest.approx(BLEU().corpus_score([GOOD[3]], [[EXPECTED[3]]]).score)


def test_missing_answers_count_as_missing(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(30)], metrics=METRICS)
    answers = {place: ("yes" if place % 3 else "no", "yes" if place % 2 else "no") for place in range(28)}
    evaluation.answer("m", "plain", answers)
    evaluation.answer("m", "chatty", {place: answers[place] for place in range(20)})
    for template in ("plain", "chatty"):
        evaluation.answer("nobody", template, {})
    evaluation.measure()
    found = aggregate(evaluation, "m", metric="f1")
    assert (found["n"], found["missing"]) == (28, 12)
    by_template = dict(evaluation.query("SELECT template, estimate FROM metrics WHERE model = 'm' AND metric = 'f1'"))
    assert found["estimate"] == pytest.approx((by_template["plain"] + by_template["chatty"]) / 2)
    nobody = aggregate(evaluation, "nobody", metric="f1")
    assert (nobody["n"], nobody["missing"], nobody["estimate"], nobody["method"]) == (0, 60, None, "none")
    assert evaluation.query("SELECT count(*) FROM item_metrics WHERE model = 'nobody' AND statistics IS NOT NULL") == [
        (0,)
    ]


@pytest.mark.parametrize("items", [5, 40])
def test_few_items_or_equal_ones_have_no_interval(tmp_path: Path, items: int) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(items)], metrics=METRICS)
    evaluation.answer("m", "plain", dict.fromkeys(range(items), ("a b c d e", "a b c d e")))
    evaluation.measure()
    found = aggregate(evaluation, "m")
    assert (found["estimate"], found["low"], found["high"]) == (pytest.approx(100), None, None)


@pytest.mark.parametrize(("items", "shown"), [(29, False), (30, True)])
def test_a_set_of_30_items_is_the_smallest_with_an_interval(tmp_path: Path, items: int, shown: bool) -> None:
    evaluation = Evaluation(tmp_path, [{"text": "t"} for _ in range(items)], metrics=METRICS)
    evaluation.answer("m", "plain", {n: (f"a b c d {n % 3}", "a b c d 0") for n in range(items)})
    evaluation.measure()
    found = aggregate(evaluation, "m")
    assert found["estimate"] is not None
    assert (found["low"] is not None, found["method"]) == (shown, "bca" if shown else "none")


def test_classes_are_those_of_the_data_whichever_a_model_answered(tmp_path: Path) -> None:
    """`few` lacks the only item of class c, of which it wrote one elsewhere: that is a wrong c of both models alike."""
    evaluation = Evaluation(tmp_path, [{"text": f"t{place}"} for place in range(5)], metrics=METRICS[1:])
    full = {0: ("a", "a"), 1: ("c", "a"), 2: ("b", "b"), 3: ("b", "b"), 4: ("c", "c")}
    evaluation.answer("full", "plain", full)
    evaluation.answer("few", "plain", {place: full[place] for place in range(4)})
    evaluation.measure()
    assert aggregate(evaluation, "full", metric="f1")["estimate"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    found = aggregate(evaluation, "few", metric="f1")
    assert (found["estimate"], found["n"], found["missing"]) == (pytest.approx((2 / 3 + 1 + 0) / 3), 4, 1)


def test_a_sample_that_lacks_a_class_does_not_lose_the_answers_to_other_items(tmp_path: Path) -> None:
    evaluation = Evaluation(tmp_path, [{"text": f"t{place}"} for place in range(3)], metrics=METRICS[1:], samples=2)
    evaluation.cells["m", "plain"] = {}
    said = {(place, sample): ("ab"[place % 2], "abc"[place]) for place in range(3) for sample in range(2)}
    evaluation.repeats["m", "plain"] = {key: texts for key, texts in said.items() if key != (2, 1)}
    evaluation.measure()
    found = aggregate(evaluation, "m", metric="f1")
    assert (found["estimate"], found["n"], found["missing"]) == (1.0, 2, 1)
