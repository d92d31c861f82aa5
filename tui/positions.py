"""What is typed to go to a row of a list: its number, or a share of the way."""

from __future__ import annotations

MOST_DIGITS = 30  # of a position; Python takes no number of thousands


def place_of(text: str, total: int) -> int | None:
    """The position that ``12``, ``1,200`` or ``50%`` means in ``total`` rows; None for anything else."""
    given = text.strip().replace(",", "").replace("_", "")
    if len(given) > MOST_DIGITS:
        return None
    share = given.removesuffix("%").strip()
    if given.endswith("%") and share.replace(".", "", 1).isdecimal():
        return max(0, min(total - 1, round(float(share) / 100 * (total - 1))))
    return max(0, min(total - 1, int(given) - 1)) if given.isdecimal() else None
