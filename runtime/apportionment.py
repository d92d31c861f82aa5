"""How many rows each task of a mixture gives: rates, then whole numbers.

Rates follow the examples-proportional rule of T5 (Raffel et al. 2020, section 3.5.2; seqio's
``mixing_rate_num_examples``): the count of rows after filtering times ``by``, then the cap, then the
temperature ``r^(1/T)``, then normalised. Uses with a weight take that share of the whole, the others share the
rest by their rates. A mixture inside a mixture counts the rows that it has by itself, and what it gets is
divided by its own normalised rates, as in seqio; a task that is reached by two ways gets the sum. Whole numbers come
from the largest remainder method (Hare quota), ties going to the larger share and then to the part that stands
first. All of it is exact or 50-digit decimal arithmetic: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from compiler.step_params import MixPart, MixRates

_DIGITS = 50

Available = Mapping[str, int]  # rows after filtering, by role


def shares(rates: MixRates, available: Available) -> dict[str, Fraction]:
    """The share of each role; they sum to exactly 1. A part without rows has none.

    Raises ValueError when no part has rows.
    """
    found: dict[str, Fraction] = {}
    for part, share in zip(rates.parts, _parts(rates, available), strict=True):
        if part.input is not None:
            found[part.input] = found.get(part.input, Fraction(0)) + share
        elif part.mixture is not None:
            inner = shares(part.mixture, available) if share else dict.fromkeys(roles(part.mixture), Fraction(0))
            for role, inner_share in inner.items():
                found[role] = found.get(role, Fraction(0)) + share * inner_share
    return found


def roles(rates: MixRates) -> tuple[str, ...]:
    """The input roles of a mixture and of the mixtures inside it, each once."""
    found: dict[str, None] = {}
    for part in rates.parts:
        if part.mixture is not None:
            found |= dict.fromkeys(roles(part.mixture))
        elif part.input is not None:
            found[part.input] = None
    return tuple(found)


def total_rows(rates: MixRates, available: Available) -> int:
    """Rows of a mixture: its total, or what its parts count after caps, once an epoch."""
    if rates.total is not None:
        return rates.total
    return int(rates.epochs * sum((counted(part, available) for part in rates.parts), Fraction(0)))


def counted(part: MixPart, available: Available) -> Fraction:
    """What a part counts: its rows times ``by``, up to the cap."""
    rows = total_rows(part.mixture, available) if part.mixture is not None else available[part.input or ""]
    count = rows * Fraction(1 if part.by is None else part.by)
    return count if part.cap is None else min(count, Fraction(part.cap))


def apportioned(parts: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers that sum to ``total``: each quota's floor, and one more for the largest remainders."""
    quotas = [part * total for part in parts]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda i: (counts[i] - quotas[i], -quotas[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts


def safe_total(parts: Sequence[Fraction], limits: Sequence[int]) -> int:
    """A total at which no count goes over its limit, however quotas are rounded; one or two rows more may do too."""
    return min((int(limit / part) for part, limit in zip(parts, limits, strict=True) if part), default=0)


def _parts(rates: MixRates, available: Available) -> list[Fraction]:
    """The share of each part; they sum to 1."""
    counts = [(part.weight, counted(part, available)) for part in rates.parts]
    none = Fraction(0)
    weights = [Fraction(weight) if weight is not None and count else none for weight, count in counts]
    free = [none if weight is not None else _rate(count, rates.temperature) for weight, count in counts]
    weighted, rated = sum(weights), sum(free)
    if not weighted and not rated:
        raise ValueError("a mixture of tasks without rows")
    if not rated:
        return [weight / weighted for weight in weights]
    rest = max(Fraction(0), 1 - weighted)
    whole = weighted + rest  # above 1 only when the weights are
    return [(weight + rest * rate / rated) / whole for weight, rate in zip(weights, free, strict=True)]


def _rate(count: Fraction, temperature: Decimal) -> Fraction:
    if temperature == 1 or count == 0:
        return count
    with localcontext() as context:
        context.prec = _DIGITS
        return Fraction((Decimal(count.numerator) / count.denominator) ** (1 / temperature))
