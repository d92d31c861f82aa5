"""Which rows of two files are the same rows in the same order, and which of the others only stand elsewhere.

Rows are known by fingerprints of 24 bits, so a match is evidence and no proof: two files of 16,000 rows that have no
row in common share about 15 fingerprints. Rows that stand in order are found as a person would look for them: equal
beginnings and ends first, then rows that occur once on either side, then what lies between those. A match in the order
that no neighbour bears out counts only where chance cannot explain it, and so do matches out of order.
O(n log n), whatever the files hold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import sqrt

from msgspec import Struct

_PRINTS = 1 << 24
_RARE = 0.01  # matches that chance is expected to give, below which every match counts

Pair = tuple[int, int]  # a position in the old file, and the one in the new file


class Gap(Struct, frozen=True):
    """Positions between two neighbouring anchors that are neither in order nor found elsewhere."""

    old: tuple[int, ...]
    new: tuple[int, ...]


class Alignment(Struct, frozen=True):
    """What lies between the rows in order, first to last; ``moved`` is how many rows stand elsewhere."""

    gaps: tuple[Gap, ...]
    moved: int


class _Box(Struct, frozen=True):
    """A range of either file, half open."""

    old: int
    old_end: int
    new: int
    new_end: int

    def between(self, anchors: Iterable[Pair]) -> Iterator[_Box]:
        """What lies before, between and behind anchors."""
        ends = [(self.old - 1, self.new - 1), *anchors, (self.old_end, self.new_end)]
        for (old, new), (old_end, new_end) in pairwise(ends):
            if old + 1 < old_end or new + 1 < new_end:
                yield _Box(old + 1, old_end, new + 1, new_end)


def align(old: Sequence[str], new: Sequence[str]) -> Alignment:
    """The alignment of two lists of fingerprints."""
    whole = _Box(0, len(old), 0, len(new))
    anchors = _anchors(whole, old, new, once=True)
    inner = [pair for box in whole.between(anchors) for pair in _anchors(box, old, new, once=False)]
    boxes = list(whole.between(sorted(anchors + inner)))
    elsewhere = _elsewhere(
        [old[at] for box in boxes for at in range(box.old, box.old_end)],
        [new[at] for box in boxes for at in range(box.new, box.new_end)],
    )
    left_old, left_new = Counter(elsewhere), Counter(elsewhere)
    gaps = tuple(
        Gap(
            _others(old, range(box.old, box.old_end), left_old),
            _others(new, range(box.new, box.new_end), left_new),
        )
        for box in boxes
    )
    return Alignment(gaps, elsewhere.total())


def _anchors(box: _Box, old: Sequence[str], new: Sequence[str], *, once: bool) -> list[Pair]:
    """Matches in order: the equal beginning, the equal end, and the longest increasing run of those between."""
    old_at, new_at, old_end, new_end = box.old, box.new, box.old_end, box.new_end
    found: list[Pair] = []
    while old_at < old_end and new_at < new_end and old[old_at] == new[new_at]:
        found.append((old_at, new_at))
        old_at, new_at = old_at + 1, new_at + 1
    while old_at < old_end and new_at < new_end and old[old_end - 1] == new[new_end - 1]:
        old_end, new_end = old_end - 1, new_end - 1
        found.append((old_end, new_end))
    inner = _Box(old_at, old_end, new_at, new_end)
    return sorted(found + _borne_out(_longest_run(_matches(inner, old, new, once=once)), inner))


def _matches(box: _Box, old: Sequence[str], new: Sequence[str], *, once: bool) -> list[Pair]:
    """The first of a print with the first, the second with the second; with ``once`` only of prints that occur once."""
    places: dict[str, list[int]] = defaultdict(list)
    for at in range(box.new, box.new_end):
        places[new[at]].append(at)
    seen: Counter[str] = Counter()
    times = Counter(old[box.old : box.old_end]) if once else Counter()
    found = []
    for at in range(box.old, box.old_end):
        row = old[at]
        there = places.get(row, ())
        if seen[row] < len(there) and not (once and (times[row] > 1 or len(there) > 1)):
            found.append((at, there[seen[row]]))
            seen[row] += 1
    return found


def _longest_run(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest of the runs that increase on both sides; ``pairs`` increase on the old one."""
    ends: list[int] = []  # the smallest last position in the new file of a run of each length
    last: list[int] = []  # the index of the pair there
    before: list[int] = []
    for index, (_, at) in enumerate(pairs):
        length = bisect_left(ends, at)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        last[length : length + 1] = [index]
    run: list[Pair] = []
    index = last[-1] if last else -1
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def _borne_out(run: list[Pair], box: _Box) -> list[Pair]:
    """The matches that chance does not explain: the next one, or an end of the box, is shifted by as many rows."""
    if _by_chance(box.old_end - box.old, box.new_end - box.new) < _RARE:
        return run
    shifts = [box.new - box.old, *(new - old for old, new in run), box.new_end - box.old_end]
    return [pair for at, pair in enumerate(run, 1) if shifts[at] in (shifts[at - 1], shifts[at + 1])]


def _elsewhere(old: Sequence[str], new: Sequence[str]) -> Counter[str]:
    """The rows that both sides still have; none where chance gives as many."""
    found = Counter(old) & Counter(new)
    chance = _by_chance(len(old), len(new))
    return found if found.total() > chance + 3 * sqrt(chance) else Counter()


def _by_chance(old: int, new: int) -> float:
    """How many fingerprints so many different rows are expected to share."""
    return old * new / _PRINTS


def _others(rows: Sequence[str], places: range, left: Counter[str]) -> tuple[int, ...]:
    """The places whose rows do not stand elsewhere; takes those that do from ``left``."""
    found = []
    for at in places:
        if left[rows[at]] > 0:
            left[rows[at]] -= 1
        else:
            found.append(at)
    return tuple(found)
