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
_MOST_SLIPS = 2.0  # Beyond that a suggestion is worth reading, but not worth applying unseen.
_SHORT_PART = 3  # letters
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


def surely(name: str, candidates: Iterable[str]) -> str | None:
    """The one candidate that a name can only be a slip for, or None: what a machine may put in its place.

    It is the only near one, by at most two slips; or nearer than the next by a whole slip, in a name of five letters or
    more. Digits are never a slip: who writes ``run3`` beside ``run1`` and ``run2`` means something that is not there.
    Neither is a short part of a longer name: ``text_de`` is not ``text_en``, nor ``max_score`` ``min_score``.
    """
    near = closest(name, candidates, 2)
    if not near or _digits(near[0]) != _digits(name) or _other_part(name, near[0]):
        return None
    costs = [_cost(name, candidate) or 0.0 for candidate in near]
    alone = len(near) == 1 or (len(name) >= 5 and costs[0] <= 1 <= costs[1] - costs[0])
    return near[0] if alone and costs[0] <= _MOST_SLIPS else None


def _other_part(name: str, candidate: str) -> bool:
    """Whether two names of several parts differ in a part that is too short to be a slip of the other."""
    parts = name.casefold().split("_"), candidate.casefold().split("_")
    if len(parts[0]) != len(parts[1]) or len(parts[0]) < 2:
        return False
    differing = [pair for pair in zip(*parts, strict=True) if pair[0] != pair[1]]
    return any(max(map(len, pair)) <= _SHORT_PART and len(pair[0]) == len(pair[1]) for pair in differing)


def _digits(name: str) -> str:
    return "".join(char for char in name if char.isdecimal())


def _cost(name: str, candidate: str) -> float | None:
    """0 for the same name in another spelling, about 1 a slip or a shortening, None beyond the cutoff."""
    if len(candidate) > _LONGEST:
        return None
    typed, meant = _bare(name), _bare(candidate)
    if typed == meant:
        return 0.0
    # A single slip is believed from three letters on, more slips need more letters.
    most = max(1, max(len(typed), len(meant)) // 3)
    if min(len(typed), len(meant)) >= 3 and _may_be_within(most, typed, meant):
        distance = _distance(typed, meant)
        if distance <= most:
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


def _may_be_within(most: int, a: str, b: str) -> bool:
    """What most candidates fail, for a tenth of the cost: a slip changes the length by one, and two letters at most are
    in one name only because of it."""
    return abs(len(a) - len(b)) <= most and len(set(a) ^ set(b)) <= 2 * most


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
