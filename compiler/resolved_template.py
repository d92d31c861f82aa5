"""Templates as they are resolved: texts in pieces. What they name is looked up where they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from compiler.schema.template import FewShot, Options, Template
from spec_lang.source import Span

if TYPE_CHECKING:
    from compiler.resolved import Rows

Role = Literal["system", "user", "assistant"]


class Piece(Struct, frozen=True):
    """A piece of a template: literal text, the value of a column, what a block of the template makes (``made``), or a
    part that is there only when all its columns are filled."""

    text: str | None = None
    column: str | None = None
    made: str | None = None
    optional: tuple[Piece, ...] = ()


class ResolvedOptions(Struct, frozen=True, eq=False):
    """``line`` is one choice: pieces of text and of what is ``made``. Expressions are typed where rows are known."""

    block: Options
    line: tuple[Piece, ...]


class ResolvedFewShot(Struct, eq=False):
    """``pieces`` are None where examples are turns. ``rows`` are those that the block names: tasks name templates and
    templates name tasks, so they are put in when both are known. ``placeholders`` are columns of these rows."""

    block: FewShot
    pieces: tuple[Piece, ...] | None
    placeholders: tuple[tuple[str, Span], ...]
    rows: Rows | None = None


class ResolvedTemplate(Struct, frozen=True, eq=False):
    """``placeholders`` are the columns with the places where they stand; ``literals`` the texts between them.
    ``as_it_is``: no template, rows that are conversations already."""

    block: Template
    roles: Mapping[Role, tuple[Piece, ...]]
    placeholders: tuple[tuple[str, Span], ...]
    literals: tuple[tuple[str, Span], ...]
    options: ResolvedOptions | None = None
    few_shot: ResolvedFewShot | None = None
    as_it_is: bool = False

    @property
    def name(self) -> str:
        return self.block.name
