"""Rows in a new order, also where they do not fit into memory: in pieces that do, one after the other.

DuckDB sorts on disk too, but not whole conversations: with 600 MB it gave up on a gigabyte of them, and on half of
that behind a join. So a large sort is ours: one pass deals the rows out to stretches of places, each of which fits,
then each stretch is sorted, and the pieces are packed behind each other. Everything is written three times, packed
only the last time. As long as the rows take less than 60% of the memory it is a sort like any other.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from runtime.relational import Engine, file_literal, literal, memory_limit_mb, parquet, quoted

_FITS = 0.6  # of an engine's memory
_PIECE = 0.3  # of the memory: what a piece takes
_STRETCH = "__stretch"
_HELD = 2_048  # rows that a thread holds before it writes them to their stretches; ten times as many take twice as long
_UNPACKED = "FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE 20480"


def unpacked_bytes(db: Engine, files: Sequence[Path], columns: Sequence[str]) -> int:
    """What columns of Parquet files take in memory, about."""
    listed = ", ".join(file_literal(path) for path in files)
    sizes = "SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata"
    return int(db.value(f"{sizes}([{listed}]) WHERE path_in_schema IN (SELECT unnest(?))", [list(columns)]))


def copy_sorted(
    db: Engine,
    select: str,
    params: Sequence[object],
    columns: Sequence[str],
    rows: int,
    size: int,
    path: Path,
    *,
    memory: int | None = None,
) -> int:
    """Write what ``select`` gives to a Parquet file, in the order of its column ``ord``; the number of rows.

    ``ord`` counts the rows from 0 without a gap. ``columns`` are those to write, and ``size`` is what they take, in
    bytes. ``memory``, in bytes, is that of the engine unless told.
    """
    memory = memory_limit_mb() << 20 if memory is None else memory
    listed = ", ".join(map(quoted, columns))
    if size < memory * _FITS:
        return db.copy(f"SELECT {listed} FROM ({select}) ORDER BY ord", path, params)
    each = max(1, int(rows * memory * _PIECE / size))
    folder = path.parent / ".pieces"
    shutil.rmtree(folder, ignore_errors=True)  # a killed run may have left it
    # A join is built from its right side, which is the small one; the optimizer may take the conversations.
    db.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    db.execute(f"SET partitioned_write_flush_threshold = {_HELD}")
    try:
        some = f"SELECT {listed}, ord, ord // {each} AS {_STRETCH} FROM ({select})"
        db.execute(f"COPY ({some}) TO {literal(str(folder))} ({_UNPACKED}, PARTITION_BY ({_STRETCH}))", params)
        pieces = [folder / f"{first}.parquet" for first in range(-(-rows // each))]
        for number, piece in enumerate(pieces):
            loose = folder / f"{_STRETCH}={number}"
            some = f"SELECT {listed} FROM {parquet(*sorted(loose.iterdir()))} ORDER BY ord"
            db.execute(f"COPY ({some}) TO {literal(str(piece))} ({_UNPACKED}, USE_TMP_FILE false)")
            shutil.rmtree(loose)
        # One reader of all pieces: of a union each thread would take a part, and later ones be held until their turn.
        return db.copy(f"SELECT * FROM {parquet(*pieces)}", path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        db.execute("RESET partitioned_write_flush_threshold")
        db.execute("RESET disabled_optimizers")
