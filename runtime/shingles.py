"""Texts as sets of three-character pieces, in arrays.

Instructions are short: five words have no word 5-gram and about twenty character trigrams, so the
pieces are trigrams of the casefolded text with white space collapsed and one space at each end (a
text of one letter has one piece). That holds for every script: a Chinese instruction of ten
characters has ten. Texts become arrays a block at a time, so that work stays in the processor's
cache; a character costs about 30 ns on one core.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from runtime.scrambling import scrambled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Integers: TypeAlias = npt.NDArray[np.int64]
    Hashes: TypeAlias = npt.NDArray[np.uint64]
    Codes: TypeAlias = npt.NDArray[np.uint32]

Result = TypeVar("Result")

BLOCK_CHARACTERS = 1 << 16
BLOCK_TEXTS = 1 << 14
HASH_BITS = 50  # what is left of 64 beside the number of a text in its block
_EXACT_BITS = 48
_CODE_POINTS = 0x110000


def normalised(text: str) -> str:
    """Composed (NFC), case folded, every run of white space one space, none at the ends."""
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join(composed.casefold().split())


def trigrams(text: str) -> frozenset[str]:
    """The set of trigrams of a normalised text; empty for an empty one. The definition, for one text at a time."""
    if not text:
        return frozenset()
    padded = f" {text} "
    return frozenset(padded[start : start + 3] for start in range(len(text)))


def blocks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of texts that are worked on at once."""
    start = size = 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= BLOCK_CHARACTERS or index + 1 - start >= BLOCK_TEXTS:
            yield start, index + 1
            start, size = index + 1, 0
    if start < len(texts):
        yield start, len(texts)


def over_blocks(
    texts: Sequence[str], work: Callable[[int, int], Result], threads: int | None = None
) -> Iterator[Result]:
    """What ``work`` gives for each range, in order: all cores at once, and few results that wait to be taken."""
    count = threads or os.cpu_count() or 1
    ranges = blocks(texts)
    with ThreadPoolExecutor(count) as pool:
        while batch := list(islice(ranges, 8 * count)):
            yield from pool.map(lambda block: work(*block), batch)


@dataclass(frozen=True, slots=True)
class Pieces:
    """The different pieces of several texts, one text after the other: those of text ``i`` are
    ``values[starts[i]:starts[i + 1]]``, uint64, ascending."""

    values: Hashes
    starts: Integers


def hashed_pieces(texts: Sequence[str]) -> Pieces:
    """The pieces of a block of normalised, non-empty texts as 50-bit hashes, the same in every block.

    Two pieces of a text of a thousand characters have the same hash once in 10^9 texts; whoever needs certainty takes
    ``exact_pieces``.
    """
    import numpy as np

    first, second, third, starts = _windows(texts)
    packed = _joined(*(codes.astype(np.uint64) for codes in (first, second, third)), 21)  # 3 x 21 bits: no collisions
    return _different(scrambled(packed) >> np.uint64(64 - HASH_BITS), starts, HASH_BITS)


def exact_pieces(texts: Sequence[str]) -> Pieces:
    """The pieces of at most 65,536 normalised, non-empty texts: numbers below 2^48, the same for the same piece."""
    import numpy as np

    windows = _windows(texts)
    used = np.zeros(_CODE_POINTS, bool)
    for codes in windows[:3]:
        used[codes] = True
    letters = np.flatnonzero(used)
    number = np.zeros(_CODE_POINTS, np.uint64)
    number[letters] = np.arange(len(letters), dtype=np.uint64)
    width = (len(letters) - 1).bit_length()
    packed = _joined(*(number[codes] for codes in windows[:3]), max(1, width))
    if 3 * width > _EXACT_BITS:  # more than 65,536 different characters
        packed = np.unique(packed, return_inverse=True)[1].astype(np.uint64)
    return _different(packed, windows[3], _EXACT_BITS)


def _windows(texts: Sequence[str]) -> tuple[Codes, Codes, Codes, Integers]:
    """The three characters of every piece, as code points, and where the pieces of each text start (and end)."""
    import numpy as np

    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    codes = np.frombuffer("".join(f" {text} " for text in texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.cumsum(lengths + 2)
    inside = np.ones(len(codes) - 2, bool)
    for gap in (2, 1):  # the two windows that begin in one text and end in the next
        inside[(ends - gap)[ends - gap < len(inside)]] = False
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return codes[:-2][inside], codes[1:-1][inside], codes[2:][inside], starts


def _joined(first: Hashes, second: Hashes, third: Hashes, width: int) -> Hashes:
    """Three numbers of ``width`` bits as one."""
    import numpy as np

    shift = np.uint64(width)
    return (((first << shift) | second) << shift) | third


def _different(values: Hashes, starts: Integers, bits: int) -> Pieces:
    """Values of ``bits`` bits, sorted within each text and each only once; one sort of whole numbers does both."""
    import numpy as np

    texts = len(starts) - 1
    keys = np.repeat(np.arange(texts, dtype=np.uint64) << np.uint64(bits), np.diff(starts)) | values
    keys.sort()
    new = np.empty(len(keys), bool)
    new[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    counts = np.add.reduceat(new, starts[:-1], dtype=np.int64)
    return Pieces(keys[new] & np.uint64((1 << bits) - 1), np.concatenate([[0], np.cumsum(counts)]))
