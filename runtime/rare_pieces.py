"""The rarest pieces of texts: those of which two similar texts share at least one.

Of two sets with Jaccard similarity t, each of n pieces keeps its n - ceil(t n) + 1 first in one order of all pieces;
the kept parts have a piece in common. The order may be any, and by rising frequency it makes the fewest texts meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.shingles import HASH_BITS, hashed_pieces, over_blocks

if TYPE_CHECKING:
    from runtime.shingles import Hashes, Integers

_COUNTER_BITS = 22  # frequencies are counted in so many bits of the hash
_COUNT_BITS = 20
_PIECE_BITS = HASH_BITS - _COUNT_BITS


def rarest_pieces(
    texts: Sequence[str], rows: Integers, threshold: Fraction, most: int, threads: int | None = None
) -> tuple[Integers, Hashes] | None:
    """(row, piece) for the rarest pieces of each of the rows, as many as the threshold asks for; None when they are
    more than ``most`` in all. Frequencies are those among the rows."""
    import numpy as np

    chosen = [texts[row] for row in rows.tolist()]
    counts = np.zeros(1 << _COUNTER_BITS, np.int64)
    total = 0
    for slots, kept in over_blocks(chosen, lambda start, end: _counted(chosen[start:end], threshold), threads):
        np.add.at(counts, slots, 1)
        total += kept
    if total > most:
        return None
    ranks = np.minimum(counts, (1 << _COUNT_BITS) - 1).astype(np.uint64)
    found = list(over_blocks(chosen, lambda start, end: _rarest(chosen[start:end], threshold, ranks), threads))
    numbers = np.repeat(rows, np.concatenate([kept for kept, _ in found]))
    return numbers, np.concatenate([pieces for _, pieces in found])


def _kept(sizes: Integers, threshold: Fraction) -> Integers:
    """n - ceil(t n) + 1."""
    return sizes + (-sizes * threshold.numerator // threshold.denominator) + 1


def _slots(pieces: Hashes) -> Integers:
    import numpy as np

    return (pieces >> np.uint64(HASH_BITS - _COUNTER_BITS)).astype(np.int64)


def _counted(texts: Sequence[str], threshold: Fraction) -> tuple[Integers, int]:
    import numpy as np

    pieces = hashed_pieces(texts)
    return _slots(pieces.values), int(_kept(np.diff(pieces.starts), threshold).sum())


def _rarest(texts: Sequence[str], threshold: Fraction, ranks: Hashes) -> tuple[Integers, Hashes]:
    """How many pieces each text keeps, and those pieces. A piece is its frequency and 30 bits of its hash: two that
    are taken for one only make texts meet."""
    import numpy as np

    pieces = hashed_pieces(texts)
    sizes = np.diff(pieces.starts)
    text = np.repeat(np.arange(len(texts), dtype=np.uint64), sizes)
    piece = ranks[_slots(pieces.values)] << np.uint64(_PIECE_BITS) | pieces.values & np.uint64((1 << _PIECE_BITS) - 1)
    keys = text << np.uint64(HASH_BITS) | piece
    keys.sort()
    kept = _kept(sizes, threshold)
    first = np.arange(len(keys)) - np.repeat(pieces.starts[:-1], sizes) < np.repeat(kept, sizes)
    return kept, keys[first] & np.uint64((1 << HASH_BITS) - 1)
