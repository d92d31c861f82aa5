"""Ingest: a source's files become typed rows, each with an id that its content gives it.

The id is a hash over the row's values under the spec's names, sorted, without missing values: the
same row has the same id in every file, at every line, and under every unrelated new column. Where
content repeats, the second row's id ends in ``-2``. Lines that cannot be read go to the ledger, and
conversations that are malformed. Rows that a sample leaves out are not taken, which is not dropped: they are counted in
the summary, and in nothing else. All of it is SQL; 200,000 rows take about three seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler.hashing import HASH_LENGTH
from compiler.own_columns import is_own
from compiler.step_params import Column, IngestParams
from runtime.column_types import text_or_json
from runtime.context import StepContext, StepResult
from runtime.file_hashes import content_hash
from runtime.logs import IDENTITY
from runtime.packed_files import text_bytes
from runtime.places import about
from runtime.relational import Engine, engine, literal, quoted
from runtime.row_files import EXAMPLES
from runtime.source_files import Format, unit_of
from runtime.source_rows import SourceColumn, find_columns, load_rows, pointer, pointers
from runtime.step_rows import publish_rows, write_ledger
from runtime.taken_rows import sampled_rows, shaped_rows
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible


def run(ctx: StepContext) -> StepResult:
    """Read the source. Raises DiagnosticError SFT0404, SFT0405, SFT0407-0410, SFT0415, SFT0416."""
    params = ctx.step.params
    assert isinstance(params, IngestParams)
    names: list[str] = list(ctx.step.local["paths"])
    with about("path"):
        files = [_unchanged(ctx, position, name) for position, name in enumerate(names)]
    with about("path"), engine(ctx.out, holds=text_bytes(files)) as db:
        load_rows(db, files, params.format, ctx.out)
        ctx.stop.check()
        columns = mapped(params.columns, find_columns(db, inner_places(params.columns)))
        _name_rows(db, columns, IDENTITY.get(params.format, ()))
        ctx.stop.check()
        kinds = {column.name: column.type for column in columns}
        more: dict[str, Any] = {}
        select, bound = _typed(columns, texts_as_json=params.layout is not None), [names]
        if params.layout is not None:  # every row is looked at again, so the columns are made only once
            db.execute(f"CREATE TABLE typed AS {select}", bound)
            db.execute("DROP TABLE named")
            db.execute("ALTER TABLE typed RENAME TO named")
            more |= shaped_rows(ctx, db, params.layout, columns)
            kinds = more.pop("columns")
            select, bound = "SELECT * FROM named", []
        if params.sample is not None:
            more |= sampled_rows(ctx, db, params.sample)
        listed = "".join(f", {quoted(name)}" for name in kinds)
        rows = db.copy(f"SELECT __row_id, __file, __line{listed} FROM ({select})", ctx.out / "rows.parquet", bound)
        if not rows:
            raise _nothing_readable(db, names, params.format)
        refused = write_ledger(db, ledger(params), ctx.out / "ledger.parquet", [names] * (1 + bool(params.layout)))
        db.copy(_examples(params), ctx.out / EXAMPLES, [names], kept=True)
        read: dict[int, int] = dict(db.rows("SELECT __at, count(*) FROM named GROUP BY __at"))
        unread: dict[int, int] = dict(db.rows("SELECT file, count(*) FROM unreadable GROUP BY file"))
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet"})
    counts = [[name, read.get(at, 0), unread.get(at, 0)] for at, name in enumerate(names)]
    summary = {
        "rows": rows,
        "unreadable": refused - more.get("malformed", 0),
        "columns": kinds,
        "files": counts,
        **more,
    }
    return StepResult(rows + refused, rows, refused, summary)


def mapped(mapping: Sequence[Column], found: Sequence[SourceColumn]) -> list[SourceColumn]:
    """The columns under their names in the spec. A mapped field gives up its own name; a mapped name hides a field
    that is called so. Raises DiagnosticError SFT0409 for names that clash.
    """
    by_place = {(column.field, column.path): column for column in found}
    taken = {column.field for column in mapping if not column.path} | {column.name for column in mapping}
    places = [(column.name, (column.field, column.path or ())) for column in mapping]
    result = [replace(by_place[place], name=name) for name, place in places if place in by_place]
    result += [column for column in found if not column.path and column.field not in taken]
    seen: dict[str, str] = {}
    for column in result:
        other = seen.setdefault(column.name.lower(), column.name)
        if other is not column.name or not column.name or is_own(column.name):
            raise _clash(column.name, other)
    return result


def inner_places(mapping: Sequence[Column]) -> list[tuple[str, ...]]:
    """Places inside fields that have a column, each once."""
    return list(dict.fromkeys((column.field, *column.path) for column in mapping if column.path))


def _clash(name: str, other: str) -> DiagnosticError:
    what = f"`{visible(name)}` is a name that the runtime uses itself" if name else "a field has an empty name"
    if other is not name:
        what = f"the columns `{visible(other)}` and `{visible(name)}` differ only in case"
    return fatal("SFT0409", what, "give it another name: `columns { other_name = field }`", about="columns")


def _name_rows(db: Engine, columns: Sequence[SourceColumn], identity: Sequence[str]) -> None:
    """Make ``named(__row_id, __at, __line, __content)`` of ``raw``, in source order; ids are unique in it. ``identity``
    are the fields that an id comes of, none for all.

    The row as it stands in the file is kept as ``__json`` only where a column is a place in a field.
    """
    whole = [column for column in columns if not column.path]  # the others are in what the field has
    content = _object((column.name, f"v[{at}]") for at, column in enumerate(whole, 1))
    told = [(column.field, f"v[{at}]") for at, column in enumerate(whole, 1) if column.field in identity]
    by = _object(told) if told else "NULL"
    cells = f"json_extract(json, {pointers([(column.field,) for column in whole])})" if whole else "NULL"
    json = ", json AS __json" if len(whole) < len(columns) else ""
    rows = f"SELECT file AS __at, line AS __line, {content} AS __content{json}, {by} AS __by FROM"
    db.execute(
        f"CREATE TABLE named AS SELECT left(sha256(coalesce(__by, __content)), {HASH_LENGTH}) AS __row_id, "
        f"* EXCLUDE (__by) FROM ({rows} (SELECT *, {cells} AS v FROM raw))"
    )
    db.execute("DROP TABLE raw")
    db.execute(
        "CREATE TABLE repeats AS SELECT place, __row_id || '-' || nth AS id FROM ("
        "SELECT place, __row_id, row_number() OVER (PARTITION BY __row_id ORDER BY place) AS nth "
        "FROM (SELECT rowid AS place, __row_id FROM named) "
        "SEMI JOIN (SELECT __row_id FROM named GROUP BY ALL HAVING count(*) > 1) USING (__row_id)) WHERE nth > 1"
    )
    db.execute("UPDATE named SET __row_id = repeats.id FROM repeats WHERE repeats.place = named.rowid")


def _object(cells: Iterable[tuple[str, str]]) -> str:
    """SQL for the JSON object of cells by their names, sorted, without missing values."""
    pieces = [
        f"CASE WHEN {cell}::VARCHAR <> 'null' THEN {literal(_key(name))} || {cell}::VARCHAR END"
        for name, cell in sorted(cells)
    ]
    return f"'{{' || concat_ws(',', {', '.join(pieces)}) || '}}'" if pieces else "'{}'"


def _typed(columns: Sequence[SourceColumn], *, texts_as_json: bool) -> str:
    """The rows of ``named`` in its order, with their typed columns. Takes the names of the files.

    In a column that holds lists or objects too a text is the text, as it is in every other column. What makes
    conversations has to tell `[1]` in quotes from a list, so there it keeps its quotes until they are made.
    """
    found: list[str] = []
    cells: dict[str, str] = {}
    for as_text, extract in ((True, "json_extract_string"), (False, "json_extract")):
        alike = [column for column in columns if (column.type in _SINGLE) is as_text]
        whole = [column.name for column in alike if not column.path]
        if whole:  # many values in one look
            cells |= {name: f"v{len(found)}[{at}]" for at, name in enumerate(whole, 1)}
            found.append(f"{extract}(__content, {pointers([(name,) for name in whole])}) AS v{len(found)}")
        for column in alike:
            if column.path:
                cells[column.name] = f"{extract}(__json, {literal(pointer(column.field, *column.path))})"
    typed = "".join(
        f", {_value(column, cells[column.name], texts_as_json)} AS {quoted(column.name)}" for column in columns
    )
    return (
        f"SELECT __row_id, __at, (?::VARCHAR[])[__at + 1] AS __file, __line, __content{typed} "
        f"FROM (SELECT {', '.join(['*', *found])} FROM named)"
    )


_SINGLE = ("text", "null", "number", "bool")  # a value of these can be read from its text, without its quotes


def _value(column: SourceColumn, cell: str, texts_as_json: bool) -> str:
    """The cell as its column's type; what has no such value is NULL."""
    if column.type in ("text", "null"):
        return cell
    if column.type == "number":
        return f"TRY_CAST({cell} AS {'BIGINT' if column.whole else 'DOUBLE'})"
    if column.type == "bool":
        return f"TRY_CAST({cell} AS BOOLEAN)"
    if texts_as_json or column.type == "list":
        return f"CASE WHEN json_type({cell}) <> 'NULL' THEN {cell}::VARCHAR END"
    return text_or_json(cell)


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) + ":"


