"""Where a text that is too long for its column begins, so that the place that matters is in sight.

Lists put what was expected beside what was said. Two long texts that begin alike look equal when both are cut at their
ends; so both are cut at their beginnings, before the first word that differs. Pure.
"""

from __future__ import annotations

from rich.cells import cell_len

AFTER = 8  # cells that are to be seen of what comes at the place


def first_difference(one: str, other: str) -> int:
    """The beginning of the first word in which two texts differ; 0 for equal ones."""
    if one == other:
        return 0
    pairs = enumerate(zip(one, other, strict=False))
    place = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    while place and one[place - 1].isalnum():
        place -= 1
    return place


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
