"""In which values of each slice an item is: one, or with tags any number. Computed in SQL, bins in numpy.

About 2 µs an item and slice, beside what the expression costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from compiler.step_params import Slice, Sql
from runtime.context import StepContext
from runtime.measuring.bins import binned
from runtime.measuring.slice_names import EMPTY, NO_VALUE
from runtime.preparing import with_prepared
from runtime.relational import Engine

# Slice -> item -> its values, at least one.
SliceValues: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]


def slice_values(sql: Engine, ctx: StepContext, slices: Sequence[Slice]) -> SliceValues:
    """The values of every item of the view ``items``, for every slice that is of items and not of cells. An item
    without a value, or with an empty one, gets a name that says so."""
    items = with_prepared(ctx, sql, "items", '"__row_id"', (piece.value for piece in slices))
    return {piece.name: _of_items(sql, piece, piece.value, items) for piece in slices if piece.value is not None}


def slice_rows(slices: SliceValues) -> Iterable[dict[str, Any]]:
    """Rows of ``item_slices``: one an item, slice and value."""
    return (
        {"row_id": row_id, "slice": name, "value": value}
        for name, of_items in slices.items()
        for row_id, values in of_items.items()
        for value in values
    )


def _of_items(sql: Engine, piece: Slice, value: Sql, items: str) -> dict[str, tuple[str, ...]]:
    if piece.bins is not None:
        rows = _select(sql, f"CAST(({value.sql}) AS DOUBLE)", value, items)
        names = binned([number for _, number in rows], piece.bins)
        return {row_id: (name,) for (row_id, _), name in zip(rows, names, strict=True)}
    if value.type == "list":
        found = _select(sql, f"json_extract_string(({value.sql}), '$[*]')", value, items)
        return {row_id: tuple(dict.fromkeys(map(_of_list, texts or (None,)))) for row_id, texts in found}
    return {row_id: (_named(text),) for row_id, text in _select(sql, f"CAST(({value.sql}) AS VARCHAR)", value, items)}


def _select(sql: Engine, expression: str, value: Sql, items: str) -> list[tuple[Any, ...]]:
    return sql.rows(f'SELECT "__row_id", {expression} FROM {items} ORDER BY "__row_id"', list(value.params))


def _of_list(text: str | None) -> str:
    """Without white space around it, as `tags` are read."""
    return _named(None if text is None else text.strip())


def _named(text: str | None) -> str:
    return NO_VALUE if text is None else text or EMPTY
