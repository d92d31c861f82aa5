"""What a layout is: functions over the table of a part, and the files beside the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.exporting.rows import PLAIN_KEYS, PartTable, Pattern
from spec_lang.diagnostics import fatal

TRAINING, VALIDATION = "train", ("validation", "valid", "val", "dev", "eval")


@dataclass(frozen=True)
class Names:
    """What is exported, and what the folder is called."""

    export: str
    folder: str


@dataclass(frozen=True)
class Written:
    """A part as it was written: its file, relative to the folder, its conversations, rows by template and by task."""

    part: str
    file: str
    patterns: tuple[Pattern, ...]
    by_template: Mapping[str, int]
    by_task: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(pattern.rows for pattern in self.patterns)


def nothing_beside(names: Names, parts: Sequence[Written]) -> Mapping[str, str]:
    return {}


def anything_fits(table: PartTable) -> None:
    pass


@dataclass(frozen=True)
class Layout:
    """``file`` of a part's name, ``select`` over its view, ``check`` raises DiagnosticError SFT0924 for rows
    that the tool would not take, ``beside`` gives further files (name and text), ``usage`` how to load it."""

    name: str
    tool: str
    file: Callable[[str], str]
    form: Literal["json", "parquet"]
    select: Callable[[PartTable, bool], str]  # the flag: every conversation of every part has one answer, at its end
    usage: Callable[[Names, Sequence[Written]], str]
    check: Callable[[PartTable], None] = anything_fits
    beside: Callable[[Names, Sequence[Written]], Mapping[str, str]] = nothing_beside


def training_part(parts: Sequence[Written]) -> Written:
    """The part to train on: the one called train, or the first."""
    return next((part for part in parts if part.part == TRAINING), parts[0])


def validation_part(parts: Sequence[Written]) -> Written | None:
    return next((part for name in VALIDATION for part in parts if part.part == name), None)


def refuse(table: PartTable, tool: str, fits: Callable[[Pattern], bool], what: str) -> None:
    """Raise DiagnosticError SFT0924 for conversations that a tool skips or misreads; ``what`` says what it takes."""
    bad = [pattern for pattern in table.patterns if not fits(pattern)]
    if not bad:
        return
    rows = sum(pattern.rows for pattern in bad)
    roles = ", ".join(bad[0].roles[:6]) + (", …" if len(bad[0].roles) > 6 else "")
    more = bad[0].keys - PLAIN_KEYS
    keys = f" with {', '.join(sorted(more))}" if more else ""
    raise fatal(
        "SFT0924",
        f"{rows:,} of {table.rows:,} rows of `{table.part.name}` do not fit {tool}, which takes {what}; "
        f"{bad[0].rows:,} of them are: {roles}{keys}",
        "filter them out, or export with `--as jsonl`, which takes every conversation",
    )
