"""A judge of two answers: how often its verdict turns with the order, and how often it prefers what people prefer.

A pair has two votes, one an order. Shares that count a tie half are means of votes, with the pairs of one item (or one
prompt) as one cluster, so their intervals are those of clustered shares (Korn & Graubard 1998); the others count pairs.
A pair without a verdict is neither: it is counted in ``unjudged`` and left out of the rest, with its number.

``first_rate`` is what the order does: of all verdicts for one side, the share for what was shown first. It is 50% of a
judge that does not care. ``longer_rate`` is the share of its wins that went to the longer answer, and
``longer_accuracy`` what always preferring the longer one would get: a judge has to be better than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from compiler.judge_rules import LOST, PAIR_LABELS, TIE, WON
from runtime.agreement.figures import Figure, Floats, Ints, clustered_share, nothing

if TYPE_CHECKING:
    from runtime.relational import Engine

NONE = -1
_LOST, _TIE, _WON = (PAIR_LABELS.index(label) for label in (LOST, TIE, WON))
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """One entry a pair. ``judge``, ``straight`` and ``swapped`` (the verdict in either order) and ``human`` are places
    in ``PAIR_LABELS``, ``NONE`` where there is none; all are of the first answer. ``longer`` is 1 where the first
    answer is longer, -1 where the second is. Pairs with one ``cluster`` belong together."""

    row_ids: tuple[str, ...]
    judge: Ints
    straight: Ints
    swapped: Ints
    longer: Ints
    cluster: Ints
    human: Ints | None = None

    def only(self, mask: Mask) -> Pairs:
        ids = tuple(np.array(self.row_ids, dtype=object)[mask]) if len(self.row_ids) else ()
        arrays = (self.judge, self.straight, self.swapped, self.longer, self.cluster)
        return Pairs(ids, *(one[mask] for one in arrays), None if self.human is None else self.human[mask])


def read_pairs(db: Engine, source: str, cluster: str) -> Pairs:
    """The verdicts of a file, in its order; with what people said where it has that. ``cluster`` is the column by which
    pairs belong together; an entry without it stands alone."""
    from runtime.relational import PLACE

    there = {row[0] for row in db.rows(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {source})")}
    human = "human" if "human" in there else "NULL"
    rows = db.rows(
        f"SELECT row_id, label, straight, swapped, coalesce(longer, 0), "
        f"dense_rank() OVER (ORDER BY coalesce('c' || {cluster}, 'r' || row_id)) - 1, {human} "
        f"FROM (SELECT *, {PLACE} AS __nth FROM {source}) ORDER BY __nth"
    )
    place = {label: at for at, label in enumerate(PAIR_LABELS)}

    def column(at: int) -> Ints:
        return np.array([place.get(row[at], NONE) for row in rows], dtype=np.int64)

    return Pairs(
        tuple(row[0] for row in rows),
        *(column(at) for at in (1, 2, 3)),
        np.array([row[4] for row in rows], dtype=np.int64),
        np.array([row[5] for row in rows], dtype=np.int64),
        column(6) if human == "human" else None,
    )


def pair_figures(given: Pairs, tail: float | None = None) -> Iterator[Figure]:
    """What is known without people; ``tail`` is what intervals leave out on each side."""
    there = given.judge != NONE
    for place, label in reversed(list(enumerate(PAIR_LABELS))):
        yield _share(given, "judge_rate", given.judge == place, there, label, tail)
    both = (given.straight != NONE) & (given.swapped != NONE)
    if both.any() or not there.any():  # a rule has no order
        yield _share(given, "flip_rate", given.straight != given.swapped, both, tail=tail)
        yield _first_rate(given, tail)
    decided = ((given.judge == _WON) | (given.judge == _LOST)) & (given.longer != 0)
    to_longer = (given.judge == _WON) == (given.longer == 1)
    yield _share(given, "longer_rate", to_longer, decided, tail=tail)
    yield _share(given, "unjudged", ~there, np.ones(len(there), dtype=bool), tail=tail)


def pairs_with_people(given: Pairs, tail: float | None = None) -> Iterator[Figure]:
    """All figures of pairs that people labelled; those that they called something else are left out of all."""
    assert given.human is not None
    known = given.human != NONE
    other = int((~known).sum())
    for figure in _with_people(given.only(known), tail):
        yield replace(figure, missing=figure.missing + other)


def _with_people(given: Pairs, tail: float | None) -> Iterator[Figure]:
    assert given.human is not None
    there = given.judge != NONE
    yield _share(given, "agreement", given.judge == given.human, there, tail=tail)
    preferred = given.human != _TIE
    yield _votes(given, "pairwise_accuracy", _right(given.judge, given.human), there & preferred, tail)
    yield _votes(given, "longer_accuracy", _right(given.longer + _TIE, given.human), preferred, tail)
    labels = np.unique(given.human)
    for place, label in reversed(list(enumerate(PAIR_LABELS))):
        if len(labels) > 1:  # where the better answer is always the first one, that says nothing
            yield _share(given, "base_rate", given.human == place, np.ones(len(there), dtype=bool), label, tail)
    yield from pair_figures(given, tail)


def _right(said: Ints, human: Ints) -> Floats:
    """1 where the side is that of people, 0 where it is the other one, a half for a tie."""
    return np.where(said == _TIE, 0.5, (said == human).astype(np.float64))


def _first_rate(given: Pairs, tail: float | None) -> Figure:
    """Of every asking that names a side, whether it is the one that stood first; of a swapped one the second answer."""
    first = (given.straight == _WON).astype(np.float64) + (given.swapped == _LOST)
    named = np.isin(given.straight, (_WON, _LOST)).astype(np.float64) + np.isin(given.swapped, (_WON, _LOST))
    return _clustered(given, "first_rate", first, named, "", tail)


def _share(given: Pairs, statistic: str, hits: Mask, of: Mask, which: str = "", tail: float | None = None) -> Figure:
    counted = of.astype(np.float64)
    return _clustered(given, statistic, hits * counted, counted, which, tail)


def _votes(given: Pairs, statistic: str, shares: Floats, of: Mask, tail: float | None) -> Figure:
    """Of pairs with two votes each, of which ``shares`` are right."""
    counted = 2.0 * of
    return _clustered(given, statistic, shares * counted, counted, "", tail)


def _clustered(given: Pairs, statistic: str, sums: Floats, sizes: Floats, which: str, tail: float | None) -> Figure:
    """``n`` and ``missing`` count pairs, whatever the clusters are."""
    n = int(np.count_nonzero(sizes))
    left = len(sizes) - n
    if not n:
        return nothing(statistic, "share", left, which)
    count = int(given.cluster.max()) + 1
    summed, sized = (np.bincount(given.cluster, weights=one, minlength=count) for one in (sums, sizes))
    figure = clustered_share(statistic, summed[sized > 0], sized[sized > 0], 0, which, tail)
    return replace(figure, n=n, missing=left)
