"""Whether a judge's confidence means what it says: calibration error and Brier score against what people said.

Expected calibration error in bins of as many items each (Naeini et al. 2015; Nixon et al. 2019 for equal mass):
``Σ_b |Σ_i (right_i - confidence_i)| / n``. It is biased upwards, the more the fewer items a bin has, so it stands with
an interval, and never decides by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from runtime.agreement.figures import Figure, Floats, resampled

BINS = 15
_IN_A_BIN = 10  # items, so that few items have few bins


def calibration_error(confidence: Floats, right: npt.NDArray[np.bool_], seed: int, missing: int = 0) -> Figure:
    items = binned(confidence, right)
    return resampled("calibration_error", items, _error, seed, missing)


def brier(confidence: Floats, right: npt.NDArray[np.bool_], seed: int, missing: int = 0) -> Figure:
    """The mean of ``(confidence - right)²``: 0 is best, 0.25 is what always saying 50% gets."""
    squares = (confidence - right) ** 2
    return resampled("brier", np.column_stack([squares, np.ones(len(squares))]), _ratio, seed, missing)


def binned(confidence: Floats, right: npt.NDArray[np.bool_]) -> Floats:
    """A matrix items × (bins + 1): ``right - confidence`` in the item's bin, and 1. Equal confidences share a bin."""
    n = len(confidence)
    bins = max(1, min(BINS, n // _IN_A_BIN))
    ordered = np.sort(confidence)
    ends = np.unique(ordered[[n * part // bins for part in range(1, bins)]]) if n else np.array([])
    places = np.searchsorted(ends, confidence, side="right")
    items = np.zeros((n, len(ends) + 2))
    items[np.arange(n), places] = right - confidence
    items[:, -1] = 1.0
    return items


def _error(sums: Floats) -> Floats:
    return np.asarray(np.abs(sums[..., :-1]).sum(axis=-1) / sums[..., -1])


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])
