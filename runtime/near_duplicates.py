"""Near duplicates: which rows say almost the same as an earlier row that stays.

A row goes when the Jaccard similarity of its trigram set to that of an earlier *surviving* row is at
least the threshold. Nothing chains: a row is never dropped for likeness to a row that was dropped
itself. An index only proposes pairs; every pair is decided by the exact similarity, so there are no
false positives. Up to 3,000 different texts the index is exact (prefix filtering, Chaudhuri et al.
2006, Bayardo et al. 2007); above that it is MinHash with bands (Broder 1997), cut so that a pair
right at the threshold is found with 99.5%, and more similar ones almost surely.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Protocol

from runtime.shingles import SIGNATURE, normalised, signatures, trigrams

EXACT_UP_TO = 3_000
FOUND_AT_THRESHOLD = 0.995


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """``row`` goes because of ``survivor`` (both positions in the texts); ``jaccard`` is their exact similarity."""

    row: int
    survivor: int
    jaccard: Fraction


def near_duplicates(
    texts: Sequence[str | None], threshold: Fraction, tick: Callable[[int], None] = lambda row: None
) -> list[NearDuplicate]:
    """The rows that go, in order. Empty and missing texts are like nothing and stay.

    ``tick`` is called with the number of different texts decided so far; it may raise to stop.
    """
    forms = [normalised(text) if text is not None else "" for text in texts]
    first: dict[str, int] = {}
    for row, form in enumerate(forms):
        if form:
            first.setdefault(form, row)
    distinct = list(first)
    fallen = _greedy(distinct, threshold, tick)
    found = []
    for row, form in enumerate(forms):
        if not form:
            continue
        original = first[form]
        if form in fallen:
            survivor, jaccard = fallen[form]
            found.append(NearDuplicate(row, first[survivor], jaccard))
        elif original != row:
            found.append(NearDuplicate(row, original, Fraction(1)))
    return found


class Index(Protocol):
    """Proposes earlier survivors that may be similar enough; sees positions in the list of different texts."""

    def candidates(self, row: int) -> Iterable[int]: ...

    def add(self, row: int) -> None: ...


def _greedy(texts: Sequence[str], threshold: Fraction, tick: Callable[[int], None]) -> dict[str, tuple[str, Fraction]]:
    """Text -> (the earliest surviving text that is similar enough, similarity)."""
    index: Index = PrefixIndex.over(texts, threshold) if len(texts) <= EXACT_UP_TO else BandIndex.over(texts, threshold)
    pieces: dict[int, frozenset[str]] = {}
    fallen: dict[str, tuple[str, Fraction]] = {}
    for row, text in enumerate(texts):
        if row % 1024 == 0:
            tick(row)
        proposed = sorted(index.candidates(row))
        mine = trigrams(text) if proposed else frozenset()
        for other in proposed:
            theirs = pieces.setdefault(other, trigrams(texts[other]) if other not in pieces else frozenset())
            similarity = _jaccard(mine, theirs, threshold)
            if similarity is not None:
                fallen[text] = (texts[other], similarity)
                break
        else:
            index.add(row)
    return fallen


def _jaccard(one: frozenset[str], other: frozenset[str], threshold: Fraction) -> Fraction | None:
    """The similarity when it reaches the threshold; compared in whole numbers, so 90% is 90% exactly."""
    small, large = sorted((len(one), len(other)))
    if small * threshold.denominator < large * threshold.numerator:
        return None
    common = len(one & other)
    union = len(one) + len(other) - common
    return Fraction(common, union) if common * threshold.denominator >= union * threshold.numerator else None


@dataclass
class PrefixIndex:
    """Two sets that are similar enough share one of their few rarest pieces; survivors are listed under theirs."""

    prefixes: list[list[str]]
    listed: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def over(cls, texts: Sequence[str], threshold: Fraction) -> PrefixIndex:
        sets = [trigrams(text) for text in texts]
        frequency = Counter(piece for pieces in sets for piece in pieces)
        prefixes = []
        for pieces in sets:
            rarest_first = sorted(pieces, key=lambda piece: (frequency[piece], piece))
            prefixes.append(rarest_first[: len(pieces) - ceil(threshold * len(pieces)) + 1])
        return cls(prefixes)

    def candidates(self, row: int) -> Iterable[int]:
        return {other for piece in self.prefixes[row] for other in self.listed.get(piece, ())}

    def add(self, row: int) -> None:
        for piece in self.prefixes[row]:
            self.listed[piece].append(row)


@dataclass
class BandIndex:
    """Rows whose signatures agree in one band are in one bucket; buckets with a single row are never looked at."""

    buckets: list[list[int]]  # of each row, the numbers of the buckets that it shares with another row
    survivors: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def over(cls, texts: Sequence[str], threshold: Fraction) -> BandIndex:
        import numpy as np

        found = signatures(texts)
        width = band_width(float(threshold))
        buckets: list[list[int]] = [[] for _ in texts]
        offset = 0
        for start in range(0, SIGNATURE - width + 1, width):
            band = np.ascontiguousarray(found[:, start : start + width]).view([("", np.uint32)] * width).ravel()
            _, bucket, sizes = np.unique(band, return_inverse=True, return_counts=True)
            for row in np.flatnonzero(sizes[bucket] > 1).tolist():
                buckets[row].append(offset + int(bucket[row]))
            offset += len(sizes)
        return cls(buckets)

    def candidates(self, row: int) -> Iterable[int]:
        return {other for bucket in self.buckets[row] for other in self.survivors.get(bucket, ())}

    def add(self, row: int) -> None:
        for bucket in self.buckets[row]:
            self.survivors[bucket].append(row)


def band_width(threshold: float) -> int:
    """The widest band with which a pair right at the threshold is still found: 1 - (1 - t^r)^b >= 99.5%."""
    fitting = [
        width for width in range(1, 33) if 1 - (1 - threshold**width) ** (SIGNATURE // width) >= FOUND_AT_THRESHOLD
    ]
    return max(fitting, default=1)
