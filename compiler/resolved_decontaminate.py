"""``decontaminate`` rules whose names are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from compiler.schema.fields import RuleEntry

if TYPE_CHECKING:
    from compiler.resolved import ResolvedSource, Rows


class HeldOut(Struct, frozen=True, eq=False):
    """What a name in ``against`` stands for. ``texts`` are the columns of an item's prompt; None where there is no
    template, and the columns count that the compared rows have, or, of conversations, the ``turns``."""

    name: str
    rows: Rows | ResolvedSource
    texts: tuple[str, ...] | None
    turns: bool = False


class Decontaminate(Struct, frozen=True, eq=False):
    """``decontaminate against [helpful]``. ``against`` is filled when all evals and tasks are known, because they name
    filters in their turn."""

    entry: RuleEntry
    against: list[HeldOut] = field(default_factory=list)

    @property
    def off(self) -> bool:
        return self.entry.expr is not None
