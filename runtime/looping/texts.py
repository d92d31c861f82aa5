"""The texts of a round's rows, of earlier rounds' and of those that people wrote, and counts of what is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from compiler.loop_params import WrittenRows
from runtime.relational import PLACE, Engine, parquet, quoted

GENERATION = "__generation"


def texts_of(db: Engine, rows: WrittenRows, folder: Path) -> list[str]:
    """What counts as written in each row, its columns a line each, in the order of the file."""
    source = parquet(folder / "rows.parquet")
    values = " || chr(10) || ".join(f"coalesce({quoted(column)}::VARCHAR, '')" for column in rows.texts) or "''"
    where, params = ("", []) if rows.part is None else ("WHERE __split = ?", [rows.part])
    return [str(row[0]) for row in db.rows(f"SELECT {values} FROM {source} {where} ORDER BY {PLACE}", params)]


def all_texts(db: Engine, many: Sequence[WrittenRows], inputs: Mapping[str, Path]) -> list[str]:
    """The texts of several steps, one step after the other."""
    return [text for rows in many for text in texts_of(db, rows, inputs[rows.input])]


def generation_of(db: Engine, folder: Path) -> int:
    """The highest generation of a step's rows: that of a row of a source is 0."""
    source = parquet(folder / "rows.parquet")
    names = {row[0] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")}
    return int(db.value(f"SELECT coalesce(max({GENERATION}), 0) FROM {source}")) if GENERATION in names else 0


def trained_on(db: Engine, folder: Path, real: Sequence[str]) -> tuple[int, int]:
    """How many training rows no model wrote, and how many rows there are. ``real`` are parts of a mix; of a render step
    ``rows`` is all of it."""
    source = parquet(folder / "rows.parquet")
    names = {row[0] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")}
    part = "part" if "part" in names else "'rows'"
    counts = {row[0]: int(row[1]) for row in db.rows(f"SELECT {part} AS part, count(*) FROM {source} GROUP BY 1")}
    return sum(counts.get(name, 0) for name in real), sum(counts.values())
