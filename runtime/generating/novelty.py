"""How like its nearest predecessor a text is: the highest ROUGE-L F1 against a pool that grows, exact, and of what.

ROUGE-L F1 of two texts of m and n words is ``2 * LCS / (m + n)``. Their longest common subsequence has no more words
than they share, each counted as often as both have it, so ``2 * shared / (m + n)`` is never less than it: an inverted
index gives that bound for the whole pool at once, and the subsequence itself is computed from the highest bound down
until the best value found is above all bounds that are left. The values are those of the package ``rouge-score``
without its stemmer on ASCII text. That package cuts at everything but ASCII letters and digits, so texts in Chinese or
Cyrillic have no words for it and are like nothing; here letters, marks and digits of all scripts count, and in scripts
that write no spaces each character is a word.

A pool of 10,000 instructions costs about a millisecond a text, and some 100 bytes a word (`benchmarks/novelty.py`).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from runtime.metrics.rouge import common_with, places_of
from runtime.words import WITHOUT_SPACES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ASCII = re.compile(r"[a-z0-9]+")
_TOGETHER = 32  # rows whose subsequence is computed before the bounds of the others are looked at again


class _Cut(dict[int, str]):
    """For ``str.translate``: what is no letter, mark or digit becomes a space, and what needs no spaces stands
    alone."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if unicodedata.category(char)[0] not in "LMN":
            found = " "
        else:
            found = f" {char} " if any(start <= code < end for start, end in WITHOUT_SPACES) else char
        self[code] = found
        return found


_CUT = _Cut()


@lru_cache(maxsize=4096)
def tokens_of(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case."""
    if text.isascii():
        return tuple(_ASCII.findall(text.lower()))
    return tuple(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_CUT).split())


@dataclass(frozen=True, slots=True)
class Nearest:
    """The row of the pool that a text is most like, the earliest of several: ``common`` words in order of ``words`` in
    both together."""

    key: str
    common: int
    words: int

    @property
    def similarity(self) -> float:
        """ROUGE-L F1, 0 to 1."""
        return 2 * self.common / self.words

    def passes(self, op: str, limit: Decimal) -> bool:
        """Whether the similarity compares with a limit, in whole numbers: 0.7 is 0.7, not nearly."""
        value, bound = Fraction(2 * self.common, self.words), Fraction(limit)
        return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[op]


class Pool:
    """Texts by their words, each under a key. Adding is cheap, and an addition counts at once."""

    def __init__(self) -> None:
        self._vocabulary: dict[str, int] = {}
        self._keys: list[str] = []
        self._texts: list[tuple[int, ...]] = []
        self._lengths = array("q")
        # The texts that have a word for the n-th time; so what is shared counts as often as both have it.
        self._having: dict[tuple[int, int], array[int]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str, text: str) -> None:
        """Take a text in; one without a word is like nothing."""
        words = tuple(self._vocabulary.setdefault(word, len(self._vocabulary)) for word in tokens_of(text))
        place = len(self._keys)
        self._keys.append(key)
        self._texts.append(words)
        self._lengths.append(len(words))
        for had in _numbered(words):
            self._having.setdefault(had, array("q")).append(place)

    def nearest(self, text: str) -> Nearest | None:
        """The text of the pool with the highest ROUGE-L F1; None where none shares a word."""
        import numpy as np

        words = tuple(self._vocabulary.get(word, -1) for word in tokens_of(text))
        there = [found for had in _numbered(words) if (found := self._having.get(had)) is not None]
        if not there:
            return None
        shared = np.bincount(np.concatenate([np.frombuffer(found, np.int64) for found in there]), minlength=len(self))
        bounds = 2 * shared / (np.frombuffer(self._lengths, np.int64) + len(words))
        return self._best(words, bounds)

    def _best(self, words: Sequence[int], bounds: npt.NDArray[np.float64]) -> Nearest:
        """From the highest bound down. Equal fractions are equal floats, so no rounding decides anything."""
        import numpy as np

        places, count = places_of(words), len(words)
        best, at, common = -1.0, -1, 0
        first = min(_TOGETHER, len(bounds))
        order = np.argpartition(-bounds, first - 1)[:first]
        while len(order):
            for row in order[np.argsort(-bounds[order], kind="stable")].tolist():
                if bounds[row] < best:
                    break
                found = common_with(self._texts[row], places, count)
                value = 2 * found / (len(self._texts[row]) + count)
                if value > best or (value == best and row < at):
                    best, at, common = value, row, found
            bounds[order] = -1.0  # done with
            order = np.flatnonzero(bounds >= best)
        return Nearest(self._keys[at], common, len(self._texts[at]) + count)


def _numbered(words: Sequence[int]) -> list[tuple[int, int]]:
    """Each word with how often it came before."""
    seen: dict[int, int] = {}
    found = []
    for word in words:
        nth = seen.get(word, 0)
        seen[word] = nth + 1
        found.append((word, nth))
    return found
