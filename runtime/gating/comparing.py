"""When a number meets a threshold, and when plain numbers allow no bound at all.

Estimates are sums of floats, so 90% - 60% is 30.000000000000004%: comparisons treat numbers within
``SLACK`` as equal, a ten-millionth of a percentage point, far below what any data can show.

A t bound takes its width from the scatter of the answers. Equal answers have none, however many they
are, and a bound of width zero would prove anything "at 95%": a plain number has no known range, so
nothing limits what an answer not yet seen may be. Two answers have one difference between them, and
one near-tie (100 and 101 characters) makes it almost zero; from ``FEWEST`` = 3 on the scatter has two
degrees of freedom, so no single coincidence can make the bound narrow.
"""

from __future__ import annotations

import numpy as np

from runtime.statistics.clustered import Floats

SLACK = 1e-9
FEWEST = 3


def holds(number: float, op: str, threshold: float) -> bool:
    """Whether ``number op threshold``; false for not-a-number. ``op`` is one of >= > <= <."""
    if op == ">=":
        return number >= threshold - SLACK
    if op == ">":
        return number > threshold + SLACK
    return number <= threshold + SLACK if op == "<=" else number < threshold - SLACK


def why_no_bound(item_values: Floats) -> str | None:
    """Why plain numbers (one an item, at least one, no NaN) allow no t bound, or None when they do.

    Values count as equal within ``SLACK`` of the largest (of 1 if that is smaller): means and differences of
    equal answers can differ in their last bits.
    """
    if float(np.ptp(item_values)) <= SLACK * max(1.0, float(np.abs(item_values).max())):
        return "the answers do not vary, so no bound can be computed from them"
    if len(item_values) < FEWEST:
        return f"fewer than {FEWEST} items hardly show how answers vary, so no bound can be computed from them"
    return None
