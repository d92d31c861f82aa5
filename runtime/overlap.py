"""Which held-out items a training row gives away: the share of an item's words that stand in the row, in runs of n.

The measure is Tülu 3's (Lambert et al. 2024, arXiv:2411.15124, section 3.2), computed for every pair and not for the
first hundred that a search engine proposes: an item's word is covered when it lies in a run of ``ngram`` words that
the row has too, and a row is contaminated when it covers ``coverage`` of some item. An item of fewer than ``ngram``
words is one run and has to be there whole; one of fewer than half of that has to be a whole field of the row (or
several), because two words like "good morning" stand in many rows that give nothing away.

Items are indexed by the hashes of their runs (``word_runs``). Rows that share the same runs are scored once, so
boilerplate in a thousand items is no thousandfold work. Memory: 24 bytes a word of the items, one block of rows, and
``_AT_ONCE`` pairs of a run and a place in an item, at some 80 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from runtime.word_runs import Block, Fields, RunIndex, same_runs
from runtime.words import folded

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class ItemSet:
    """The items of one eval, task or source, and what counts as overlap with them. An item is a list of fields, read as
    one text."""

    items: Sequence[Fields]
    ngram: int
    coverage: Fraction


@dataclass(frozen=True)
class Covered:
    """Rows (positions in the block) and items, pairwise, with the words of the item that the row covers, and the
    longest covered stretch: its first word in the item, and how many. All (pairs,) int64."""

    rows: Ints
    items: Ints
    words: Ints
    first: Ints
    stretch: Ints


@dataclass
class Closest:
    """For each item: how many rows cover enough of it, and the row that covers most (-1: none shares a run)."""

    rows: Ints
    row: Ints
    words: Ints
    first: Ints
    stretch: Ints


class HeldOut:
    """An index of the items of some sets, numbered through: those of the first set, then those of the second, …"""

    def __init__(self, sets: Sequence[ItemSet]) -> None:
        import numpy as np

        counts = [len(one.items) for one in sets]
        block = Block([item for one in sets for item in one.items])
        ends = block.row_ends
        self.set_of: Ints = np.repeat(np.arange(len(sets)), counts)
        self.starts: Ints = np.concatenate([[0], ends])[:-1].astype(np.int64)
        self.sizes: Ints = ends - self.starts
        ngrams = np.array([one.ngram for one in sets], np.int64)[self.set_of]
        self._sets = len(sets)
        self._runs_of: Ints = np.minimum(self.sizes, ngrams)  # words of a run of each item
        self._index = RunIndex(block, self._runs_of, 2 * self._runs_of < ngrams)
        self._item_of: npt.NDArray[np.int32] = np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)
        self._shares = [one.coverage for one in sets]
        none = np.full(sum(counts), -1, np.int64)
        zero = np.zeros(sum(counts), np.int64)
        self._texts = [field for one in sets for item in one.items for field in item]
        self._words, self._borders = block.words, block.field_borders
        self.closest = Closest(zero.copy(), none, zero.copy(), zero.copy(), zero.copy())

    def look_up(self, block: Block, numbers: Ints) -> Covered:
        """The rows of a block that are contaminated, in order: of each set the item that the row covers most (the first
        of equals). ``numbers`` are what ``closest`` calls the rows, in rising order."""
        import numpy as np

        rows, runs = self._index.shared(block)
        if not len(rows):
            none = np.empty(0, np.int64)
            return Covered(none, none, none, none, none)
        representative, of_row, found_in = same_runs(rows, runs)
        found = [self._scored(part) for part in self._portions(rows, runs, representative)]
        alike, items, words, first, stretch = (np.concatenate(parts) for parts in zip(*found, strict=True))
        enough = self._enough(items, words)
        self._note(numbers[found_in[representative[alike]]], items, words, first, stretch)
        np.add.at(self.closest.rows, items[enough], np.bincount(of_row)[alike[enough]])
        alike, items, words, first, stretch = (part[enough] for part in (alike, items, words, first, stretch))
        keys = alike * self._sets + self.set_of[items]
        order = np.lexsort((items, -(words / self.sizes[items]), keys))
        _, best = np.unique(keys[order], return_index=True)
        chosen = np.full((len(representative), self._sets), -1, np.int64)
        chosen.reshape(-1)[keys[order[best]]] = order[best]
        picks = chosen[of_row]
        hit, _ = np.nonzero(picks >= 0)
        picks = picks[picks >= 0]
        return Covered(found_in[hit], items[picks], words[picks], first[picks], stretch[picks])

    def quoted(self, item: int, first: int, stretch: int) -> str:
        """Some words of an item as they stand there, layout included; fields are put together with a space."""
        import numpy as np

        start = int(self.starts[item]) + first
        end, pieces = start + stretch, []
        at = int(np.searchsorted(self._borders, start, "right")) - 1  # the field in which the first word stands
        while start < end:
            stop = min(end, int(self._borders[at + 1]))
            if start < stop:
                pieces.append(self._piece(at, start, stop))
            start, at = stop, at + 1
        return " ".join(pieces)

    def _piece(self, field: int, start: int, stop: int) -> str:
        """Words of one field, numbered over all items. In a field that is not folded character by character (`ß` is
        two, a joiner is none) they are folded."""
        text = folded(self._texts[field])
        characters = [character.casefold() for character in self._texts[field]]
        if len(text) == len(characters) and "".join(characters) == text:
            text = self._texts[field]
        begins = self._words.places[start:stop] - self._words.offsets[field]
        last = stop == self._borders[field + 1]
        end = len(text) if last else int(self._words.places[stop] - self._words.offsets[field])
        return text[int(begins[0]) : end].rstrip()

    def _enough(self, items: Ints, words: Ints) -> npt.NDArray[np.bool_]:
        import numpy as np

        over = np.array([share.numerator for share in self._shares], np.int64)[self.set_of[items]]
        under = np.array([share.denominator for share in self._shares], np.int64)[self.set_of[items]]
        return words * under >= self.sizes[items] * over

    def _portions(self, rows: Ints, runs: Ints, representative: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Sets of runs (numbered) and their runs, pairwise, in portions that stand for ``_AT_ONCE`` places or so."""
        import numpy as np

        begins = np.flatnonzero(np.diff(rows, prepend=-1))
        ends = np.append(begins[1:], len(rows))
        counts = (ends - begins)[representative]
        which = np.repeat(begins[representative] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        sets, chosen = np.repeat(np.arange(len(representative)), counts), runs[which]
        weights = np.add.reduceat(np.diff(self._index.begins)[chosen], np.cumsum(counts) - counts)
        portion = (np.cumsum(weights) - weights) // _AT_ONCE
        cuts = np.flatnonzero(np.diff(portion[sets], prepend=-1))
        for start, end in zip(cuts, np.append(cuts[1:], len(sets)), strict=True):
            yield sets[start:end], chosen[start:end]

    def _scored(self, part: tuple[Ints, Ints]) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Sets and items that share a run, pairwise: covered words, and the longest covered stretch."""
        import numpy as np

        sets, runs = part
        counts = np.diff(self._index.begins)[runs]
        places = self._index.places[
            np.repeat(self._index.begins[runs] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        ]
        total = max(len(self._item_of), 1)
        keys = np.sort(np.repeat(sets, counts) * total + places)
        owner, places = np.divmod(keys, total)
        items = self._item_of[places].astype(np.int64)
        length = self._runs_of[items]
        new = (np.diff(owner, prepend=-1) != 0) | (np.diff(items, prepend=-1) != 0)
        apart = new | (np.diff(places, prepend=0) > length)  # a stretch begins
        gained = np.where(apart, length, np.diff(places, prepend=0))
        pairs, stretches = np.flatnonzero(new), np.flatnonzero(apart)
        words = np.add.reduceat(gained, pairs)
        sizes = np.add.reduceat(gained, stretches)
        of_pair = np.cumsum(new)[stretches] - 1
        order = np.lexsort((stretches, -sizes, of_pair))
        _, longest = np.unique(of_pair[order], return_index=True)
        longest = order[longest]
        chosen = items[pairs]
        return owner[pairs], chosen, words, places[stretches[longest]] - self.starts[chosen], sizes[longest]

    def _note(self, row: Ints, items: Ints, words: Ints, first: Ints, stretch: Ints) -> None:
        """Keep the row that covers most of each item, the earliest of equals."""
        import numpy as np

        order = np.lexsort((row, -words, items))
        item, best = np.unique(items[order], return_index=True)
        best = order[best]
        more = words[best] > self.closest.words[item]
        item, best = item[more], best[more]
        for kept, new in zip(
            (self.closest.row, self.closest.words, self.closest.first, self.closest.stretch),
            (row, words, first, stretch),
            strict=True,
        ):
            kept[item] = new[best]
