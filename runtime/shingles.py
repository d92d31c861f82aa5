"""Texts as sets of three-character pieces, and MinHash signatures of those sets.

Instructions are short: five words have no word 5-gram and about twenty character trigrams, so the
pieces are trigrams of the casefolded text with white space collapsed and one space at each end (a
text of one letter has one piece). Signatures are computed in numpy, a block of texts at a time that
stays in the processor's cache, on all cores; 128 values a text cost about 13 ns a character and core.
The constants are fixed, so a signature is the same on every machine and for every number of threads.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SIGNATURE = 128
_BLOCK = 1 << 16  # characters of one block: 256 KiB of 32-bit hashes
_MASK = (1 << 64) - 1


def normalised(text: str) -> str:
    """Composed (NFC), case folded, every run of white space one space, none at the ends."""
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join(composed.casefold().split())


def trigrams(text: str) -> frozenset[str]:
    """The set of trigrams of a normalised text; empty for an empty one."""
    if not text:
        return frozenset()
    padded = f" {text} "
    return frozenset(padded[start : start + 3] for start in range(len(text)))


def signatures(texts: Sequence[str], threads: int | None = None) -> npt.NDArray[np.uint32]:
    """MinHash signatures of normalised, non-empty texts: ``(len(texts), SIGNATURE)``, uint32 (Broder 1997).

    The share of equal values in two rows estimates the Jaccard similarity of the trigram sets.
    """
    import numpy as np

    result = np.empty((len(texts), SIGNATURE), np.uint32)
    constants = _constants()

    def fill(block: tuple[int, int]) -> None:
        start, end = block
        result[start:end] = _block_signatures(texts[start:end], constants)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for _ in pool.map(fill, _blocks(texts)):
            pass
    return result


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _BLOCK:
            yield start, index + 1
            start, size = index + 1, 0
    if start < len(texts):
        yield start, len(texts)


def _block_signatures(texts: Sequence[str], constants: Sequence[tuple[np.uint32, np.uint32]]) -> npt.NDArray[np.uint32]:
    import numpy as np

    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    codes = np.frombuffer("".join(f" {text} " for text in texts).encode("utf-32-le"), np.uint32).astype(np.uint64)
    packed = (codes[:-2] << np.uint64(42)) | (codes[1:-1] << np.uint64(21)) | codes[2:]  # 3 x 21 bits: no collisions
    ends = np.cumsum(lengths + 2)
    inside = np.ones(len(packed), bool)
    for gap in (2, 1):  # the two windows that begin in one text and end in the next
        inside[(ends - gap)[ends - gap < len(packed)]] = False
    hashes = _mixed(packed[inside])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    block = np.empty((SIGNATURE, len(texts)), np.uint32)
    scratch = np.empty_like(hashes)
    for row, (flip, multiplier) in enumerate(constants):
        np.bitwise_xor(hashes, flip, out=scratch)
        np.multiply(scratch, multiplier, out=scratch)
        np.minimum.reduceat(scratch, starts, out=block[row])
    return block.T


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """The finaliser of splitmix64 (Steele et al. 2014), upper half."""
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (values >> np.uint64(32)).astype(np.uint32)


def _constants() -> list[tuple[np.uint32, np.uint32]]:
    """A flip and an odd multiplier for each of the hash functions, from splitmix64 with a fixed start."""
    import numpy as np

    state, drawn = 0x5F7D, []
    for _ in range(2 * SIGNATURE):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        drawn.append((mixed ^ (mixed >> 31)) >> 32)
    return [(np.uint32(drawn[2 * i]), np.uint32(drawn[2 * i + 1] | 1)) for i in range(SIGNATURE)]
