"""Texts as they are compared, each once: normalised, with the rows that have them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.shingles import normalised

if TYPE_CHECKING:
    from runtime.shingles import Integers


@dataclass(frozen=True, slots=True)
class Forms:
    """``texts`` are the different normalised texts in the order of their first rows, ``first`` (int64, ascending).
    ``of_row`` has the position of each row's text, -1 for an empty or missing one."""

    texts: list[str]
    first: Integers
    of_row: Integers


def distinct_forms(texts: Iterable[str | None]) -> Forms:
    """The forms of the texts. Holds each different one once; a text costs about 2 us."""
    import numpy as np

    positions: dict[str, int] = {}
    first, of_row = array("q"), array("q")
    for row, text in enumerate(texts):
        form = normalised(text) if text is not None else ""
        if not form:
            of_row.append(-1)
            continue
        position = positions.setdefault(form, len(positions))
        if position == len(first):
            first.append(row)
        of_row.append(position)
    return Forms(list(positions), np.array(first, np.int64), np.array(of_row, np.int64))
