"""A judge against people's labels of the same answers: how often it is right, and what its errors are.

Raw agreement stands beside what a judge would get that always gave the commonest label (``constant``), and beside the
rates of both sides. An answer that the judge gave no label is neither right nor wrong: it is counted in ``unjudged``
and left out of the rest, with its number. So is one that people called something else than the judge can, of all
figures: it was labelled, and nobody knows as what. ``flip_rate`` alone is of all answers that got two labels or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from runtime.agreement import kappa as kappas
from runtime.agreement.confidence import brier, calibration_error
from runtime.agreement.figures import Figure, Floats, Ints, resampled, share
from runtime.agreement.ranking import ranking

NONE = -1


@dataclass(frozen=True)
class Labelled:
    """One entry an answer that people labelled. ``human`` and ``judge`` are places in ``labels``, ``NONE`` where people
    wrote another one and without a verdict. ``score`` and ``confidence`` are NaN where the judge gives none;
    ``flipped`` is 1 of answers that got different labels when asked again, 0 of those that got the same, ``NONE`` of
    those with fewer than two labels. ``ordered``: the labels are a scale."""

    labels: tuple[str, ...]
    human: Ints
    judge: Ints
    score: Floats
    confidence: Floats
    flipped: Ints | None = None
    ordered: bool = False

    def only(self, mask: npt.NDArray[np.bool_]) -> Labelled:
        """Of some answers."""
        own = (self.human, self.judge, self.score, self.confidence)
        flipped = None if self.flipped is None else self.flipped[mask]
        return Labelled(self.labels, *(one[mask] for one in own), flipped, self.ordered)


def calibration_figures(given: Labelled, seed: int, tail: float | None = None) -> Iterator[Figure]:
    """All figures of a judge; ``tail`` is what intervals leave out on each side."""
    other = int((given.human == NONE).sum())
    given = given.only(given.human != NONE)
    there = given.judge != NONE
    unjudged, judged = int((~there).sum()), given.only(there)
    left = unjudged + other
    k, n = len(given.labels), int(there.sum())
    right = judged.judge == judged.human
    yield share("agreement", int(right.sum()), n, left, tail=tail)
    most = int(np.bincount(judged.human, minlength=k).max()) if n else 0
    yield share("constant", most, n, left)
    cells = kappas.pairs(judged.human, judged.judge, k)
    yield resampled("kappa", cells, partial(kappas.cohen, labels=k), seed, left, tail=tail)
    if given.ordered:
        weighted = partial(kappas.cohen, labels=k, quadratic=True)
        yield resampled("kappa_quadratic", cells, weighted, seed, left, tail=tail)
    yield from _ranked(judged, left, tail)
    yield from _confident(judged, right, left, seed)
    yield share("unjudged", unjudged, len(given.judge), other, tail=tail)
    if given.flipped is not None:
        again = given.flipped != NONE  # with a verdict or not: a tie is none because the labels differ
        yield share(
            "flip_rate", int((given.flipped == 1).sum()), int(again.sum()), int((~again).sum()) + other, tail=tail
        )
    yield from _by_label(judged, left)


def _ranked(judged: Labelled, left: int, tail: float | None) -> Iterator[Figure]:
    there = ~np.isnan(judged.score)
    if there.any():
        human = judged.human[there]
        name = "auroc" if len(np.unique(human)) <= 2 else "pairwise_accuracy"
        yield ranking(name, human, judged.score[there], left + int((~there).sum()), tail)


def _confident(judged: Labelled, right: npt.NDArray[np.bool_], left: int, seed: int) -> Iterator[Figure]:
    there = ~np.isnan(judged.confidence)
    if there.any():
        sure, missing = judged.confidence[there], left + int((~there).sum())
        yield calibration_error(sure, right[there], seed, missing)
        yield brier(sure, right[there], seed, missing)


def _by_label(judged: Labelled, left: int) -> Iterator[Figure]:
    """Of each label how often people gave it, how often the judge did, and how often the one was the other."""
    n = len(judged.human)
    for place, label in enumerate(judged.labels):
        human, judge = judged.human == place, judged.judge == place
        both = int((human & judge).sum())
        yield share("base_rate", int(human.sum()), n, left, label)
        yield share("judge_rate", int(judge.sum()), n, left, label)
        yield share("recall", both, int(human.sum()), 0, label)
        yield share("precision", both, int(judge.sum()), 0, label)
