"""Rows of ``agreement``: the figures of all items, and of every slice with enough of them; small ones are pooled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from compiler.step_params import Slice
from runtime.agreement.figures import LEVEL, Figure
from runtime.context import StepContext
from runtime.measuring.cells import ALL
from runtime.measuring.slice_values import SliceValues, slice_values
from runtime.measuring.slices import parts
from runtime.relational import Engine, literal

_COLUMNS = {
    **dict.fromkeys(("slice", "slice_value", "statistic", "which"), "VARCHAR"),
    **dict.fromkeys(("n", "missing"), "BIGINT"),
    **dict.fromkeys(("estimate", "low", "high", "level"), "DOUBLE"),
    **dict.fromkeys(("unit", "method"), "VARCHAR"),
}
Mask = npt.NDArray[np.bool_]


def sliced(ctx: StepContext, db: Engine, slices: Sequence[Slice], rows: str) -> SliceValues:
    """The slices of each row; ``rows`` is a table with its columns, of which ``__row_id`` tells rows apart."""
    db.execute(f"CREATE OR REPLACE VIEW items AS SELECT * FROM {rows}")
    return slice_values(db, ctx, slices)


def figure_rows(
    values: SliceValues, row_ids: Sequence[str], figures: Callable[[Mask], Iterable[Figure]]
) -> Iterator[dict[str, Any]]:
    """``figures`` gives those of some of the rows, which stand in the order of ``row_ids``."""
    yield from _rows(ALL, ALL, figures(np.ones(len(row_ids), dtype=bool)))
    for name, of_rows in values.items():
        for part in parts([of_rows[row_id] for row_id in row_ids]):
            yield from _rows(name, part.value, figures(part.mask))


def _rows(name: str, value: str, figures: Iterable[Figure]) -> Iterator[dict[str, Any]]:
    for figure in figures:
        yield {"slice": name, "slice_value": value, **asdict(figure), "level": LEVEL}


def write_figures(db: Engine, rows: Iterable[dict[str, Any]], target: Path) -> None:
    """To a Parquet file, in their order."""
    lines = target.with_suffix(".jsonl")
    with lines.open("w", encoding="utf-8") as handle:
        handle.writelines(json.dumps(row) + "\n" for row in rows)
    types = ", ".join(f"'{column}': '{kind}'" for column, kind in _COLUMNS.items())
    reader = f"read_json({literal(str(lines))}, format = 'newline_delimited', columns = {{{types}}})"
    db.copy(f"SELECT * FROM {reader}", target)
    lines.unlink()
