"""Limits are met when they are met exactly, and plain numbers that do not vary prove nothing."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from compiler.step_params import BoundRequirement, MetricRef, NoWorseRequirement, SpreadRequirement
from runtime.gating.bound import decide_bound
from runtime.gating.compared import Against, decide_compared
from runtime.gating.comparing import holds
from runtime.gating.comparison import compare
from runtime.gating.decision import Verdict
from runtime.gating.no_worse import judge, judge_no_worse
from runtime.gating.spread import decide_spread

LEVEL = Decimal("0.95")
DO_NOT_VARY = "The answers do not vary, so no bound can be computed from them"


def ref(unit: str) -> MetricRef:
    return MetricRef(input="e", eval="e", metric="m", model="tuned", unit=unit)


def plain_bound(op: str, threshold: str, level: Decimal | None) -> BoundRequirement:
    return BoundRequirement(
        text="b",
        metric=ref("plain"),
        op=op,  # type: ignore[arg-type]
        threshold=Decimal(threshold),
        level=level,
        each=None,
    )


PAIRED = NoWorseRequirement(text="n", metric=ref("plain"), baseline="base", margin=Decimal(1), level=LEVEL, each=None)


@pytest.mark.parametrize(("op", "met"), [("<=", True), ("<", False), (">=", True), (">", False)])
def test_a_number_at_its_limit(op: str, met: bool) -> None:
    assert holds(0.9 - 0.6, op, 0.3) is met
    assert not holds(float("nan"), op, 0.3)


@pytest.mark.parametrize(("op", "verdict"), [("<=", "pass"), ("<", "fail")])
def test_a_spread_of_exactly_the_limit(op: str, verdict: str) -> None:
    answers = np.zeros((100, 2))
    answers[:90, 0], answers[:60, 1] = 1, 1
    requirement = SpreadRequirement(text="s", metric=ref("share"), op=op, limit=Decimal("0.3"), level=None)
    assert decide_spread(requirement, answers, ("plain", "chatty")).verdict == verdict


@pytest.mark.parametrize(("op", "verdict"), [(">=", "pass"), (">", "fail"), ("<=", "pass"), ("<", "fail")])
@pytest.mark.parametrize(("answer", "threshold"), [(1 - 0.9, "0.1"), (0.9 - 0.6, "0.3")])  # just below, just above
def test_an_estimate_of_exactly_the_threshold(op: str, verdict: str, answer: float, threshold: str) -> None:
    assert answer != float(threshold)
    requirement = plain_bound(op, threshold, None)
    assert decide_bound(requirement, np.full((3, 1), answer)).verdict == verdict


@pytest.mark.parametrize("met", [True, False])
def test_a_bound_of_exactly_the_threshold(met: bool) -> None:
    """The lower bound, moved by its own float noise to either side of the floor, still meets it."""
    answers = np.array([[4.0], [5.0], [6.0], [7.0]])
    low = decide_bound(plain_bound(">=", "0", LEVEL), answers).bound
    assert low is not None
    for threshold in (Decimal(low) - Decimal("1e-12"), Decimal(low) + Decimal("1e-12")):
        requirement = plain_bound(">=" if met else ">", str(threshold), LEVEL)
        assert decide_bound(requirement, answers).verdict == ("pass" if met else "inconclusive")


@pytest.mark.parametrize("above", [-1e-12, 1e-12])
def test_a_lower_bound_of_exactly_the_margin_is_not_above_it(above: float) -> None:
    found = compare(np.array([[4.0], [5.0], [7.0]]), np.full((3, 1), 5.0), "plain", 0.95, 7)
    assert judge(found, -found.gated.low + above) is Verdict.INCONCLUSIVE
    assert judge(found, -found.gated.low + 1e-6) is Verdict.PASS


@pytest.mark.parametrize("items", [1, 2, 3, 30, 1000])
@pytest.mark.parametrize("threshold", ["10", "1"])  # the estimate of 5 on the right side, and on the wrong one
def test_plain_answers_that_do_not_vary_bound_nothing(items: int, threshold: str) -> None:
    decision = decide_bound(plain_bound("<=", threshold, LEVEL), np.full((items, 1), 5.0))
    assert decision.verdict == "inconclusive"
    assert DO_NOT_VARY in decision.reason and "interval" not in decision.reason
    assert (decision.n, decision.estimate, decision.bound, decision.p_value) == (items, 5.0, None, None)


@pytest.mark.parametrize("items", [1, 2, 3, 30, 1000])
@pytest.mark.parametrize("drop", [0.0, 5.0])
def test_differences_that_do_not_vary_bound_nothing(items: int, drop: float) -> None:
    baseline = np.resize([1.0, 2.0, 7.0], (items, 1))
    decision = decide_compared(PAIRED, judge_no_worse, baseline - drop, baseline, 7, Against("`base`"))
    assert decision.verdict == "inconclusive"
    assert DO_NOT_VARY in decision.reason and "interval" not in decision.reason
    assert (decision.bound, decision.minimum_detectable) == (None, None)


def test_the_last_bits_of_a_float_are_no_variation() -> None:
    candidate, baseline = np.array([[0.3], [0.2], [0.7]]), np.array([[0.1], [0.0], [0.5]])
    assert np.ptp(candidate - baseline) > 0
    assert DO_NOT_VARY in decide_compared(PAIRED, judge_no_worse, candidate, baseline, 7, Against("`base`")).reason


@pytest.mark.parametrize(("items", "verdict"), [(2, "inconclusive"), (3, "pass")])
def test_a_bound_needs_three_items_that_vary(items: int, verdict: str) -> None:
    answers = np.array([[5.0], [5.01], [5.02]])[:items]
    decisions = (
        decide_bound(plain_bound("<=", "10", LEVEL), answers),
        decide_compared(PAIRED, judge_no_worse, answers, np.full((items, 1), 5.0), 7, Against("`base`")),
    )
    for decision in decisions:
        assert decision.verdict == verdict
        assert ("Fewer than 3 items" in decision.reason) == (items < 3)


def test_answers_that_do_not_vary_and_are_missing_bound_nothing() -> None:
    answers = np.array([[5.0, 5.0], [5.0, np.nan], [np.nan, np.nan], [5.0, 5.0]])
    assert decide_bound(plain_bound("<=", "10", LEVEL), answers).verdict == "inconclusive"


def test_without_a_level_the_estimate_decides_however_few() -> None:
    for threshold, verdict in (("10", "pass"), ("1", "fail")):
        assert decide_bound(plain_bound("<=", threshold, None), np.full((2, 1), 5.0)).verdict == verdict


def test_shares_that_do_not_vary_still_have_a_bound() -> None:
    requirement = BoundRequirement(
        text="b", metric=ref("share"), op=">=", threshold=Decimal("0.9"), level=LEVEL, each=None
    )
    assert decide_bound(requirement, np.ones((100, 1))).verdict == "pass"
