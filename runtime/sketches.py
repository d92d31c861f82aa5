"""What is kept of every text to find similar ones: MinHash bands to propose pairs, a bitmap to refuse most of them.

A **band** is one number made of several MinHash values (Broder 1997): two texts agree in a MinHash value with the
probability of their Jaccard similarity, so texts that are similar agree in whole bands and others hardly ever do.
Bands are cut so that a pair right at the threshold agrees in at least one with 99.9%, and more similar ones almost
surely. The **bitmap** (Sandes, Teodoro and Melo 2017) has a bit for each of 256 groups of pieces that says whether the
text has an odd number of pieces of the group. Two sets that differ in d pieces have bitmaps that differ in at most d
bits, so a pair whose bitmaps differ in more than the threshold allows is refused without looking at the texts, and
never wrongly.

A sketch takes 36 bytes and 8 for each band (8 of them at 90%). All of it is computed in numpy, on all cores, and is
the same on every machine and for every number of threads; a character costs about 60 ns on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log1p
from typing import TYPE_CHECKING

from runtime.scrambling import scrambled
from runtime.shingles import HASH_BITS, Pieces, hashed_pieces, over_blocks

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from runtime.shingles import Hashes, Integers

FOUND_AT_THRESHOLD = 0.999
MOST_HASHES = 160
WIDEST = 5
WORDS = 4  # of 64 bits, in a bitmap


@dataclass(frozen=True, slots=True)
class Sketches:
    """Of every text how many different pieces it has (int64), its bitmap (texts, WORDS), its bands (texts, bands)."""

    sizes: Integers
    bitmaps: Hashes
    bands: Hashes


def sketches(texts: Sequence[str], threshold: float, threads: int | None = None) -> Sketches:
    """Sketches of normalised, non-empty texts."""
    import numpy as np

    count, width = band_shape(threshold)
    constants = _constants(count * width)
    sizes = np.empty(len(texts), np.int64)
    bitmaps = np.empty((len(texts), WORDS), np.uint64)
    bands = np.empty((len(texts), count), np.uint64)

    def fill(start: int, end: int) -> None:
        pieces = hashed_pieces(texts[start:end])
        sizes[start:end] = np.diff(pieces.starts)
        bitmaps[start:end] = _bitmaps(pieces)
        bands[start:end] = _bands(_signatures(pieces, constants), width)

    for _ in over_blocks(texts, fill, threads):
        pass
    return Sketches(sizes, bitmaps, bands)


def signatures(texts: Sequence[str], values: int) -> npt.NDArray[np.uint32]:
    """MinHash signatures of a block of normalised, non-empty texts: ``(len(texts), values)``, uint32.

    The share of equal values in two rows estimates the Jaccard similarity of the trigram sets.
    """
    return _signatures(hashed_pieces(texts), _constants(values)).T


def band_shape(threshold: float) -> tuple[int, int]:
    """How many bands of how many values: b bands of width r find a pair of similarity t with 1 - (1 - t^r)^b.

    The widest bands, up to WIDEST, for which FOUND_AT_THRESHOLD takes no more than MOST_HASHES values in all. Wider
    ones would propose fewer pairs, and more pairs cost less than more hashes: nearly all of them end at the bitmap.
    """
    shapes = [(_bands_needed(threshold**width), width) for width in range(1, WIDEST + 1)]
    return next((shape for shape in reversed(shapes) if shape[0] * shape[1] <= MOST_HASHES), shapes[0])


def _bands_needed(agree: float) -> int:
    return 1 if agree >= 1 else ceil(log1p(-FOUND_AT_THRESHOLD) / log1p(-agree))


def _signatures(pieces: Pieces, constants: Sequence[tuple[np.uint32, np.uint32]]) -> npt.NDArray[np.uint32]:
    """``(hash functions, texts)``: of each hash function the smallest value in each text."""
    import numpy as np

    hashes = (pieces.values >> np.uint64(HASH_BITS - 32)).astype(np.uint32)
    starts = pieces.starts[:-1]
    block = np.empty((len(constants), len(starts)), np.uint32)
    scratch = np.empty_like(hashes)
    for row, (flip, multiplier) in enumerate(constants):
        np.bitwise_xor(hashes, flip, out=scratch)
        np.multiply(scratch, multiplier, out=scratch)
        np.minimum.reduceat(scratch, starts, out=block[row])
    return block


def _bands(block: npt.NDArray[np.uint32], width: int) -> Hashes:
    """``(texts, bands)``: the values of each band as one number. Different bands with one number cost a look."""
    import numpy as np

    bands = np.empty((block.shape[1], len(block) // width), np.uint64)
    for band in range(bands.shape[1]):
        folded = np.zeros(block.shape[1], np.uint64)
        for values in block[band * width : (band + 1) * width]:
            folded = (folded ^ values) * np.uint64(0x9E3779B97F4A7C15)
            folded ^= folded >> np.uint64(29)
        bands[:, band] = folded
    return bands


def _bitmaps(pieces: Pieces) -> Hashes:
    import numpy as np

    word = (pieces.values >> np.uint64(6)) % np.uint64(WORDS)
    bit = np.uint64(1) << (pieces.values & np.uint64(63))
    bitmaps = np.empty((len(pieces.starts) - 1, WORDS), np.uint64)
    for number in range(WORDS):
        bitmaps[:, number] = np.bitwise_xor.reduceat(np.where(word == number, bit, np.uint64(0)), pieces.starts[:-1])
    return bitmaps


def _constants(functions: int) -> list[tuple[np.uint32, np.uint32]]:
    """A flip and an odd multiplier for each of the hash functions, from splitmix64 with a fixed start."""
    import numpy as np

    states = np.arange(1, 2 * functions + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x5F7D)
    drawn = (scrambled(states) >> np.uint64(32)).astype(np.uint32)
    return list(zip(drawn[::2], drawn[1::2] | np.uint32(1), strict=True))
