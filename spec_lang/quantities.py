"""Numbers with a unit, kept exact.

``10%`` of rows and ``10pt`` of accuracy are different things that a plain float would mix up,
so a quantity carries its unit to the place that uses it, and values are decimals so that 0.1%
hashes the same on every machine.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Unit(StrEnum):
    SHARE = "share"  # 10%      stored as a fraction: 0.1
    POINTS = "points"  # 2pt    percentage points, stored as a fraction: 0.02
    TOKENS = "tokens"  # 512tok
    ROWS = "rows"  # 500 rows
    DURATION = "duration"  # 20min, 30s, 2h   stored in seconds


SUFFIXES: dict[str, tuple[Unit, Decimal]] = {
    "%": (Unit.SHARE, Decimal("0.01")),
    "pt": (Unit.POINTS, Decimal("0.01")),
    "tok": (Unit.TOKENS, Decimal(1)),
    "rows": (Unit.ROWS, Decimal(1)),
    "s": (Unit.DURATION, Decimal(1)),
    "min": (Unit.DURATION, Decimal(60)),
    "h": (Unit.DURATION, Decimal(3600)),
}

_QUANTITY = re.compile(r"(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)\s*(?P<suffix>%|pt|tok|rows|s|min|h)\Z")


class Quantity(Struct, frozen=True):
    """An exact value in the base unit of its kind (fractions for shares and points, seconds for time)."""

    value: Decimal
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Read one quantity token. Raises ValueError when the text is not one or has more than 18 digits.

        18 digits keep every product and quotient here exact within the 28 digits of the decimal context.
        """
        match = _QUANTITY.match(text)
        if match is None:
            raise ValueError(f"not a quantity: {text[:40]!r}")
        number = match["number"].replace("_", "")
        if len(number) > 18:
            raise ValueError("a quantity has at most 18 digits")
        unit, factor = SUFFIXES[match["suffix"]]
        return cls(Decimal(number) * factor, unit)

    def __str__(self) -> str:
        """Canonical spelling, which parses back to an equal quantity."""
        if self.unit is Unit.SHARE:
            return f"{_plain(self.value * 100)}%"
        if self.unit is Unit.POINTS:
            return f"{_plain(self.value * 100)}pt"
        if self.unit is Unit.TOKENS:
            return f"{_plain(self.value)}tok"
        if self.unit is Unit.ROWS:
            return f"{_plain(self.value)} rows"
        for suffix in ("h", "min"):
            factor = SUFFIXES[suffix][1]
            if self.value and self.value % factor == 0:
                return f"{_plain(self.value / factor)}{suffix}"
        return f"{_plain(self.value)}s"


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
