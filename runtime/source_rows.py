"""The rows of source files as one relational table, whatever format they come in.

Every row becomes one JSON object in the table ``raw(file, line, json)``, in source order, and what
cannot be read goes to ``unreadable(file, line, reason)``. DuckDB reads JSONL, JSON and Parquet, in
parallel and out of core (400,000 short rows in 0.3 s); Python looks only at lines that DuckDB could
not read or reads too leniently (it takes NaN and trailing commas). CSV goes through Python's reader, for
exact line numbers and reasons (about 300,000 rows a second), and logs.

``line`` is the line in the file, from 1; in a JSON list, a Parquet file or a log the number of the row.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.world import ColumnType
from runtime.column_types import MOST_FIELDS, too_many_fields, unified
from runtime.csv_rows import csv_rows
from runtime.json_lines import BOM, DEEPEST, lines_at, numbered_lines, row_of, scan_lines
from runtime.json_lists import is_small, list_items
from runtime.logs import LOG_FORMATS, log_rows
from runtime.packed_files import broken_archive, last_bytes, open_bytes, unpacked_name
from runtime.relational import Engine, as_finding, file_literal, literal, memory_limit_mb, parquet, quoted
from runtime.source_files import Format
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import one_line

# What DuckDB's JSON reader takes and JSON does not allow, and numbers that may not fit a float. Fast, by one sign each.
_NUMBER = r"-?(?i:nan|inf|[\d.]{200}|[\d.]+e\+?\d{3})"
_DOUBTFUL = (rf":\s*{_NUMBER}", rf"\[\s*{_NUMBER}", rf",\s*(?:{_NUMBER}|[\]}}])")
_IS_DOUBTFUL = " OR ".join("regexp_matches(json, ?)" for _ in _DOUBTFUL)
# Opening brackets; `translate` would take ten times as long.
_BRACKETS = "2 * strlen(json) - strlen(replace(json::VARCHAR, '[', '')) - strlen(replace(json::VARCHAR, '{', ''))"
_TYPES: dict[str, ColumnType] = {
    "VARCHAR": "text",
    "BIGINT": "number",
    "UBIGINT": "number",
    "DOUBLE": "number",
    "HUGEINT": "number",
    "BOOLEAN": "bool",
    "ARRAY": "list",
    "OBJECT": "json",
}


@dataclass(frozen=True)
class SourceColumn:
    """A field over all rows; ``whole`` when every value is a 64-bit integer.

    ``name`` is what the column is called in the spec; ``path`` leads to a value inside of the field. ``kinds`` are the
    types of all its values, without missing ones.
    """

    field: str
    name: str
    type: ColumnType
    whole: bool = False
    path: tuple[str, ...] = ()
    kinds: tuple[ColumnType, ...] = ()


def load_rows(engine: Engine, files: Sequence[Path], format: Format, scratch: Path) -> None:
    """Fill ``raw`` and ``unreadable``. Raises DiagnosticError SFT0407 for a file that cannot be read as a whole."""
    engine.execute("CREATE TABLE raw (file INTEGER, line BIGINT, json JSON)")
    engine.execute("CREATE TABLE unreadable (file INTEGER, line BIGINT, reason VARCHAR)")
    reading = scratch / ".reading"
    shutil.rmtree(reading, ignore_errors=True)  # a killed run may have left it
    reading.mkdir(parents=True)
    try:
        for index, path in enumerate(files):
            if path.stat().st_size:
                _load_file(engine, index, path, format, reading)
    finally:
        shutil.rmtree(reading, ignore_errors=True)


def _load_file(engine: Engine, index: int, path: Path, format: Format, scratch: Path) -> None:
    try:
        with as_finding(lambda why: _broken(path, why)):
            if format in ("csv", "tsv", *LOG_FORMATS):
                rows = log_rows(path, format) if format in LOG_FORMATS else csv_rows(path)
                _load_rewritten(engine, index, rows, scratch)
            elif format == "parquet":
                _load_parquet(engine, index, path)
            elif format == "jsonl":
                _load_jsonl(engine, index, path, scratch)
            else:
                _load_list(engine, index, path, scratch)
    except UnicodeDecodeError as error:
        raise _broken(path, "not UTF-8") from error
    except broken_archive() as error:
        raise _broken(path, str(error)) from error


def find_columns(
    engine: Engine, inside: Sequence[tuple[str, ...]] = (), *, integers: bool = True
) -> list[SourceColumn]:
    """The fields of all rows in order of first appearance, with their types.

    ``inside`` are places in fields, by field and path, which follow them. Rows of one shape are taken together, so two
    looks at every row are enough, however many fields there are; to tell which columns are ``whole`` takes a third,
    which ``integers`` asks for. Raises DiagnosticError SFT0410 for too many fields.
    """
    fields = [
        row[0]
        for row in engine.rows(
            "SELECT k FROM (SELECT place, unnest(keys) AS k, generate_subscripts(keys, 1) AS i FROM "
            "(SELECT json_keys(json) AS keys, min(rowid) AS place FROM raw GROUP BY 1)) "
            "GROUP BY k ORDER BY min([place, i]), k LIMIT ?",
            [MOST_FIELDS + 1],
        )
    ]
    if len(fields) > MOST_FIELDS:
        raise too_many_fields()
    places = [(field,) for field in fields] + list(inside)
    if not places:
        return []
    seen: list[set[str | None]] = [set() for _ in places]
    for (kinds,) in engine.rows(f"SELECT DISTINCT json_type(json, {pointers(places)}) FROM raw"):
        for names, kind in zip(seen, kinds or (), strict=False):
            names.add(kind)
    kinds = [sorted({_TYPES[name] for name in names if name is not None and name != "NULL"}) for names in seen]
    numbers = [place for place, names in zip(places, seen, strict=True) if not names - _INTEGERS]
    whole = _whole(engine, numbers if integers else [])
    return [
        SourceColumn(
            place[0], place[0], unified(types), place in whole and types == ["number"], place[1:], tuple(types)
        )
        for place, types in zip(places, kinds, strict=True)
    ]


_INTEGERS = {"BIGINT", "UBIGINT", "NULL", None}
_IS_WHOLE = "bool_and(json_type(v[{0}]) = 'NULL' OR TRY_CAST(v[{0}] AS BIGINT) IS NOT NULL)"
_AT_ONCE = 64  # places in one look: DuckDB's work on a query grows with their square, 40 s of 1,500


def _whole(engine: Engine, places: Sequence[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those of the places that hold integers of 64 bits, of places that hold integers."""
    whole: list[bool] = []
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        checks = ", ".join(_IS_WHOLE.format(at) for at in range(1, len(some) + 1))
        whole += engine.rows(f"SELECT {checks} FROM (SELECT json_extract(json, {pointers(some)}) AS v FROM raw)")[0]
    return {place for place, is_whole in zip(places, whole, strict=True) if is_whole}


