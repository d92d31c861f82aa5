"""What slices are called: values that are not there, pools of small ones, and the order in which they stand.

Imports nothing heavy, because the dashboard asks too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from spec_lang.plain_text import one_line

SMALL = 30  # items below which a slice is pooled
NO_VALUE = "(none)"  # how a missing slice value is shown
EMPTY = "(empty)"  # and an empty text
_NAMED = 6  # pooled values that are named; the rest are counted
_WIDTH = 40
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")


def pooled(counts: Mapping[str, int]) -> dict[str, str]:
    """Maps each slice value to the one under which it is shown: itself, or the pool of all small ones.

    ``{"a": 40, "b": 3, "c": 9}`` gives ``{"a": "a", "b": "(small: b, c)", "c": "(small: b, c)"}``.
    """
    small = sorted((value for value, count in counts.items() if count < SMALL), key=in_order)
    pool = pool_name(small)
    return {value: pool if count < SMALL else value for value, count in counts.items()}


def pool_name(values: Iterable[str]) -> str:
    """The shared name of pooled values; control characters in them are made visible."""
    named = [one_line(value, _WIDTH) for value in values]
    more = len(named) - _NAMED
    if more > 0:
        named = [*named[:_NAMED], f"{more} more"]
    return f"(small: {', '.join(named)})"


def in_order(value: str) -> tuple[int, float, str]:
    """A key that sorts values: those that begin with a number by that number, after all others (``under 10``, ``10 to
    19``, ``100 and more``)."""
    number = _NUMBER.match(value)
    return (1, float(number.group()), value) if number else (0, 0.0, value)
