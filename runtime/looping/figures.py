"""Figures of the rows that a round is about to be trained on: how many were accepted, how new and how varied they are.

Pure functions of counts and texts. They are counts of all rows and not estimates, so they have no interval. A figure
that cannot be measured (the variety of no rows) has no value and says why; a guard on it ends the loop.

Words are those of ``runtime.words`` (Unicode; each character of a script without spaces is a word). A million words
take about 0.2 s; novelty is a search and costs what ``novelty`` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

from runtime.words import sequences, words_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Unit = Literal["share", "plain"]
NO_ROWS = "the round has no new row"
_NO_PAIRS = "no new row has two words"
_FIRST = "row of the first round"


@dataclass(frozen=True, slots=True)
class Figure:
    """``n`` is what was counted: rows, candidates or word pairs. Without a value ``why`` says what is missing."""

    name: str
    value: float | None
    n: int
    unit: Unit = "share"
    why: str = ""


def acceptance(accepted: int, candidates: int) -> Figure:
    """The share of what the model wrote that passed the verifier, the filters and the scores."""
    if not candidates:
        return Figure("acceptance", None, 0, why="nothing was written")
    return Figure("acceptance", accepted / candidates, candidates)


def real_share(real: int, rows: int) -> Figure:
    """The share of training rows that no model wrote."""
    return Figure("real_share", real / rows, rows) if rows else Figure("real_share", None, 0, why="no row is left")


def novelty(similarities: Sequence[float]) -> Figure:
    """The median of 1 - the highest ROUGE-L against all earlier rows, one number a new row."""
    if not similarities:
        return Figure("novelty_p50", None, 0, "plain", NO_ROWS)
    return Figure("novelty_p50", 1.0 - median(similarities), len(similarities), "plain")


def distinct_2(texts: Sequence[str]) -> Figure:
    """Different word pairs as a share of all (Li et al. 2016, arXiv:1510.03055). It has no value where most rows have
    no pair: the few that do would speak for those that say one word."""
    pairs = word_pairs(texts)
    if why := _mostly_unpaired(texts, "new row"):
        return Figure("distinct_2", None, len(pairs), why=why)
    return _distinct("distinct_2", pairs)


def distinct_2_drop(texts: Sequence[str], first: Sequence[str]) -> Figure:
    """How far ``distinct_2`` fell since the first round, as a share of it; below 0 where it rose.

    It falls by itself as texts get more, because words repeat: so both are taken of as many pairs, the first ones of
    each in an order that says nothing of them.
    """
    own, before = word_pairs(texts), word_pairs(first)
    if why := _mostly_unpaired(texts, "new row") or _mostly_unpaired(first, _FIRST):
        return Figure("distinct_2_drop", None, 0, why=why)
    most = min(len(own), len(before))
    now, then = _distinct("", own[:most]).value, _distinct("", before[:most]).value
    if now is None or then is None:
        why = _NO_PAIRS if not len(own) else f"no {_FIRST} has two words"
        return Figure("distinct_2_drop", None, 0, why=why)
    return Figure("distinct_2_drop", (then - now) / then, most)


def _mostly_unpaired(texts: Sequence[str], rows: str) -> str:
    """Why pairs of words say little of some rows: more than half have none, and some do. Empty otherwise."""
    without = sum(count < 2 for count in word_counts(texts))
    if without == len(texts) or 2 * without <= len(texts):
        return ""
    of = rows.replace("row", "rows", 1)
    return f"{without:,} of {len(texts):,} {of} have no two words; of short answers `duplicates` and `novelty_p50` tell"


def _distinct(name: str, pairs: npt.NDArray[np.uint64]) -> Figure:
    import numpy as np

    if not len(pairs):
        return Figure(name, None, 0, why=_NO_PAIRS)
    return Figure(name, len(np.unique(pairs)) / len(pairs), len(pairs))


def word_pairs(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Hashes of all pairs of neighbouring words within a text, texts in the order of their own hashes: (pairs,)."""
    import numpy as np

    words = words_of(sorted(texts, key=_shuffled))
    pairs = sequences(words, 2)
    first = np.ones(len(pairs), dtype=bool)
    last = words.ends[(words.ends > 0) & (words.ends <= len(pairs))] - 1  # the last word of a text begins no pair
    first[last] = False
    return pairs[first]


def _shuffled(text: str) -> bytes:
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def duplicates(texts: Sequence[str], earlier: Sequence[str]) -> Figure:
    """The share of new rows that repeat an earlier one, or one before them in the round, letter by letter but for white
    space at the ends and between words."""
    if not texts:
        return Figure("duplicates", None, 0, why=NO_ROWS)
    seen = {" ".join(text.split()) for text in earlier}
    repeated = 0
    for text in texts:
        plain = " ".join(text.split())
        repeated += plain in seen
        seen.add(plain)
    return Figure("duplicates", repeated / len(texts), len(texts))


def length_drift(texts: Sequence[str], reference: Sequence[str]) -> Figure:
    """How far the median number of words lies from that of the reference, as a part of it, up or down."""
    if not texts:
        return Figure("length_drift", None, 0, "plain", NO_ROWS)
    then = median(word_counts(reference)) if reference else 0
    if not then:
        return Figure("length_drift", None, 0, "plain", "the rows that it is compared with have no words")
    return Figure("length_drift", abs(median(word_counts(texts)) / then - 1), len(texts), "plain")


def word_counts(texts: Sequence[str]) -> list[int]:
    """The words of each text."""
    import numpy as np

    return [int(count) for count in np.diff(words_of(texts).ends, prepend=0)]


def lineage_depth(rounds: Sequence[Sequence[tuple[int, bool]]], rows: int) -> Figure:
    """How many models stand between a training row and a source, at most.

    A row's own generation counts the rows that it came from; the model that wrote it was trained on rows of the round
    before, which adds theirs. ``rounds`` are oldest first, a pair a generate: the highest generation of its rows, and
    whether the model of the round before wrote them.
    """
    depth = 0
    for written in rounds:
        depth = max([depth, *(own + (depth if by_previous and own else 0) for own, by_previous in written)])
    return Figure("lineage_depth", float(depth), rows, "plain")
