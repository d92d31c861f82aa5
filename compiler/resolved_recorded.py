"""Recorded answers whose names are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from compiler.typed import Typed

if TYPE_CHECKING:
    from compiler.resolved import ResolvedSource, ResolvedTask, Rows


class RecordedAnswers(Struct, frozen=True, eq=False):
    """Rows with the answers of a model. ``item`` are values that tell the item, ``scores`` maps a score to its column;
    ``answer`` is None where it was reported, ``prompt`` and ``decode`` where what was asked, and how, is
    not known."""

    rows: Rows | ResolvedSource
    item: tuple[Typed, ...]
    answer: str | None
    prompt: str | None
    scores: Mapping[str, str]
    decode: str | None = None

    @property
    def task(self) -> ResolvedTask | None:
        from compiler.resolved import Rows

        return self.rows.task if isinstance(self.rows, Rows) else None

    @property
    def source(self) -> ResolvedSource | None:
        from compiler.resolved import Rows

        return self.rows.task.source if isinstance(self.rows, Rows) else self.rows
