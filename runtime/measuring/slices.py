"""Slices of an evaluation set, and what becomes of those too small to say anything.

A slice under 30 items gives an interval tens of points wide, and with many slices some small one
always looks alarming. Such slices are shown and decided together, under a name that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spec_lang.plain_text import one_line

Mask = npt.NDArray[np.bool_]

SMALL = 30  # items below which a slice is pooled
NO_VALUE = "(none)"  # how a missing slice value is shown
EMPTY = "(empty)"  # and an empty text
_NAMED = 6  # pooled values that are named; the rest are counted
_WIDTH = 40


@dataclass(frozen=True)
class Part:
    """The items of one slice value, or of the pool of small ones; ``mask`` is over all items."""

    value: str
    mask: Mask
    is_pool: bool

    @property
    def is_small(self) -> bool:
        """A pool that even so is under the size at which a slice is trusted."""
        return self.is_pool and int(self.mask.sum()) < SMALL


def parts(values: Sequence[str | None]) -> list[Part]:
    """Parts in alphabetical order, the pool last. ``values`` has one entry an item; None is in no part."""
    shown = pooled(Counter(value for value in values if value is not None))
    pools = {label for value, label in shown.items() if value != label}
    labels = sorted(set(shown.values()), key=lambda label: (label in pools, label))
    code = {label: index for index, label in enumerate(labels)}
    codes = np.array([-1 if value is None else code[shown[value]] for value in values])
    return [Part(label, codes == index, label in pools) for index, label in enumerate(labels)]


def pooled(counts: Mapping[str, int]) -> dict[str, str]:
    """Maps each slice value to the one under which it is shown: itself, or the pool of all small ones.

    ``{"a": 40, "b": 3, "c": 9}`` gives ``{"a": "a", "b": "(small: b, c)", "c": "(small: b, c)"}``.
    """
    small = sorted(value for value, count in counts.items() if count < SMALL)
    pool = pool_name(small)
    return {value: pool if count < SMALL else value for value, count in counts.items()}


def pool_name(values: Iterable[str]) -> str:
    """The shared name of pooled values; control characters in them are made visible."""
    named = [one_line(value, _WIDTH) for value in values]
    more = len(named) - _NAMED
    if more > 0:
        named = [*named[:_NAMED], f"{more} more"]
    return f"(small: {', '.join(named)})"
