"""Cohen's and Fleiss' kappa as functions of sums over items, so that items can be resampled.

Cohen 1960 (Educ. Psychol. Meas. 20:37): ``κ = (p_o - p_e) / (1 - p_e)`` with ``p_e`` from the two raters' own rates.
With weights ``w_ij = (i-j)²`` (Cohen 1968, Psychol. Bull. 70:213): ``κ = 1 - Σ w o / Σ w e``. Fleiss 1971 (Psychol.
Bull. 76:378) takes ``p_e`` from all raters' rates together. All are undefined where only one label was ever given.
"""

from __future__ import annotations

import numpy as np

from runtime.agreement.figures import Floats, Ints


def pairs(first: Ints, second: Ints, labels: int) -> Floats:
    """A matrix items × labels²: 1 where an item's two labels (0 to labels-1, none missing) stand."""
    cells = np.zeros((len(first), labels * labels))
    cells[np.arange(len(first)), first * labels + second] = 1.0
    return cells


def cohen(sums: Floats, labels: int, *, quadratic: bool = False) -> Floats:
    """Kappa of counts (…, labels²) of pairs of labels; NaN where it is not defined."""
    table = sums.reshape(*sums.shape[:-1], labels, labels)
    total = table.sum(axis=(-2, -1))
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    expected = rows[..., :, None] * columns[..., None, :] / total[..., None, None]
    places = np.arange(labels)
    apart = (places[:, None] - places[None, :]) ** 2.0 if quadratic else (1.0 - np.eye(labels))
    disagreement, by_chance = (table * apart).sum(axis=(-2, -1)), (expected * apart).sum(axis=(-2, -1))
    return np.asarray(np.where(by_chance > 0, 1.0 - disagreement / np.where(by_chance > 0, by_chance, 1.0), np.nan))


def fleiss_items(counts: Floats) -> Floats:
    """What Fleiss' kappa sums, of a matrix items × labels of how many raters gave each label, as many to each item:
    the share of pairs of raters that agree, and the counts."""
    raters = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    return np.column_stack([agreeing, counts])


def fleiss(sums: Floats, raters: int) -> Floats:
    """Kappa of summed rows of ``fleiss_items``."""
    given = sums[..., 1:].sum(axis=-1)
    items = given / raters
    shares = sums[..., 1:] / given[..., None]
    by_chance = (shares**2).sum(axis=-1)
    return np.asarray(np.where(by_chance < 1, (sums[..., 0] / items - by_chance) / (1 - by_chance), np.nan))
