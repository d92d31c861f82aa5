"""When a number meets a threshold, and when numbers are too few and too equal to bound anything.

Estimates are sums of floats, so 90% - 60% is 30.000000000000004%: comparisons treat numbers within
``SLACK`` as equal, a ten-millionth of a percentage point, far below what any data can show.

A t bound takes its width from the scatter of the answers. Two equal answers have none, and a bound of
width zero would prove anything "at 95%". Below ``FEWEST_EQUAL`` items (the size below which a slice is
pooled, too) such answers therefore decide nothing.
"""

from __future__ import annotations

import numpy as np

from runtime.statistics.clustered import Floats

SLACK = 1e-9
FEWEST_EQUAL = 30


def holds(number: float, op: str, threshold: float) -> bool:
    """Whether ``number op threshold``; false for not-a-number. ``op`` is one of >= > <= <."""
    if op == ">=":
        return number >= threshold - SLACK
    if op == ">":
        return number > threshold + SLACK
    return number <= threshold + SLACK if op == "<=" else number < threshold - SLACK


def cannot_bound(item_values: Floats) -> bool:
    """Whether plain numbers (one an item) are too few and too equal for a t bound to mean anything."""
    return len(item_values) < FEWEST_EQUAL and (len(item_values) < 2 or float(np.ptp(item_values)) == 0.0)


CANNOT_BOUND = f"fewer than {FEWEST_EQUAL} items whose values do not vary bound nothing"
