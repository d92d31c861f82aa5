"""Slices as they are resolved: what the items of an eval are grouped by."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from compiler.typed import Typed

# `tags`: by every item of a list, so that an item of the eval may be in several. `template` and `few_shot` group what
# was asked and not the rows: every item is in each of their slices, with its answers under some cells alone.
SliceBy: TypeAlias = Literal["value", "bins", "tags", "file", "template", "few_shot"]


class Bins(Struct, frozen=True):
    """The lower ends of all bins but the first, ascending; or how many bins there are, of as many items each."""

    ends: tuple[Decimal, ...] = ()
    count: int | None = None


class ResolvedSlice(Struct, frozen=True, eq=False):
    """``value`` is None where items are grouped by what is no value of a row."""

    by: SliceBy
    value: Typed | None = None
    bins: Bins | None = None
