"""What is asked of a long list: to which row to go, and for which text.

A row is named by its number, or by a share of the way.
"""

from __future__ import annotations

from collections.abc import Callable

from tui.formats import count
from tui.widgets.ask_line import Asked

MOST_DIGITS = 30  # of a position; Python takes no number of thousands


def asked_place(
    total: Callable[[], int], typed: Callable[[int | None], object], then: Callable[[int], object]
) -> Asked:
    """Where to go in as many rows as there are by then; ``typed`` gets the position that a text has come to, ``then``
    the one that is taken."""

    def live(text: str) -> str:
        typed(place_of(text, total()))
        return f"1 to {count(total())}, or 50%"

    def wrong(text: str) -> str | None:
        return None if place_of(text, total()) is not None else "a row's number, or a place such as 50%"

    def taken(text: str) -> None:
        if (position := place_of(text, total())) is not None:
            then(position)

    return Asked("go to", live(""), does="go there", live=live, wrong=wrong, then=taken)


def asked_text(now: str, then: Callable[[str], object]) -> Asked:
    """Which text rows should hold; ``now`` they hold this one."""

    def taken(text: str) -> None:
        then(text)

    return Asked("search", "rows with this text; empty for all", now, does="show them", then=taken)


def place_of(text: str, total: int) -> int | None:
    """The position that ``12``, ``1,200`` or ``50%`` means in ``total`` rows; None for anything else."""
    given = text.strip().replace(",", "").replace("_", "")
    if len(given) > MOST_DIGITS:
        return None
    share = given.removesuffix("%").strip()
    if given.endswith("%") and share.replace(".", "", 1).isdecimal():
        return max(0, min(total - 1, round(float(share) / 100 * (total - 1))))
    return max(0, min(total - 1, int(given) - 1)) if given.isdecimal() else None
