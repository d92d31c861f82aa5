"""Texts as the sequences of words that overlap is measured on, as 64-bit hashes in numpy.

A text is composed (NFC), case folded, and cut at everything that is neither letter, mark nor number, so
punctuation, layout and mark-up count for nothing. Scripts that write no spaces have no words to cut at: each
character of Han, kana, Thai, Lao, Khmer and Burmese is a word, and so is an emoji. Characters that are not seen
(joiners, soft hyphens, variation selectors) are taken out before anything is cut, so they hide nothing.

Hashes are polynomials modulo 2^64 over mixed code points, taken from running sums: a word, or a sequence of any
number of words, costs two look-ups. Ten million words take about a second on one core, a block of texts at a time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from runtime.scrambling import scrambled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_GAP, _LETTER, _ALONE, _UNSEEN, _MARK = range(5)
_ASSIGNED = 0x33480  # no letter, mark or number lies above it, but for the variation selectors of plane 14
_SELECTORS = ((0xFE00, 0xFE10), (0xE0100, 0xE01F0), (0x180B, 0x180E))
WITHOUT_SPACES = (
    *((0x0E00, 0x0F00), (0x1000, 0x10A0), (0x1780, 0x1800), (0xA9E0, 0xAA00), (0xAA60, 0xAA80)),
    *((0x2E80, 0x2FE0), (0x3005, 0x3008), (0x3021, 0x3130), (0x31A0, 0x3200), (0x3400, 0x4DC0)),
    *((0x4E00, 0xA000), (0xF900, 0xFB00), (0xFF66, 0xFFA0), (0x1B000, 0x1B170), (0x20000, _ASSIGNED)),
)
_OF_LETTERS, _OF_WORDS = 0x9E3779B97F4A7C15, 0xD1342543DE82EF95  # odd, so each power has an inverse modulo 2^64
_MODULUS = 1 << 64


@dataclass(frozen=True)
class Words:
    """The words of some texts, one after the other. ``hashes`` (words,) uint64; ``ends`` (texts,) int64, the number of
    words up to the end of each text; ``places`` (words,) and ``offsets`` (texts,) int64, where each word and each text
    begins in the folded texts put together."""

    hashes: npt.NDArray[np.uint64]
    ends: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]


def folded(text: str) -> str:
    """Composed (NFC) and case folded, without what is not seen."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return text.translate(_unseen())


def words_of(texts: Sequence[str]) -> Words:
    """The words of each text."""
    import numpy as np

    forms = [folded(text) for text in texts]
    lengths = np.fromiter(map(len, forms), np.int64, len(forms))
    codes = _codes("\n".join(forms))
    classes, mixed = _tables()
    kind = classes[codes]
    before = np.empty_like(kind)
    before[:1] = _GAP
    before[1:] = kind[:-1]
    first = (kind == _ALONE) | ((kind == _LETTER) & ((before == _GAP) | (before == _ALONE)))
    first |= (kind == _MARK) & (before == _GAP)
    places = np.flatnonzero(first)
    borders = np.cumsum(lengths + 1)  # of the line breaks between the texts, plus one
    sums = running(mixed[codes], _OF_LETTERS)
    spans = between(sums, places, np.append(places[1:], len(codes)), _OF_LETTERS) if len(places) else sums[:0]
    ends = np.searchsorted(places, borders).astype(np.int64)
    return Words(scrambled(spans), ends, places.astype(np.int64), borders - lengths - 1)


def sequences(words: Words, length: int) -> npt.NDArray[np.uint64]:
    """Hashes of all runs of ``length`` words, by their first word, over borders of texts too: (words - length + 1,).

    Equal runs have equal hashes wherever they stand; runs of different lengths do not share any.
    """
    import numpy as np

    count = len(words.hashes) - length + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    sums = running(words.hashes, _OF_WORDS)
    runs = (sums[length:] - sums[:count]) * _powers(_inverse(_OF_WORDS), count)
    return scrambled(runs + np.uint64(length * 0xC2B2AE3D27D4EB4F % _MODULUS))


def running(values: npt.NDArray[np.uint64], base: int) -> npt.NDArray[np.uint64]:
    """Sums of ``values[j] * base^j`` over all j < i: (len(values) + 1,)."""
    import numpy as np

    sums = np.empty(len(values) + 1, np.uint64)
    sums[0] = 0
    np.cumsum(values * _powers(base, len(values)), out=sums[1:])
    return sums


def between(
    sums: npt.NDArray[np.uint64], starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], base: int
) -> npt.NDArray[np.uint64]:
    """The polynomial of each stretch, whatever stands before it."""
    return (sums[ends] - sums[starts]) * _powers(_inverse(base), len(sums))[starts]


def _codes(text: str) -> npt.NDArray[np.unsignedinteger]:
    import numpy as np

    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _inverse(base: int) -> int:
    return pow(base, -1, _MODULUS)


_KNOWN_POWERS: dict[int, npt.NDArray[np.uint64]] = {}


def _powers(base: int, count: int) -> npt.NDArray[np.uint64]:
    """``base^0 … base^(count - 1)`` modulo 2^64; kept for the longest block so far."""
    import numpy as np

    known = _KNOWN_POWERS.get(base)
    if known is None or len(known) < count:
        size = max(count, 1 << 16)
        steps = np.full(size, base, np.uint64)
        steps[0] = 1
        known = _KNOWN_POWERS[base] = np.multiply.accumulate(steps)
    return known[:count]


@cache
def _unseen() -> dict[int, None]:
    codes = [code for code in range(_ASSIGNED) if unicodedata.category(chr(code)) == "Cf"]
    return dict.fromkeys((*codes, *(code for start, end in _SELECTORS for code in range(start, end))))


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """The class of every code point, and a number for each that is part of a word (0 for others). About 60 ms, once."""
    import numpy as np

    classes = np.zeros(0x110000, np.uint8)
    by_category = {"L": _LETTER, "N": _LETTER, "M": _MARK}
    for code in range(_ASSIGNED):
        category = unicodedata.category(chr(code))
        classes[code] = _ALONE if category == "So" else by_category.get(category[0], _GAP)
    for start, end in WITHOUT_SPACES:
        part = classes[start:end]
        part[part == _LETTER] = _ALONE
    mixed = scrambled(np.arange(1, len(classes) + 1, dtype=np.uint64))
    mixed[classes == _GAP] = 0
    return classes, mixed