def pointers(places: Sequence[tuple[str, ...]]) -> str:
    """Places as a list of JSON pointers, for the functions of DuckDB that find many in one look."""
    return "[" + ", ".join(literal(pointer(*place)) for place in places) + "]"


def pointer(*place: str) -> str:
    """The JSON pointer (RFC 6901) of a field, or of a place in it."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in place)


def _load_parquet(engine: Engine, index: int, path: Path) -> None:
    """JSON has no NaN and no Infinity: in a column they are no value."""
    kinds = [(name, kind) for name, kind, *_ in engine.rows(f"DESCRIBE SELECT * FROM {parquet(path)}")]
    floats = [quoted(name) for name, kind in kinds if kind in ("FLOAT", "DOUBLE")]
    finite = ", ".join(f"CASE WHEN isfinite({name}) THEN {name} END AS {name}" for name in floats)
    columns = f"* REPLACE ({finite})" if floats else "*"
    row = "_" * (1 + max(len(name) for name, _ in kinds))  # longer than the name of any column, so none hides it
    engine.execute(
        f"INSERT INTO raw SELECT ?, row_number() OVER (), to_json({row}) "
        f"FROM (SELECT {columns} FROM {parquet(path)}) AS {row}",
        [index],
    )
    if any(kind not in ("FLOAT", "DOUBLE") and ("FLOAT" in kind or "DOUBLE" in kind) for _, kind in kinds):
        odd = engine.rows(f"SELECT line, json FROM raw WHERE file = ? AND ({_IS_DOUBTFUL})", [index, *_DOUBTFUL])
        mended = [json.dumps(json.loads(text, parse_constant=lambda name: None)) for _, text in odd]
        _replace(engine, index, [line for line, _ in odd], mended)


def _load_jsonl(engine: Engine, index: int, path: Path, scratch: Path) -> None:
    scan = scan_lines(path)
    read = _without_bom(path, scratch) if scan.has_bom else path
    size = max(16 << 20, scan.longest + 1024)
    # Rows are numbered once they lie in the table, in their order: a window over what is read would read on one thread.
    engine.execute(
        f"INSERT INTO raw SELECT ?, NULL, json FROM read_json_objects({file_literal(read)}, "
        f"format = 'newline_delimited', ignore_errors = true, maximum_object_size = {size})",
        [index],
    )
    number = f"rowid - (SELECT min(rowid) FROM raw WHERE file = {index}) + 1"
    engine.execute(f"UPDATE raw SET line = {number} WHERE file = ?", [index])
    if scan.blank:
        first = [line - count + 1 for count, line in enumerate(scan.blank, 1)]
        engine.execute(
            "CREATE OR REPLACE TABLE blank AS SELECT unnest(?) AS first, unnest(?) AS skipped",
            [first, list(range(1, len(first) + 1))],
        )
        engine.execute(
            "CREATE OR REPLACE TABLE blank AS SELECT first, max(skipped) AS skipped FROM blank GROUP BY first"
        )
        engine.execute(
            "UPDATE raw SET line = line + skipped FROM (SELECT r.rowid AS place, skipped FROM raw AS r "
            "ASOF JOIN blank ON r.line >= blank.first WHERE r.file = $1) AS moved "
            "WHERE raw.file = $1 AND raw.rowid = moved.place",
            [index],
        )
    if engine.value("SELECT count(*) FROM raw WHERE file = ?", [index]) != scan.filled:
        # The two ideas of a line differ (an unbroken quote over a line end): take the slow, exact road.
        engine.execute("DELETE FROM raw WHERE file = ?", [index])
        _load_rewritten(engine, index, ((number, row_of(line)) for number, line in numbered_lines(path)), scratch)
        return
    _judge_doubtful(engine, index, path)


def _load_list(engine: Engine, index: int, path: Path, scratch: Path) -> None:
    if is_small(path):
        _load_rewritten(engine, index, list_items(path), scratch)
        return
    with open_bytes(path) as handle:
        read = _without_bom(path, scratch) if handle.read(3) == BOM else path
    end, size = last_bytes(path)
    if not end.rstrip().endswith(b"]"):  # DuckDB takes a list that breaks off between two elements
        raise _broken(path, "the list does not end with `]`")
    size = min(max(16 << 20, size), memory_limit_mb() << 18)  # of an element; DuckDB sets aside twice as much
    engine.execute(
        f"INSERT INTO raw SELECT ?, row_number() OVER (), json FROM read_json_objects({file_literal(read)}, "
        f"format = 'array', maximum_object_size = {size})",
        [index],
    )
    _judge_doubtful(engine, index, None)


def _judge_doubtful(engine: Engine, index: int, path: Path | None) -> None:
    """Look closely at what DuckDB could not read, or reads more leniently than JSON is defined."""
    doubtful = engine.rows(
        "SELECT line, json FROM raw WHERE file = ? AND "
        f"(json IS NULL OR json_type(json) <> 'OBJECT' OR {_IS_DOUBTFUL} OR {_BRACKETS} > ?) ORDER BY line",
        [index, *_DOUBTFUL, DEEPEST],
    )
    missed = {line for line, text in doubtful if text is None}
    judged = {line: row_of(text.encode("utf-8")) for line, text in doubtful if text is not None}
    if path is not None:  # the line as it stands in the file, for the column in the reason
        closer = missed | {line for line, found in judged.items() if isinstance(found, str)}
        judged.update((line, row_of(text)) for line, text in lines_at(path, closer))
    refused = [(line, found) for line, found in sorted(judged.items()) if isinstance(found, str)]
    _note_unreadable(engine, index, refused)
    lines = [line for line, _ in refused]
    engine.execute("DELETE FROM raw WHERE file = ? AND line IN (SELECT unnest(?::BIGINT[]))", [index, lines])
    after_all = sorted(line for line in missed if not isinstance(judged[line], str))
    _replace(engine, index, after_all, [json.dumps(judged[line]) for line in after_all])


def _replace(engine: Engine, index: int, lines: Sequence[int], texts: Sequence[str]) -> None:
    """Put other JSON in the place of some rows."""
    if lines:
        engine.execute(
            "UPDATE raw SET json = mended.json FROM (SELECT unnest(?::BIGINT[]) AS line, unnest(?::VARCHAR[]) AS json) "
            "AS mended WHERE raw.file = ? AND raw.line = mended.line",
            [list(lines), list(texts), index],
        )


def _load_rewritten(
    engine: Engine, index: int, rows: Iterable[tuple[int, dict[str, Any] | str]], scratch: Path
) -> None:
    """Rows that Python had to read, through a clean JSONL file."""
    clean = scratch / "rewritten.jsonl"
    refused: list[tuple[int, str]] = []
    with clean.open("w", encoding="utf-8") as handle:
        for line, row in rows:
            if isinstance(row, str):
                refused.append((line, row))
            else:
                handle.write(json.dumps({"line": line, "row": row}, ensure_ascii=False) + "\n")
    _note_unreadable(engine, index, refused)
    engine.execute(
        f"INSERT INTO raw SELECT ?, json_extract(json, '/line')::BIGINT, json_extract(json, '/row') "
        f"FROM read_json_objects({file_literal(clean)}, format = 'newline_delimited', maximum_object_size = {1 << 28})",
        [index],
    )
    clean.unlink()


def _note_unreadable(engine: Engine, index: int, refused: Sequence[tuple[int, str]]) -> None:
    engine.append("unreadable", [(index, line, reason) for line, reason in refused])


def _without_bom(path: Path, scratch: Path) -> Path:
    copy = scratch / f"plain{Path(unpacked_name(path.name)).suffix}"
    with open_bytes(path) as source, copy.open("wb") as target:
        source.read(len(BOM))
        shutil.copyfileobj(source, target, 1 << 20)
    return copy


def _broken(path: Path, why: str) -> DiagnosticError:
    return fatal(
        "SFT0407", f"`{path.name}` cannot be read: {one_line(why, 240)}", "open it in an editor and mend it there"
    )
