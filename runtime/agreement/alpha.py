"""Krippendorff's alpha for any number of raters and missing labels: nominal, ordinal or interval.

``α = 1 - D_o / D_e`` over the matrix of coincidences (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"):
an item with ``m`` labels counts each ordered pair of them ``1 / (m - 1)``; items with one label count nothing. An
item's part of that matrix is a row here, so that alpha is a function of sums and items can be resampled. Costs items ×
labels² numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from runtime.agreement.figures import Floats

Metric = Literal["nominal", "ordinal", "interval"]


def coincidences(counts: Floats) -> Floats:
    """A matrix items × labels² from one items × labels of how many raters gave each label."""
    given = counts.sum(axis=1)
    there = counts[given > 1]
    labels = counts.shape[1]
    both = there[:, :, None] * there[:, None, :]
    places = np.arange(labels)
    both[:, places, places] -= there
    return np.asarray((both / (there.sum(axis=1) - 1)[:, None, None]).reshape(len(there), labels * labels))


def alpha(sums: Floats, labels: int, metric: Metric = "nominal", values: Sequence[float] = ()) -> Floats:
    """Alpha of summed coincidences (…, labels²). ``values`` are what labels stand for on an interval scale. NaN where
    all labels are one."""
    table = sums.reshape(*sums.shape[:-1], labels, labels)
    given = table.sum(axis=-1)
    total = given.sum(axis=-1)
    apart = _distances(given, metric, values)
    observed = (table * apart).sum(axis=(-2, -1))
    expected = (given[..., :, None] * given[..., None, :] * apart).sum(axis=(-2, -1))
    defined = expected > 0
    return np.asarray(np.where(defined, 1 - (total - 1) * observed / np.where(defined, expected, 1.0), np.nan))


def _distances(given: Floats, metric: Metric, values: Sequence[float]) -> Floats:
    """Squared distances (…, labels, labels); ordinal ones depend on how often each label was given."""
    labels = given.shape[-1]
    places = np.arange(labels)
    if metric == "nominal":
        return 1.0 - np.eye(labels)
    if metric == "interval":
        numbers = np.asarray(values, dtype=np.float64)
        return np.asarray((numbers[:, None] - numbers[None, :]) ** 2)
    before = np.cumsum(given, axis=-1)
    middle = before - given / 2  # the mean rank of a label, but for a constant
    return np.asarray(
        np.where(places[:, None] == places[None, :], 0.0, (middle[..., :, None] - middle[..., None, :]) ** 2)
    )
