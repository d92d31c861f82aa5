"""Gates on metrics of the whole set: bounds, comparisons and spreads from resampled items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU as Published

from compiler.step_params import EquivalentRequirement, NoRegressionRequirement, Requirement
from runtime.gating.decision import Decision
from runtime.gating.evidence import Evidence
from runtime.gating.requirement import RequirementDecision, decide
from runtime.gating.whole_pair import undecided_whole
from runtime.metrics import WHOLE, Answer
from runtime.statistics.resampling import Sums
from tests.runtime.measuring.evaluation import KIND, Evaluation, bound, no_worse, reference, spread
from tests.runtime.measuring.test_whole_set import EXPECTED, ITEMS, METRICS, sentences

BLEU = METRICS[0]
GOOD, SAME, BAD = sentences(1, 0.1), sentences(3, 0.1), sentences(2, 0.3)


def evaluated(folder: Path, cells: dict[tuple[str, str], Sequence[str | None]]) -> Evaluation:
    data = [{"text": f"t{place}", "kind": "ab"[place % 2]} for place in range(ITEMS)]
    evaluation = Evaluation(folder, data, metrics=(BLEU,), slices=(KIND,))
    for (model, template), outputs in cells.items():
        pairs = enumerate(zip(outputs, EXPECTED, strict=True))
        answers = {place: (output, wanted) for place, (output, wanted) in pairs if output is not None}
        evaluation.answer(model, template, answers)
    evaluation.measure()
    return evaluation


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    models = {"m": GOOD, "same": SAME, "bad": BAD, "again": GOOD}
    cells = {(model, "plain"): outputs for model, outputs in models.items()}
    return evaluated(tmp_path_factory.mktemp("gates"), cells)


def decided(evaluation: Evaluation, requirement: Requirement) -> dict[str, Any]:
    return asdict(decision(evaluation, requirement).whole)


def decision(evaluation: Evaluation, requirement: Requirement) -> RequirementDecision:
    """What the gate step decides, without its rows."""
    with evaluation.store.reading():
        return decide(requirement, {"e": Evidence.of(evaluation.store, evaluation.measure_step())})


def published(outputs: Sequence[str]) -> float:
    return float(Published().corpus_score(list(outputs), [EXPECTED]).score)


@pytest.mark.parametrize(
    ("op", "threshold", "level", "verdict", "words"),
    [
        (">=", "70", "0.95", "pass", "clears the floor of 70"),
        (">=", "90", "0.95", "fail", "the wrong side"),
        ("<=", "90", "0.95", "pass", "stays within the ceiling of 90"),
        ("<=", "70", "0.95", "fail", "exceeds the ceiling of 70"),
        (">=", "70", None, "pass", "estimate alone decides"),
        ("<", "70", None, "fail", "misses the ceiling of 70"),
    ],
)
def test_floors_and_ceilings(
    translated: Evaluation, op: str, threshold: str, level: str | None, verdict: str, words: str
) -> None:
    found = decided(translated, bound(op, threshold, level, metric=BLEU))
    assert (found["verdict"], found["n"]) == (verdict, ITEMS)
    assert words in found["reason"]
    assert found["estimate"] == pytest.approx(published(GOOD)) and 70 < found["estimate"] < 90


def test_the_bound_decides_and_not_the_estimate(translated: Evaluation) -> None:
    estimate = published(GOOD)
    found = decided(translated, bound(">=", f"{estimate - 0.1:.4f}", "0.95", metric=BLEU))
    assert found["verdict"] == "inconclusive" and found["bound"] < estimate - 0.1
    assert 0.3 < found["p_value"] < 0.5


def test_a_comparison_is_of_the_same_resamples(translated: Evaluation) -> None:
    drop = decided(translated, no_worse("5", metric=BLEU, model="bad", baseline="m"))
    assert drop["verdict"] == "fail" and drop["p_value"] == pytest.approx(1 / 10_001)
    assert drop["estimate"] == pytest.approx(published(BAD) - published(GOOD))
    assert drop["test"] == "paired bootstrap over items, BCa interval" and drop["lost"] > drop["gained"]
    gain = decided(translated, no_worse("5", metric=BLEU, model="m", baseline="bad"))
    assert gain["verdict"] == "pass" and gain["estimate"] == -drop["estimate"]
    assert (gain["low"], gain["high"]) == pytest.approx((-drop["high"], -drop["low"]), abs=1e-6)
    alike = decided(translated, no_worse("8", metric=BLEU, model="same", baseline="m"))
    assert alike["verdict"] == "pass" and alike["low"] < alike["estimate"] < alike["high"]
    narrow = decided(translated, no_worse("0.1", metric=BLEU, model="same", baseline="m"))
    assert narrow["verdict"] == "inconclusive"


def test_a_model_against_its_copy_proves_nothing(translated: Evaluation) -> None:
    found = decided(translated, no_worse("1", metric=BLEU, model="again", baseline="m"))
    assert (found["verdict"], found["estimate"], found["p_value"], found["bound"]) == ("inconclusive", 0.0, 1.0, None)
    assert "resampled items do not differ" in found["reason"].lower()


def test_the_other_rules_that_compare(translated: Evaluation) -> None:
    shared = {"text": "t", "baseline": "m", "level": Decimal("0.95"), "each": None}
    for model, verdicts in (("bad", ("fail", "fail")), ("same", ("pass", "pass"))):
        of = reference(model, BLEU)
        regression = NoRegressionRequirement(metric=of, **shared)
        equivalent = EquivalentRequirement(metric=of, margin=Decimal(8), **shared)
        assert tuple(decided(translated, rule)["verdict"] for rule in (regression, equivalent)) == verdicts


def test_each_slice_is_a_set_of_its_own(translated: Evaluation) -> None:
    found = decision(translated, bound(">=", "70", "0.95", metric=BLEU, each="kind", correct="holm"))
    for piece, start in zip(found.slices, (0, 1), strict=True):
        part = Published().corpus_score(GOOD[start::2], [EXPECTED[start::2]]).score
        assert (piece.value, piece.decision.n) == ("ab"[start], ITEMS // 2)
        assert piece.decision.estimate == pytest.approx(part)


def test_the_gate_step_decides_so_too(translated: Evaluation) -> None:
    (found,) = translated.gate(bound(">=", "70", "0.95", metric=BLEU)).summary["requirements"]
    assert (found["verdict"], found["n"]) == ("pass", ITEMS) and found["estimate"] == pytest.approx(published(GOOD))


def test_templates_count_alike_and_spread(tmp_path: Path) -> None:
    cells = {("m", "plain"): GOOD, ("m", "chatty"): BAD, ("base", "plain"): BAD, ("base", "chatty"): BAD}
    evaluation = evaluated(tmp_path, cells)
    apart = published(GOOD) - published(BAD)
    found = decided(evaluation, spread("10", "0.95", metric=BLEU))
    assert found["verdict"] == "fail" and found["estimate"] == pytest.approx(apart)
    assert found["low"] < apart < found["high"]
    assert decided(evaluation, spread("90", "0.95", metric=BLEU))["verdict"] == "pass"
    mean = decided(evaluation, bound(">=", "1", "0.95", metric=BLEU))
    assert mean["estimate"] == pytest.approx((published(GOOD) + published(BAD)) / 2)
    better = decided(evaluation, no_worse("1", metric=BLEU))
    assert better["verdict"] == "pass" and better["estimate"] == pytest.approx(apart / 2)


def test_what_is_missing_decides_nothing(tmp_path: Path) -> None:
    cells: dict[tuple[str, str], Sequence[str | None]] = {("m", "plain"): [None, *GOOD[1:]], ("base", "plain"): BAD}
    evaluation = evaluated(tmp_path, {**cells, ("nobody", "plain"): [None] * ITEMS})
    for requirement in (
        bound(">=", "1", "0.95", metric=BLEU),
        bound(">=", "1", metric=BLEU),
        no_worse("50", metric=BLEU),
        bound(">=", "0", metric=BLEU, model="nobody"),
        no_worse("50", metric=BLEU, model="nobody"),
        spread("50", metric=BLEU),
    ):
        assert decided(evaluation, requirement)["verdict"] == "inconclusive", requirement.text


def test_a_blessed_run_has_no_statistics_of_items(translated: Evaluation) -> None:
    found: Decision = undecided_whole(no_worse("1", metric=BLEU))
    assert found.verdict == "inconclusive" and "number of the whole set" in found.reason


def test_bounds_hold_as_often_as_they_say() -> None:
    """Macro F1 of 150 items of an uneven classification: a 90% interval holds the truth in 200 samples."""
    rng, labels = np.random.default_rng(5), np.array(["a", "b", "c"])
    metric, named = WHOLE["macro_f1"], '["a", "b", "c"]'

    def counted(items: int) -> Any:
        wanted = rng.choice(3, items, p=[0.6, 0.3, 0.1])
        given = np.where(rng.random(items) < 0.75, wanted, rng.choice(3, items))
        pairs = zip(labels[given], labels[wanted], strict=True)
        return metric.counted([Answer(str(output), str(expected)) for output, expected in pairs], labels=named)

    truth = float(metric.score(counted(30_000).sum(axis=0)))
    held = [
        low <= truth <= high
        for low, high in (Sums.of(counted(150), seed, 1_000).taken(metric.score).bounds(0.05) for seed in range(200))
    ]
    error = (0.9 * 0.1 / 200) ** 0.5
    assert 0.90 - 3 * error < np.mean(held) < 0.90 + 3 * error
