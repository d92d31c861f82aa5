"""Bins of a number: which one each item is in, and what it is called.

Ends that the spec names are the lowest values of the bins above them. How many bins is answered by the values: bins of
about as many items each, which equal values never part, so there may be fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np
import numpy.typing as npt

from compiler.measure_params import Bins
from runtime.measuring.slice_names import NO_VALUE

Floats = npt.NDArray[np.float64]


def binned(values: Sequence[float | None], bins: Bins) -> list[str]:
    """The name of each value's bin; a value that is not there is in ``(none)``."""
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    there = numbers[~np.isnan(numbers)]
    if not len(there):
        return [NO_VALUE] * len(values)
    whole = bool((there == np.floor(there)).all())
    if bins.count is None:
        ends = np.array([float(end) for end in bins.ends])
        names = _named(ends, whole=whole)
    else:
        ends = _quantiles(there, bins.count)
        names = _spanned(there, ends)
    places = np.searchsorted(ends, numbers, side="right")
    return [NO_VALUE if isnan(number) else names[place] for number, place in zip(numbers, places, strict=True)]


def _named(ends: Floats, *, whole: bool) -> list[str]:
    """``under 10``, ``10 to 19``, ``40 and more``; where values have fractions ``10 to under 20``."""
    whole = whole and bool((ends == np.floor(ends)).all())
    shown = _shown(ends)
    between = []
    for place in range(len(ends) - 1):
        last = f"{ends[place + 1] - 1:.0f}"
        if not whole:
            between.append(f"{shown[place]} to under {shown[place + 1]}")
        else:
            between.append(shown[place] if shown[place] == last else f"{shown[place]} to {last}")
    return [f"under {shown[0]}", *between, f"{shown[-1]} and more"]


def _quantiles(values: Floats, count: int) -> Floats:
    """The lowest values of all bins but the first, where bins of equal size come closest to beginning: a value that
    most items have gets a bin of its own, and the next bin begins behind it."""
    distinct, starts = np.unique(np.sort(values), return_index=True)
    if len(distinct) == 1:
        return np.array([])
    wanted = np.array([len(values) * part / count for part in range(1, count)])
    nearest = np.abs(starts[None, 1:] - wanted[:, None]).argmin(axis=1)
    found: Floats = np.unique(distinct[1:][nearest])
    return found


def _spanned(values: Floats, ends: Floats) -> list[str]:
    """``3 to 9``: the lowest and the highest value that is in a bin."""
    places = np.searchsorted(ends, values, side="right")
    spans = [(values[places == place].min(), values[places == place].max()) for place in range(len(ends) + 1)]
    shown = _shown(np.array([number for span in spans for number in span]))
    pairs = zip(shown[::2], shown[1::2], strict=True)
    return [low if low == high else f"{low} to {high}" for low, high in pairs]


def _shown(numbers: Floats) -> list[str]:
    """Numbers with as many digits as it takes to tell the different ones apart, three at least."""
    distinct = len(np.unique(numbers))
    for digits in range(3, 18):
        shown = [_plain(number, digits) for number in numbers.tolist()]
        if len(set(shown)) == distinct:
            break
    return shown


def _plain(number: float, digits: int) -> str:
    number += 0.0  # no -0
    return f"{number:.0f}" if number == np.floor(number) and abs(number) < 1e15 else f"{number:.{digits}g}"
