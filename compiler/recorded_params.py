"""What finding recorded answers is told: the rows of both sides and the columns that tell the item."""

from __future__ import annotations

from typing import ClassVar, Literal

from compiler.params_base import GrownParams, Params, Sql

BEHIND = "source "  # begins the roles of the steps that read the files behind the data


class RecordedScore(Params):
    name: str
    column: str


class Recorded(GrownParams):
    """How answers are made: elsewhere, and found by what they are about.

    ``part`` and ``answers_part`` are parts of splits, None for all rows. ``item`` is over columns that both sides
    have. ``labels`` are columns with what judges said of the answers. ``expected`` is a column of the data; None where
    the rendered rows say it, or nothing does. ``prompt`` is None where what was asked is not known. Scores stand in the
    order of their names."""

    ADDED: ClassVar[frozenset[str]] = frozenset({"labels"})

    method: Literal["recorded"] = "recorded"
    part: str | None
    answers_part: str | None
    item: tuple[Sql, ...]
    answer: str
    prompt: str | None
    expected: str | None
    scores: tuple[RecordedScore, ...]
    how: str | None = None  # the column with how answers were decoded, of logs that say it
    labels: tuple[str, ...] = ()
