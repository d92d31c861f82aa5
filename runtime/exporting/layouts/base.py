"""What a layout is: functions over the table of a part, and the files beside the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.exporting.rows import PartTable, Pattern

TRAINING, VALIDATION = "train", ("validation", "valid", "val", "dev", "eval")


@dataclass(frozen=True)
class Names:
    """What is exported, and what the folder is called."""

    export: str
    folder: str


@dataclass(frozen=True)
class Written:
    """A part as it was written: its file, relative to the folder, its conversations, rows by template."""

    part: str
    file: str
    patterns: tuple[Pattern, ...]
    by_template: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(pattern.rows for pattern in self.patterns)


def nothing_beside(names: Names, parts: Sequence[Written]) -> Mapping[str, str]:
    return {}


def anything_fits(pattern: Pattern) -> bool:
    return True


@dataclass(frozen=True)
class Layout:
    """``file`` of a part's name, ``select`` over its view, ``usage`` how to load it. ``fits`` says which conversations
    the tool takes and neither skips nor misreads, ``takes`` the same in words; ``beside`` gives further files (name and
    text)."""

    name: str
    tool: str
    file: Callable[[str], str]
    form: Literal["json", "parquet"]
    select: Callable[[PartTable, bool], str]  # the flag: every conversation of every part has one answer, at its end
    usage: Callable[[Names, Sequence[Written]], str]
    fits: Callable[[Pattern], bool] = anything_fits
    takes: str = "every conversation"
    beside: Callable[[Names, Sequence[Written]], Mapping[str, str]] = nothing_beside


def training_part(parts: Sequence[Written]) -> Written:
    """The part to train on: the one called train, or the largest."""
    return next((part for part in parts if part.part == TRAINING), max(parts, key=lambda part: part.rows))


def validation_part(parts: Sequence[Written]) -> Written | None:
    return next((part for name in VALIDATION for part in parts if part.part == name), None)
