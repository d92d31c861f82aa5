"""Intervals, tests and power: pure functions of numbers, with no knowledge of specs, stores or models.

Two conventions hold in the whole package.

``tail`` is the probability left out on each side. A two-sided 95% interval has ``tail=0.025``; the
lower end for ``tail=0.05`` is the one-sided 95% lower bound. So every interval also serves as two
one-sided bounds, and "shown" and "gated" numbers cannot come from different formulas by accident.

A difference is always candidate minus baseline, so a loss is negative; a p-value here is one-sided
and asks "is the candidate worse?" unless its name says otherwise.
"""

from __future__ import annotations

from typing import NamedTuple


class Bounds(NamedTuple):
    """Both ends of an interval; each end alone is a one-sided bound at ``1 - tail``."""

    low: float
    high: float


def one_sided(level: float) -> float:
    """Tail of a one-sided bound at ``level`` (0.95 -> 0.05)."""
    return 1.0 - level


def two_sided(level: float) -> float:
    """Tail on each side of a two-sided interval at ``level`` (0.95 -> 0.025)."""
    return (1.0 - level) / 2.0