def _unchanged(ctx: StepContext, position: int, name: str) -> Path:
    """The file, when it still is what the plan was made from."""
    path = ctx.spec_dir / name
    try:
        found = content_hash(path)
    except OSError as error:
        raise fatal(
            "SFT0408", f"`{name}` can no longer be read: {error.strerror}", "put it back and run again"
        ) from error
    if found != ctx.step.content[f"file:{position}"]:
        raise fatal("SFT0408", f"`{name}` was changed while the run was on", "run the command again")
    return path


def _nothing_readable(db: Engine, names: Sequence[str], format: Format) -> DiagnosticError:
    refused = db.rows("SELECT line, reason FROM unreadable ORDER BY file, line LIMIT 1")
    if not refused:
        return fatal("SFT0404", f"`{names[0]}` is empty", "a source has to hold at least one row")
    line, reason = refused[0]
    return fatal("SFT0405", f"no row of `{names[0]}` can be read; the first: {unit_of(format)} {line}: {reason}")


_UNREADABLE_ROWS = """
SELECT 'unreadable' AS rule, NULL::VARCHAR AS row_id, line, (?::VARCHAR[])[file + 1] AS file,
       NULL::VARCHAR AS value, NULL::VARCHAR AS survivor, reason AS detail
FROM unreadable ORDER BY unreadable.file, line"""

_MALFORMED_ROWS = """
SELECT rule, row_id, line, (?::VARCHAR[])[file + 1] AS file, turn::VARCHAR AS value, NULL::VARCHAR AS survivor, detail
FROM malformed ORDER BY malformed.file, line"""


def ledger(params: IngestParams) -> str:
    """The select of what is dropped; the names of the files are bound once a table."""
    if params.layout is None:
        return _UNREADABLE_ROWS
    return f"SELECT * FROM ({_UNREADABLE_ROWS}) UNION ALL SELECT * FROM ({_MALFORMED_ROWS})"


def _examples(params: IngestParams) -> str:
    """What the store shows of a row id: also of those that the ledger has. The names of the files are bound once."""
    rows = "SELECT __row_id, __at, __line, __content FROM named"
    if params.layout is not None:
        rows += " UNION ALL SELECT row_id, file, line, content FROM malformed"
    named = "SELECT __row_id AS row_id, (?::VARCHAR[])[__at + 1] AS file, __line AS line, __content AS content"
    return f"{named} FROM ({rows})"
