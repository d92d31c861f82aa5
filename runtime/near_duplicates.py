"""Near duplicates: which rows say almost the same as a row before them that stays.

A row goes when the Jaccard similarity of its trigram set to that of a *surviving* row before it is at least the
threshold. Nothing chains: a row is never dropped for likeness to a row that was dropped itself. Which row stands before
which is the caller's choice, so "the best by a score survives" is an order. An index only proposes pairs; every pair is
decided by the exact similarity, so there are no false positives. Up to 10,000 different texts every pair is proposed
that can be similar enough; above that a pair right at the threshold is with 99.9% (``shared_buckets``).

Texts are decided in order, a block at a time: first against the survivors of earlier blocks, then what is left among
itself. A crowd of a hundred thousand alike costs a hundred thousand looks at its survivor, not their square. 1,000,000
instructions of 100 characters take about 20 s of processor time and 0.9 GB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.distinct_forms import distinct_forms
from runtime.shared_buckets import Survivors
from runtime.similar_pairs import Pairs, possible, similar
from runtime.text_search import TextSearch

if TYPE_CHECKING:
    from runtime.shingles import Integers

FIRST_BLOCK, LARGEST_BLOCK = 256, 2048  # texts
AMONG_THEMSELVES = 1 << 17  # pairs of one block; with more of them the block is halved

Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """``rows[i]`` goes because of ``survivors[i]`` (positions in the texts, int64, by row); their exact similarity is
    ``common[i] / union[i]``, in pieces; 1 / 1 for texts that are equal when normalised."""

    rows: Integers
    survivors: Integers
    common: Integers
    union: Integers

    @property
    def columns(self) -> tuple[Integers, Integers, Integers, Integers]:
        return self.rows, self.survivors, self.common, self.union


def near_duplicates(
    texts: Iterable[str | None],
    threshold: Fraction,
    tick: Tick = lambda done, of: None,
    *,
    references: int = 0,
    threads: int | None = None,
) -> NearDuplicates:
    """The rows that go. Empty and missing texts are like nothing and stay.

    With ``references`` the first so many rows all stay, and the others are compared with them and not with each other.
    ``tick`` is called with the number of different texts decided so far, and with that of all; it may raise to stop.
    """
    import numpy as np

    forms = distinct_forms(texts)
    fixed = int(np.searchsorted(forms.first, references))
    gone = fallen(TextSearch.over(forms.texts, threshold, threads), fixed, tick)
    rows = np.flatnonzero(forms.of_row >= 0)
    own = forms.of_row[rows]
    to = np.where(gone.to[own] >= 0, gone.to[own], own)
    survivors = forms.first[to]
    goes = (rows != survivors) & (survivors < references) & (rows >= references) if references else rows != survivors
    rows, own, survivors = rows[goes], own[goes], survivors[goes]
    return NearDuplicates(rows, survivors, gone.common[own], gone.union[own])


@dataclass(frozen=True, slots=True)
class Fallen:
    """Of every text the survivor that it is like, -1 when it stays, and the pieces of intersection and union."""

    to: Integers
    common: Integers
    union: Integers

    def drop(self, pairs: Pairs) -> None:
        """Drop the left of each pair whose right stays, the first such pair of a text. Pairs are sorted."""
        for left, right, common, union in zip(*(column.tolist() for column in pairs.columns), strict=True):
            if self.to[left] < 0 and self.to[right] < 0:
                self.to[left], self.common[left], self.union[left] = right, common, union


def fallen(search: TextSearch, fixed: int = 0, tick: Tick = lambda done, of: None) -> Fallen:
    """Each text against the survivors before it; with ``fixed``, against so many first texts alone."""
    import numpy as np

    texts, threshold, sketches = search.texts, search.threshold, search.sketches
    result = Fallen(*(np.full(len(texts), value) for value in (-1, 1, 1)))
    survivors = Survivors.over(search.buckets)
    waiting, size = np.flatnonzero(survivors.in_company), FIRST_BLOCK
    survivors.add(waiting[waiting < fixed])
    waiting = waiting[waiting >= fixed]
    while len(waiting):
        tick(int(waiting[0]), len(texts))
        block, waiting = waiting[:size], waiting[size:]
        size = min(2 * size, LARGEST_BLOCK)
        pairs = possible(sketches, threshold, *survivors.proposed(block))
        result.drop(similar(texts, sketches, threshold, *pairs))
        if fixed:
            continue
        left = block[result.to[block] < 0]
        one, other = possible(sketches, threshold, *survivors.among(left))
        if len(one) > AMONG_THEMSELVES:  # sorted by the first of a pair
            one, other = one[: AMONG_THEMSELVES + 1], other[: AMONG_THEMSELVES + 1]
            early = one < one[-1]
            waiting, left = np.concatenate([left[left >= one[-1]], waiting]), left[left < one[-1]]
            one, other = one[early], other[early]
        result.drop(similar(texts, sketches, threshold, one, other))
        survivors.add(left[result.to[left] < 0])
    return result
