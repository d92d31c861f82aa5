"""Where a text that is too long for its column begins, so that the place that matters is in sight.

Lists put what was expected beside what was said. Two long texts that begin alike look equal when both are cut at their
ends; so both are cut at their beginnings, before the first word that differs, or before the first character where its
word begins too far from there: Chinese has no blanks, an address neither. Pure.
"""

from __future__ import annotations

from rich.cells import cell_len

AFTER = 8  # cells that are to be seen of what comes at the place


def first_difference(one: str, other: str) -> int:
    """The beginning of the first word in which two texts differ, so far as the difference is among the cells that
    ``begin`` keeps in sight; else the difference itself; 0 for equal ones."""
    if one == other:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    place = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    start, most = place, AFTER - 1  # a cell may be the ellipsis of a text that is cut again
    while start and one[start - 1].isalnum():
        start -= 1
        if max(cell_len(text[start : place + 1]) for text in (one, other)) > most:
            return place
    return start


def begin(text: str, place: int, width: int) -> int:
    """The character at which a text begins in a column, after an ellipsis where that is not the first; ``place`` is
    the character that matters."""
    before = cell_len(text[:place])
    if not place or before + AFTER <= width or before + cell_len(text[place:]) <= width:
        return 0
    room = max(1, min(width // 3, width - AFTER))  # of what stands before it, the ellipsis with it
    start = place
    while start and cell_len(text[start - 1 : place]) < room:
        start -= 1
    return start
