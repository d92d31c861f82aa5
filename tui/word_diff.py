"""Word-level differences between a reference text and another one.

Texts are cut into words, runs of blanks and single marks, and aligned with difflib's matcher. Its
cost grows with the product of the lengths, so texts of more than ``MOST`` pieces are compared up to
there and the rest is shown unmarked. Texts with little in common are not interleaved: nobody could
read that. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST = 1500
LEAST_ALIKE = 0.35
_PIECES = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that both have, that only the other one has (``extra``), that only the reference has (``missing``),
    or a whole text that has little in common with the reference (``unlike``)."""

    text: str
    kind: Literal["same", "extra", "missing", "unlike"]


def compare(reference: str, text: str) -> tuple[Piece, ...]:
    """``text`` as pieces against ``reference``; the pieces that are not ``missing`` spell ``text`` exactly."""
    if reference == text:
        return (Piece(text, "same"),) if text else ()
    wanted, given = _PIECES.findall(reference), _PIECES.findall(text)
    matcher = SequenceMatcher(None, wanted[:MOST], given[:MOST], autojunk=False)
    if reference and text and matcher.ratio() < LEAST_ALIKE:
        return (Piece(text, "unlike"),)
    pieces: list[Piece] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("".join(given[k:m]), "same"))
            continue
        if j > i:
            pieces.append(Piece("".join(wanted[i:j]), "missing"))
        if m > k:
            pieces.append(Piece("".join(given[k:m]), "extra"))
    rest = "".join(given[MOST:])
    return (*pieces, Piece(rest, "same")) if rest else tuple(pieces)
