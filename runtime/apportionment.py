"""How many rows each task of a mixture gives: rates, then whole numbers.

Rates follow the examples-proportional rule of T5 (Raffel et al. 2020, section 3.5.2; seqio's
``mixing_rate_num_examples``): the count of rows after filtering, then the cap, then the temperature
``r^(1/T)``, then normalised. Tasks with a weight take that share of the whole, the others share the
rest by their rates. Whole numbers come from the largest remainder method (Hare quota), ties going to
the task declared first. All of it is exact or 50-digit decimal arithmetic: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

_DIGITS = 50


@dataclass(frozen=True, slots=True)
class TaskRate:
    """A task's rows after filtering, with its cap and its weight (a fraction of the whole) where it has them."""

    available: int
    cap: int | None = None
    weight: Decimal | None = None

    @property
    def capped(self) -> int:
        return self.available if self.cap is None else min(self.available, self.cap)


def shares(tasks: Sequence[TaskRate], temperature: Decimal) -> list[Fraction]:
    """Each task's share of the mixture; they sum to exactly 1. A task without rows has none.

    Raises ValueError when no task has rows.
    """
    weights = [Fraction(task.weight or 0) if task.available else Fraction(0) for task in tasks]
    rates = [Fraction(0) if task.weight is not None else _rate(task.capped, temperature) for task in tasks]
    weighted, rated = sum(weights), sum(rates)
    if not weighted and not rated:
        raise ValueError("a mixture of tasks without rows")
    if not rated:
        return [weight / weighted for weight in weights]
    rest = max(Fraction(0), 1 - weighted)
    whole = weighted + rest  # above 1 only when the weights are
    return [(weight + rest * rate / rated) / whole for weight, rate in zip(weights, rates, strict=True)]


def default_total(tasks: Sequence[TaskRate]) -> int:
    """Rows of a mixture that names no total: every task's rows up to its cap."""
    return sum(task.capped for task in tasks)


def apportioned(parts: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that sum to ``total``: each quota's floor, and one more for the largest remainders."""
    quotas = [part * total for part in parts]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda i: (counts[i] - quotas[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts


def _rate(count: int, temperature: Decimal) -> Fraction:
    if temperature == 1 or count == 0:
        return Fraction(count)
    with localcontext() as context:
        context.prec = _DIGITS
        return Fraction(Decimal(count) ** (1 / temperature))
