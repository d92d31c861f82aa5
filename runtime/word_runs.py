"""Which runs of words of held-out items stand in which rows: an index of hashes, asked a block of rows at a time.

One bit for the upper bits of each run refuses nearly all runs of the rows in one look-up; the rest is looked up in a
sorted array. Memory: 24 bytes a word of the items, and one block of rows. Hashes have 64 bits: with a billion runs
against a million, the chance that any two different ones meet is one in twenty thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.scrambling import scrambled
from runtime.words import sequences, words_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

Fields = Sequence[str]


class Block:
    """The words of some rows; runs of a length are hashed once, whoever asks."""

    def __init__(self, rows: Sequence[Fields]) -> None:
        import numpy as np

        self.words = words_of([field for fields in rows for field in fields])
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        ends = np.concatenate([[0], self.words.ends])
        self.row_ends: Ints = ends[np.cumsum(counts)]
        self.field_borders: Ints = ends  # where fields begin and end, each border once or more
        self._runs: dict[int, npt.NDArray[np.uint64]] = {}

    def runs(self, length: int) -> npt.NDArray[np.uint64]:
        if length not in self._runs:
            self._runs[length] = sequences(self.words, length)
        return self._runs[length]


@dataclass(frozen=True)
class _Table:
    """One bit for the upper bits of each run of one length, so that most runs of rows are refused by one look-up.
    ``whole``: runs that have to be whole fields; ``salt`` tells their hashes apart from those of others."""

    length: int
    whole: bool
    salt: np.uint64
    shift: np.uint64
    there: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, length: int, whole: bool, runs: npt.NDArray[np.uint64]) -> _Table:
        import numpy as np

        salt = np.uint64(0xA0761D6478BD642F * whole)
        bits = max(10, min(26, (8 * len(runs)).bit_length()))
        shift = np.uint64(64 - bits)
        there = np.zeros(1 << bits, bool)
        there[(runs ^ salt) >> shift] = True
        return cls(length, whole, salt, shift, there)

    def candidates(self, block: Block) -> tuple[Ints, npt.NDArray[np.uint64]]:
        """Words of the block at which such a run may begin, and the hashes of their runs."""
        import numpy as np

        if self.whole:
            borders = np.unique(block.field_borders)
            at = borders[np.isin(borders + self.length, borders)]
            hashes = block.runs(self.length)[at] ^ self.salt
            found = self.there[hashes >> self.shift]
            return at[found], hashes[found]
        hashes = block.runs(self.length)
        at = np.flatnonzero(self.there[hashes >> self.shift])
        return at, hashes[at]


class RunIndex:
    """The runs of some items. ``places`` are the words at which a run stands, those of run ``r`` from ``begins[r]`` to
    ``begins[r + 1]``; the runs of an item have ``length_of`` words, and those of items that are ``whole`` count only
    where they are whole fields of a row."""

    def __init__(self, items: Block, length_of: Ints, whole: npt.NDArray[np.bool_]) -> None:
        import numpy as np

        ends = items.row_ends
        self._starts = np.concatenate([[0], ends])[:-1].astype(np.int64)
        self._sizes = ends - self._starts
        hashes, places = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        self._tables: list[_Table] = []
        for length in sorted({int(size) for size in length_of} - {0}):
            for fields in (False, True):
                at = self._places_of((length_of == length) & (whole == fields), length)
                if len(at):
                    self._tables.append(_Table.of(length, fields, items.runs(length)[at]))
                    hashes.append(items.runs(length)[at] ^ self._tables[-1].salt)
                    places.append(at)
        every, place = np.concatenate(hashes), np.concatenate(places)
        order = np.lexsort((place, every))
        self._runs, begins = np.unique(every[order], return_index=True)
        self.places: Ints = place[order]
        self.begins: Ints = np.append(begins, len(place)).astype(np.int64)

    def _places_of(self, which: npt.NDArray[np.bool_], length: int) -> Ints:
        """The words at which a run of this length begins, of some items."""
        import numpy as np

        items = np.flatnonzero(which)
        counts = self._sizes[items] - length + 1
        return np.repeat(self._starts[items] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())

    def shared(self, block: Block) -> tuple[Ints, Ints]:
        """Rows of the block and runs of the index, pairwise, each pair once, in order."""
        import numpy as np

        rows, runs = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for table in self._tables:
            at, hashes = table.candidates(block)
            run = np.minimum(np.searchsorted(self._runs, hashes), len(self._runs) - 1)
            same = self._runs[run] == hashes
            at, run = at[same], run[same]
            row = np.searchsorted(block.row_ends, at, "right")
            inside = at + table.length <= block.row_ends[row]
            rows.append(row[inside])
            runs.append(run[inside])
        keys = np.unique(np.concatenate(rows) * len(self._runs) + np.concatenate(runs))
        return np.divmod(keys, max(len(self._runs), 1))


def same_runs(rows: Ints, runs: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows by the set of runs that they have: of each set the first such row, of each row its set, and where the rows
    stand (rows as positions among those that have any run)."""
    import numpy as np

    begins = np.flatnonzero(np.diff(rows, prepend=-1))
    mixed = scrambled(runs.astype(np.uint64) + np.uint64(1))
    one, other = np.add.reduceat(mixed, begins), np.bitwise_xor.reduceat(scrambled(mixed), begins)
    _, representative, of_row = np.unique(np.stack([one, other], 1), axis=0, return_index=True, return_inverse=True)
    return representative, of_row.reshape(-1), rows[begins]
