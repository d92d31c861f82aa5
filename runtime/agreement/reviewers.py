"""How far several reviewers agree, and how often they are right on items whose label is known.

Raw agreement always stands beside what is corrected for chance, and beside the rates of the labels: of 95 agreeing
items in 100, 90 may be of a label that everybody would guess. Labels that are missing leave out single pairs, not
items; only Fleiss' kappa, which is not defined otherwise, takes the items that everybody labelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from runtime.agreement import alpha as alphas
from runtime.agreement import kappa as kappas
from runtime.agreement.figures import Figure, Floats, Ints, clustered_share, nothing, resampled, share

NONE = -1  # no label


@dataclass(frozen=True)
class Ratings:
    """``codes`` is a matrix items × reviewers of places in ``labels``, ``NONE`` where there is none; ``final`` and
    ``gold`` have one entry an item."""

    labels: tuple[str, ...]
    reviewers: tuple[str, ...]
    codes: Ints
    final: Ints | None = None
    gold: Ints | None = None

    def only(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ratings:
        """Of some items."""
        final, gold = (None if one is None else one[mask] for one in (self.final, self.gold))
        return Ratings(self.labels, self.reviewers, self.codes[mask], final, gold)

    @property
    def counts(self) -> Floats:
        """A matrix items × labels: how many reviewers gave each."""
        places = np.arange(len(self.labels))
        return np.asarray((self.codes[:, :, None] == places).sum(axis=1), dtype=np.float64)


def review_figures(ratings: Ratings, seed: int, tail: float | None = None) -> Iterator[Figure]:
    """All figures of a review; ``tail`` is what intervals leave out on each side."""
    yield _agreement(ratings, tail)
    yield from _kappas(ratings, seed, tail)
    yield from _alphas(ratings, seed, tail)
    if len(ratings.reviewers) > 2:
        yield from _of_pairs(ratings, seed, tail)
    yield from _labels(ratings)
    yield from _coverage(ratings, tail)
    yield from _gold(ratings, tail)


def _agreement(ratings: Ratings, tail: float | None) -> Figure:
    """Over all pairs of labels of an item."""
    counts = ratings.counts
    given = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / 2
    return clustered_share("agreement", agreeing, given * (given - 1) / 2, tail=tail)


def _kappas(ratings: Ratings, seed: int, tail: float | None) -> Iterator[Figure]:
    cells, k = _cells(ratings), len(ratings.labels)
    both = cells.any(axis=1)
    score = partial(_mean_kappa, labels=k)
    yield resampled("kappa", cells[both], score, seed, int((~both).sum()), tail=tail)
    if len(ratings.reviewers) > 2:
        whole = (ratings.codes != NONE).all(axis=1)
        items = kappas.fleiss_items(ratings.only(whole).counts)
        fleiss = partial(kappas.fleiss, raters=len(ratings.reviewers))
        yield resampled("fleiss_kappa", items, fleiss, seed, int((~whole).sum()), tail=tail)


def _alphas(ratings: Ratings, seed: int, tail: float | None) -> Iterator[Figure]:
    """Nominal; where all labels are numbers, as ordinal and interval ones too."""
    counts, k = ratings.counts, len(ratings.labels)
    items = alphas.coincidences(counts)
    left = len(counts) - len(items)
    yield resampled("alpha", items, partial(alphas.alpha, labels=k), seed, left, tail=tail)
    values = [_number(label) for label in ratings.labels]
    if all(value is not None for value in values):
        order = np.argsort([value or 0.0 for value in values])
        ordered = alphas.coincidences(counts[:, order])
        numbers = tuple(sorted(value or 0.0 for value in values))
        ordinal = partial(alphas.alpha, labels=k, metric="ordinal")
        interval = partial(alphas.alpha, labels=k, metric="interval", values=numbers)
        yield resampled("alpha_ordinal", ordered, ordinal, seed, left, tail=tail)
        yield resampled("alpha_interval", ordered, interval, seed, left, tail=tail)


def _of_pairs(ratings: Ratings, seed: int, tail: float | None) -> Iterator[Figure]:
    for first, second in combinations(range(len(ratings.reviewers)), 2):
        name = f"{ratings.reviewers[first]} ~ {ratings.reviewers[second]}"
        one, two = ratings.codes[:, first], ratings.codes[:, second]
        both = (one != NONE) & (two != NONE)
        left, k = int((~both).sum()), len(ratings.labels)
        yield share("agreement", int((one[both] == two[both]).sum()), int(both.sum()), left, name, tail)
        cells = kappas.pairs(one[both], two[both], k)
        yield resampled("kappa", cells, partial(kappas.cohen, labels=k), seed, left, name, tail=tail)


def _labels(ratings: Ratings) -> Iterator[Figure]:
    """How often each label was given: what a reviewer who always says the same would agree by."""
    given = (ratings.codes != NONE).sum(axis=1).astype(np.float64)
    for place, label in enumerate(ratings.labels):
        yield clustered_share("base_rate", (ratings.codes == place).sum(axis=1).astype(np.float64), given, which=label)


def _coverage(ratings: Ratings, tail: float | None) -> Iterator[Figure]:
    given = (ratings.codes != NONE).sum(axis=1)
    yield share("overlap", int((given > 1).sum()), len(given), tail=tail)
    if ratings.final is not None:
        disputed = (ratings.counts > 0).sum(axis=1) > 1
        settled = int((ratings.final[disputed] != NONE).sum())
        yield share("adjudicated", settled, int(disputed.sum()), tail=tail)


def _gold(ratings: Ratings, tail: float | None) -> Iterator[Figure]:
    """Of each reviewer on the items whose label is known, and of the worst of them."""
    if ratings.gold is None:
        return
    known = ratings.gold != NONE
    each = []
    for place, name in enumerate(ratings.reviewers):
        labelled = known & (ratings.codes[:, place] != NONE)
        right = int((ratings.codes[labelled, place] == ratings.gold[labelled]).sum())
        each.append(share("gold_accuracy", right, int(labelled.sum()), int((known & ~labelled).sum()), name, tail))
    measured = [figure for figure in each if figure.estimate is not None]
    if len(measured) < len(each):  # one of them may be the worst
        yield nothing("gold_accuracy", "share")
    else:
        worst = min(measured, key=lambda figure: (figure.estimate or 0.0, figure.low or 0.0))
        yield Figure(*(getattr(worst, name) if name != "which" else "" for name in Figure.__slots__))
    yield from each


def _cells(ratings: Ratings) -> Floats:
    """Of all pairs of reviewers the cells of their labels, side by side; zeros where one of the two is missing."""
    k, found = len(ratings.labels), []
    for first, second in combinations(range(len(ratings.reviewers)), 2):
        one, two = ratings.codes[:, first], ratings.codes[:, second]
        both = (one != NONE) & (two != NONE)
        cells = np.zeros((len(one), k * k))
        cells[both] = kappas.pairs(one[both], two[both], k)
        found.append(cells)
    return np.concatenate(found, axis=1)


def _mean_kappa(sums: Floats, labels: int) -> Floats:
    """The mean over pairs of reviewers (Light 1971)."""
    pairs = sums.reshape(*sums.shape[:-1], -1, labels * labels)
    return np.asarray(kappas.cohen(pairs, labels).mean(axis=-1))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
