"""Limits are met when they are met exactly, and equal answers of a few items prove nothing."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from compiler.step_params import BoundRequirement, MetricRef, NoWorseRequirement, SpreadRequirement
from runtime.gating.bound import decide_bound
from runtime.gating.comparing import holds
from runtime.gating.no_worse import decide_no_worse
from runtime.gating.spread import decide_spread


def ref(unit: str) -> MetricRef:
    return MetricRef(input="e", eval="e", metric="m", model="tuned", unit=unit)


@pytest.mark.parametrize(("op", "met"), [("<=", True), ("<", False), (">=", True), (">", False)])
def test_a_number_at_its_limit(op: str, met: bool) -> None:
    assert holds(0.9 - 0.6, op, 0.3) is met
    assert not holds(float("nan"), op, 0.3)


@pytest.mark.parametrize(("op", "verdict"), [("<=", "pass"), ("<", "fail")])
def test_a_spread_of_exactly_the_limit(op: str, verdict: str) -> None:
    answers = np.zeros((100, 2))
    answers[:90, 0], answers[:60, 1] = 1, 1
    requirement = SpreadRequirement(text="s", metric=ref("share"), op=op, limit=Decimal("0.3"), level=None)
    assert decide_spread(requirement, answers, ("plain", "chatty"), 7).verdict == verdict


@pytest.mark.parametrize(("items", "verdict"), [(2, "inconclusive"), (29, "inconclusive"), (30, "pass")])
def test_equal_plain_answers_need_items(items: int, verdict: str) -> None:
    level = Decimal("0.95")
    bound = BoundRequirement(text="b", metric=ref("plain"), op="<=", threshold=Decimal(10), level=level, each=None)
    decision = decide_bound(bound, np.full((items, 1), 5.0))
    assert decision.verdict == verdict
    assert ("do not vary" in decision.reason) == (verdict == "inconclusive")
    paired = NoWorseRequirement(
        text="n", metric=ref("plain"), baseline="base", margin=Decimal(1), level=level, each=None
    )
    assert decide_no_worse(paired, np.full((items, 1), 5.0), np.full((items, 1), 5.0), 7).verdict == verdict


def test_without_a_level_the_estimate_decides_however_few() -> None:
    bound = BoundRequirement(text="b", metric=ref("plain"), op="<=", threshold=Decimal(10), level=None, each=None)
    assert decide_bound(bound, np.full((2, 1), 5.0)).verdict == "pass"
