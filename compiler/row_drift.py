"""Which rows of a pinned file are other rows now, from fingerprints alone.

A lock holds no data. Of every row it keeps 24 bits of a hash, in the order of the file; of a large file it keeps
them of groups of rows, so that a lock never grows beyond some 200 KB a file. :mod:`compiler.row_alignment` finds the
rows that are the same: a row that moved has not changed, and a row inserted at the top does not make all others new.
What is left over on both sides between the same two rows counts as changed.

Whether a file changed at all is decided by its full hash; where chance alone explains a few equal fingerprints, as in
a file of 16,000 rows that are all new, the rows count as other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from msgspec import Struct

from compiler.row_alignment import align

_SHOWN = 4


class Group(Struct, frozen=True):
    """One row, or ``rows`` neighbouring rows, under one fingerprint of four characters."""

    print: str
    rows: int = 1


class Prints(Struct, frozen=True):
    """The fingerprints of a file in order. ``size`` is how many rows a group has on average; 1 means one row each."""

    size: int
    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
        return sum(group.rows for group in self.groups)


class Lines(Struct, frozen=True):
    """Where a group stands in the file: the lines (or positions) of its first and last row, from 1."""

    first: int
    last: int


class RowDrift(Struct, frozen=True):
    """What became of the rows. ``places`` are lines of the file as it is now for changed and added rows, and positions
    in the pinned file for removed ones. When not ``exact`` the counts are upper limits, rows of groups that differ."""

    changed: int
    added: int
    removed: int
    changed_at: tuple[Lines, ...]
    added_at: tuple[Lines, ...]
    removed_at: tuple[Lines, ...]
    moved: bool
    exact: bool

    @property
    def text(self) -> str:
        """``2 rows changed (lines 12, 48), 1 added (line 641)``."""
        at_most = "" if self.exact else "at most "
        parts = [
            f"{at_most}{_rows(self.changed)} changed ({_places(self.changed_at, 'line')})" if self.changed else "",
            f"{at_most}{_rows(self.added)} added ({_places(self.added_at, 'line')})" if self.added else "",
            f"{at_most}{_rows(self.removed)} removed ({_places(self.removed_at, 'row')} of the pinned file)"
            if self.removed
            else "",
        ]
        found = ", ".join(part for part in parts if part)
        if found:
            return found
        return "the same rows in another order" if self.moved else "the same rows, written in other bytes"


def compare_rows(pinned: Prints, now: Prints, lines: Sequence[Lines]) -> RowDrift:
    """What became of the pinned rows; ``lines`` has a place for every group of ``now``. Both have the same size."""
    alignment = align([group.print for group in pinned.groups], [group.print for group in now.groups])
    starts = _starts(pinned.groups)
    changed: list[tuple[int, Lines]] = []
    added: list[tuple[int, Lines]] = []
    removed: list[tuple[int, Lines]] = []
    for gap in alignment.gaps:
        for old, new in zip_longest(gap.old, gap.new):
            if new is None:
                rows = pinned.groups[old].rows
                removed.append((rows, Lines(starts[old], starts[old] + rows - 1)))
            elif old is None:
                added.append((now.groups[new].rows, lines[new]))
            else:
                changed.append((max(now.groups[new].rows, pinned.groups[old].rows), lines[new]))
    return RowDrift(
        changed=_total(changed),
        added=_total(added),
        removed=_total(removed),
        changed_at=tuple(place for _, place in changed),
        added_at=tuple(place for _, place in added),
        removed_at=tuple(place for _, place in removed),
        moved=alignment.moved > 0,
        exact=pinned.size == 1,
    )


def _total(found: Sequence[tuple[int, Lines]]) -> int:
    return sum(rows for rows, _ in found)


def _starts(groups: Sequence[Group]) -> list[int]:
    """The position of the first row of each group, from 1."""
    starts, position = [], 1
    for group in groups:
        starts.append(position)
        position += group.rows
    return starts


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _places(found: Sequence[Lines], word: str) -> str:
    merged = _merged(found)
    shown = ", ".join(f"{p.first:,}" if p.first == p.last else f"{p.first:,}-{p.last:,}" for p in merged[:_SHOWN])
    more = f", and {len(merged) - _SHOWN:,} more places" if len(merged) > _SHOWN else ""
    plural = len(merged) > 1 or merged[0].first != merged[0].last
    return f"{word}{'s' * plural} {shown}{more}"


def _merged(found: Sequence[Lines]) -> list[Lines]:
    """Neighbouring places as one."""
    merged: list[Lines] = []
    for place in sorted(found, key=lambda place: place.first):
        if merged and place.first <= merged[-1].last + 1:
            merged[-1] = Lines(merged[-1].first, max(place.last, merged[-1].last))
        else:
            merged.append(place)
    return merged
