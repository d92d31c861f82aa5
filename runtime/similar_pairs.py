"""Which of the proposed pairs are similar enough: refused by size and bitmap, decided by the exact Jaccard similarity.

Proposals come as ranges of a pool (a text against everything that shares a bucket with it) and are never held all at
once: ``CHUNK`` pairs are looked at, and what the bitmap refuses is forgotten. A pair costs about 30 ns up to there and
about 4 us to decide, 1 us for every 50 characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.shingles import exact_pieces

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from runtime.shingles import Integers
    from runtime.sketches import Sketches

CHUNK = 1 << 19  # pairs
VERIFIED_PAIRS = 1 << 14  # at once,
VERIFIED_PIECES = 1 << 22  # and no more than these (a single pair of long texts may have more)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of texts by their positions; ``common`` and ``union`` count the pieces of their intersection and union."""

    left: Integers
    right: Integers
    common: Integers
    union: Integers

    @property
    def columns(self) -> tuple[Integers, Integers, Integers, Integers]:
        return self.left, self.right, self.common, self.union


def possible(
    sketches: Sketches, threshold: Fraction, left: Integers, pool: Integers, first: Integers, counts: Integers
) -> tuple[Integers, Integers]:
    """The pairs of ``left[i]`` with each of ``pool[first[i]:first[i] + counts[i]]`` that can be similar enough.

    Each pair once, ordered by left and then right.
    """
    import numpy as np

    kept = [np.empty(0, np.int64)]
    for one, other in _expanded(left, pool, first, counts):
        near = _can_reach(sketches, threshold, one, other)
        kept.append(one[near] << 32 | other[near])
    packed = np.unique(np.concatenate(kept))
    return packed >> 32, packed & 0xFFFFFFFF


def _expanded(left: Integers, pool: Integers, first: Integers, counts: Integers) -> Iterator[tuple[Integers, Integers]]:
    import numpy as np

    ends = np.cumsum(counts)
    start = 0
    while start < len(left):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + CHUNK, "right")))
        part = counts[start:end]
        skipped = first[start:end] - (ends[start:end] - part - before)
        yield np.repeat(left[start:end], part), pool[np.arange(int(part.sum())) + np.repeat(skipped, part)]
        start = end


def _can_reach(sketches: Sketches, threshold: Fraction, one: Integers, other: Integers) -> npt.NDArray[np.bool_]:
    """Whether the sizes and bitmaps of each pair allow the similarity; in whole numbers."""
    import numpy as np

    both = sketches.sizes[one] + sketches.sizes[other]
    # |A xor B| <= (1 - t) / (1 + t) * (|A| + |B|), and the bitmaps never differ in more bits than that
    allowed = both * (threshold.denominator - threshold.numerator) // (threshold.denominator + threshold.numerator)
    differing = np.abs(sketches.sizes[one] - sketches.sizes[other])
    near = np.flatnonzero(differing <= allowed)
    bits = np.bitwise_count(sketches.bitmaps[one[near]] ^ sketches.bitmaps[other[near]]).sum(axis=1, dtype=np.int64)
    result = np.zeros(len(one), bool)
    result[near] = bits <= allowed[near]
    return result


def similar(texts: Sequence[str], sketches: Sketches, threshold: Fraction, left: Integers, right: Integers) -> Pairs:
    """Those pairs of normalised texts whose Jaccard similarity is at least ``threshold``, in the order given; exact."""
    import numpy as np

    ends = np.cumsum(sketches.sizes[left] + sketches.sizes[right])
    found, start = [], 0
    while start < len(left):
        before = int(ends[start - 1]) if start else 0
        end = int(np.searchsorted(ends, before + VERIFIED_PIECES, "right"))
        end = min(max(end, start + 1), start + VERIFIED_PAIRS)
        one, other = left[start:end], right[start:end]
        common, union = _overlaps(texts, one, other)
        enough = common * threshold.denominator >= union * threshold.numerator
        found.append((one[enough], other[enough], common[enough], union[enough]))
        start = end
    if not found:
        return Pairs(*(np.empty(0, np.int64) for _ in range(4)))
    return Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _overlaps(texts: Sequence[str], left: Integers, right: Integers) -> tuple[Integers, Integers]:
    """Of each pair the sizes of intersection and union: rows of two sparse matrices, multiplied place by place."""
    import numpy as np
    from scipy.sparse import csr_array

    rows, place = np.unique(np.concatenate([left, right]), return_inverse=True)
    pieces = exact_pieces([texts[row] for row in rows.tolist()])
    ones = np.ones(len(pieces.values), np.int8)
    sets = csr_array((ones, pieces.values.view(np.int64), pieces.starts), shape=(len(rows), 1 << 48))
    sizes = np.diff(pieces.starts)[place]
    common = np.diff((sets[place[: len(left)]] * sets[place[len(left) :]]).indptr).astype(np.int64)
    return common, sizes[: len(left)] + sizes[len(left) :] - common
