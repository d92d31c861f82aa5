"""The parts of the data view: what each is called, and which of them a run has anything for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Part(Struct, frozen=True):
    """``kinds`` are the kinds of steps that give it something to show; None where there always is."""

    name: str
    told: str
    kinds: frozenset[str] | None = None


PARTS = (
    Part("funnel", "what each rule dropped, and why"),
    Part("sources", "files, licences, origins, columns"),
    Part("mixtures", "what each task gives, wanted and as it is", frozenset({"mix"})),
    Part("duplicates", "rows that stand for others", frozenset({"filter"})),
    Part("overlap", "rows that give held-out items away", frozenset({"decontaminate"})),
    Part("thresholds", "move a limit and see what it would keep", frozenset({"filter", "score"})),
    Part("templates", "what the templates make of a row", frozenset({"render"})),
    Part("generated", "what models wrote, and what rejected it", frozenset({"generate"})),
    Part("judges", "what judges said, and how far people agree", frozenset({"judge", "calibrate", "review"})),
)
# Which part tells more about a step of a kind; the funnel about every other.
PART_OF_KIND = {
    "ingest": "sources",
    "mix": "mixtures",
    "decontaminate": "overlap",
    "score": "thresholds",
    "render": "templates",
    "generate": "generated",
    "judge": "judges",
    "calibrate": "judges",
    "review": "judges",
}


def parts_of(kinds: Iterable[str], here: str) -> tuple[str, ...]:
    """The parts for a run with steps of these kinds, in their order; the one that is on show is always among them."""
    there = frozenset(kinds)
    return tuple(part.name for part in PARTS if part.kinds is None or part.kinds & there or part.name == here)


def next_part(parts: tuple[str, ...], here: str, direction: int) -> str:
    return parts[(parts.index(here) + direction) % len(parts)]
