"""Types of values inside the fields of a source, over all its rows: for columns that are paths.

Asked only for the places that a spec names, and kept by the hashes of the files, as their other facts are. Small files
are read by Python, so that ``check`` needs no engine; others by the engine. Both take a step for a key of an object or,
where it is a number, for a position in a list.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compiler.hashing import hash_value
from compiler.world import ColumnType, Problem
from runtime.column_types import type_of, unified
from runtime.file_facts import by_python, read_by_python
from runtime.file_hashes import cache_folder, content_hash, read_json, write_json
from runtime.source_files import Format, find_files, format_of

Places = Sequence[tuple[str, ...]]
VERSION = 1


def read_inner_types(
    spec_dir: Path,
    path: str,
    places: tuple[tuple[str, ...], ...],
    cache: Path | None = None,
    *,
    log: str | None = None,
) -> tuple[ColumnType, ...]:
    """The type of each place; all ``null`` where the source cannot be read, which its facts have told already."""
    files = find_files(spec_dir, path)
    format = files if isinstance(files, Problem) else format_of(spec_dir, files, log)
    if isinstance(files, Problem) or isinstance(format, Problem):
        return ("null",) * len(places)
    folder = cache or cache_folder()
    hashes = [content_hash(spec_dir / name, folder) for name in files]
    digest = hash_value([hashes, [list(place) for place in places], *([log] if log else [])])
    memory = folder / "facts" / f"{digest}-inner-{VERSION}.json"
    known = read_json(memory).get("types")
    if not isinstance(known, list) or len(known) != len(places):
        found = [_of_file(spec_dir / name, format, places) for name in files]
        known = [unified(types[index] for types in found) for index in range(len(places))]
        write_json(memory, {"types": known})
    return tuple(known)


def _of_file(path: Path, format: Format, places: Places) -> list[ColumnType]:
    return _by_python(path, format, places) if by_python(path, format) else _by_engine(path, format, places)


def _by_python(path: Path, format: Format, places: Places) -> list[ColumnType]:
    seen: list[set[ColumnType]] = [set() for _ in places]
    for _, row in read_by_python(path, format):
        if not isinstance(row, str):
            for types, place in zip(seen, places, strict=True):
                types.add(type_of(_at(row, place)))
    return [unified(types) for types in seen]


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _by_engine(path: Path, format: Format, places: Places) -> list[ColumnType]:
    from runtime.packed_files import text_bytes
    from runtime.relational import engine
    from runtime.source_rows import find_columns, load_rows

    with (
        tempfile.TemporaryDirectory(prefix="sft-facts-") as scratch,
        engine(Path(scratch), holds=text_bytes([path])) as db,
    ):
        load_rows(db, [path], format, Path(scratch))
        types = {(column.field, *column.path): column.type for column in find_columns(db, places)}
    return [types[place] for place in places]
