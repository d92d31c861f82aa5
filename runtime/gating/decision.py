"""What a gate says of one requirement, or of one slice of it: one row of the ``gates`` table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Fail if any fails, else inconclusive if any is, else pass; nothing at all is inconclusive."""
    found = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
        if verdict in found:
            return verdict
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Decision:
    """``low`` and ``high`` are a two-sided interval, ``bound`` is the one-sided bound that decided.

    ``threshold`` and ``estimate`` are on one scale (for ``no_worse_than`` the difference and the negative
    margin). ``clearance`` is how far the deciding number lies on the good side; ``worse_p`` is the
    one-sided p-value of "worse than allowed", for Holm, and ``adjusted_p`` what Holm makes of it among the slices.
    """

    verdict: Verdict
    reason: str
    unit: str
    test: str
    threshold: float
    n: int | None = 0  # None of a group, which has no items of its own
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    level: float | None = None
    gained: int | None = None
    lost: int | None = None
    p_value: float | None = None
    minimum_detectable: float | None = None
    clearance: float = float("-inf")
    worse_p: float = 1.0
    adjusted_p: float | None = None
