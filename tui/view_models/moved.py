"""One threshold on show: where it stands, what it keeps there and as the spec has it, and how it moves. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from spec_lang.quantities import SUFFIXES, Quantity, Unit
from tui.formats import count
from tui.threshold_queries import Measured, Numbers
from tui.view_models.thresholds import Cut, Kept, Scale, beside, cut_of, finite, kept, line_of, scale_of, unwritten


@dataclass(frozen=True)
class Moved:
    """``original`` is the rule as the spec has it, or a first guess for a score that no rule compares."""

    about: Measured
    numbers: Numbers
    scale: Scale
    original: Cut
    now: Cut

    @property
    def kept(self) -> Kept:
        return kept(self.now, self.numbers)

    @property
    def kept_as_written(self) -> Kept:
        return kept(self.original, self.numbers)

    @property
    def has_moved(self) -> bool:
        return (self.now.low, self.now.high) != (self.original.low, self.original.high)

    @property
    def line(self) -> str:
        """The line for the spec."""
        return line_of(self.now, self.original)

    @property
    def told(self) -> str:
        """``keeps 573 of 611 rows (94%), 13 more than the spec``."""
        here, there = self.kept, self.kept_as_written
        text = f"keeps {count(here.kept)} of {count(here.rows)} rows ({here.share})"
        more = here.kept - there.kept
        if not self.original.written:
            text += "; the spec has no rule on it"
        elif more:
            text += f", {count(abs(more))} {'more' if more > 0 else 'fewer'} than the {count(there.kept)} of the spec"
        else:
            text += ", as the spec does" if not self.has_moved else ", as many as the spec"
        if here.none:
            fate = "dropped too" if self.now.verb == "keep" else "kept"
            text += f"; {count(here.none)} without a number are {fate}"
        return text

    def told_value(self, value: float) -> str:
        """A number of a row as limits of the rule are written, in the same unit. Whole numbers are exact, others have
        four digits, or as many as leave them on their side of a limit: the rows next to it differ from it in later
        ones. Only what is below a millionth, or has more than fifteen digits, has an exponent."""
        unit, value = self.now.edge.unit, value + 0.0  # a zero has no sign
        if not math.isfinite(value):
            return f"{value:.4g}"
        far = value != 0 and not 1e-6 <= abs(value) < 1e15
        if value.is_integer() and unit is None and not far:
            return f"{value:.0f}"
        limits = [edge.value for edge in (self.now.low, self.now.high) if edge is not None]
        text = _short(value, [*limits, 1.0] if unit is Unit.SHARE else limits, small=far or abs(value) < 1000)
        if unit is None:
            return text.rstrip("0").rstrip(".") if "." in text and not far else text
        if not far:
            return str(Quantity(Decimal(text), unit))
        suffix, factor = next((suffix, factor) for suffix, (of, factor) in SUFFIXES.items() if of is unit)
        return f"{(Decimal(text) / factor).normalize():e}{suffix}"

    def moved(self, steps: int) -> Moved:
        """Some steps on; past the last number there is nothing to be seen, so it stays there. Nor does it go where no
        value can be: a rule with such a limit decides the same for every row, and no spec may have it."""
        values = finite(self.numbers.values)
        lowest, highest = float(values[0]), float(values[-1])
        wanted = self.scale.moved(self.now.edge.value, steps)
        low, high = self.scale.moved(lowest, -1), self.scale.moved(highest, 1)
        share = self.now.edge.unit is Unit.SHARE and highest <= 1
        ends = (max(low, 0.0) if lowest >= 0 else low, min(high, 1.0) if share else high)
        here = self.now.edge.value  # of a spec it may lie beyond the numbers, and then goes no farther
        wanted = min(max(wanted, min(here, ends[0])), max(here, ends[1]))
        return replace(self, now=self.now.at(wanted))

    def at(self, value: float) -> Moved:
        return replace(self, now=self.now.at(value))

    def other(self) -> Moved:
        """The other limit moves; a rule that is not in the spec turns round."""
        now = self.now.other()
        return replace(self, now=now, original=now if not self.original.written else self.original)

    def back(self) -> Moved:
        return replace(
            self, now=replace(self.original, moved=self.now.moved if self.now.two_sided else self.original.moved)
        )

    def near(self, most: int) -> tuple[list[int], list[int]]:
        """Positions of the rows just below and just above the limit that moves."""
        return beside(self.now, self.numbers, most)


def _short(value: float, limits: Sequence[float], *, small: bool) -> str:
    """A number with four digits, or as many more as it takes to stand to each limit as the number itself does."""
    exact, bounds = Decimal(repr(value)), [Decimal(repr(limit)) for limit in limits]
    texts = (f"{value:.{digits}g}" if small else f"{value:.{digits - 3}f}" for digits in range(4, 18))
    sides = [exact.compare(bound) for bound in bounds]
    return next((text for text in texts if [Decimal(text).compare(b) for b in bounds] == sides), repr(value))


def moved(about: Measured, numbers: Numbers | str) -> Moved | str:
    """A threshold to move, or why there is none."""
    if isinstance(numbers, str):
        return numbers
    scale = scale_of(numbers)
    if scale is None:
        return "no row that comes to it has a finite number"
    if about.rule is None:
        values = finite(numbers.values)
        cut: Cut | None = unwritten(about.name, scale.moved(float(values[len(values) // 2]), 0))
    else:
        cut = cut_of(about.text)
    if cut is None:
        return "not to be moved here: it is no single number against limits that stand in the rule"
    return Moved(about, numbers, scale, cut, cut)
