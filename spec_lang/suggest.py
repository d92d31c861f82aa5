"""Did you mean: the names that a misspelt one most likely stands for.

Optimal string alignment distance (insertions, deletions, substitutions, transpositions of
neighbours) over names without case and separators, plus two ways in which people shorten
names: a beginning (``temp`` for ``temperature``, part by part: ``max_len`` for ``max_length``)
and initials (``lr`` for ``learning_rate``). The cutoff is a third of the length: a wrong
suggestion costs more than none.
"""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 2  # A long list is a dump of the vocabulary and no help.
_LONGEST = 80  # Names beyond this are not typed by hand; the distance is quadratic.


def closest(name: str, candidates: Iterable[str], limit: int = 1) -> tuple[str, ...]:
    """At most ``min(limit, 2)`` candidates, nearest first; ties in alphabetical order. Empty when none is near."""
    if not name or len(name) > _LONGEST:
        return ()
    ranked = []
    for candidate in sorted({*candidates} - {name}):
        cost = _cost(name, candidate)
        if cost is not None:
            ranked.append((cost, candidate))
    ranked.sort()
    return tuple(candidate for _, candidate in ranked[: min(limit, _MOST)])


def _cost(name: str, candidate: str) -> float | None:
    """0 for the same name in another spelling, about 1 a slip or a shortening, None beyond the cutoff."""
    if len(candidate) > _LONGEST:
        return None
    typed, meant = _bare(name), _bare(candidate)
    if typed == meant:
        return 0.0
    distance = _distance(typed, meant)
    # A single slip is believed from three letters on, more slips need more letters.
    if min(len(typed), len(meant)) >= 3 and distance <= max(1, max(len(typed), len(meant)) // 3):
        return float(distance)
    return 1.5 if _shortened(name.casefold(), candidate.casefold()) else None


def _bare(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _shortened(name: str, candidate: str) -> bool:
    parts = candidate.split("_")
    if len(parts) > 1 and len(name) >= 2 and name == "".join(part[:1] for part in parts):
        return True
    typed = name.split("_")
    if len(typed) == len(parts) > 1:
        return all(part.startswith(short) and short for short, part in zip(typed, parts, strict=True))
    return len(name) >= 3 and candidate.startswith(name)


def _distance(a: str, b: str) -> int:
    """Optimal string alignment distance (Damerau 1964, restricted to one edit of a substring). O(len(a) len(b))."""
    before_last: list[int] = []
    last = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]
