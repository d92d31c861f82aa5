"""Decontaminate: rows that are to be trained on, without those that give held-out items away.

The measure is in ``overlap``. Texts stream out of the engine a block at a time, so memory holds the held-out items
and one block of rows, whatever the number of rows, beside what the engine reads and writes. 100,000 rows of 100 words
against 5,000 items take about eight seconds of processor, half of it for the comparison. A row goes to the first set of
which it covers some item; the ledger has the matched text, ``overlap_rows`` every set that a row overlaps with,
``overlap_items`` every item with the row that comes closest, also where nothing was dropped.

Reads the columns of a task's rows, or the turns of conversations and of rendered rows: whatever is made for training
can be put through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from compiler.step_params import DecontaminateParams, HeldOutRows
from runtime.context import StepContext, StepResult
from runtime.overlap import HeldOut, ItemSet
from runtime.relational import PLACE, Engine, engine, literal, parquet, quoted
from runtime.step_rows import empty_part, marked, publish_rows, write_ledger
from runtime.word_runs import Block
from spec_lang.diagnostics import DiagnosticError, fatal

LONGEST_MATCH = 500  # characters of a matched text that the store keeps
_BLOCK = 1 << 20  # characters of the rows that are looked at together
_FETCH = 512  # rows a call to the engine


def run(ctx: StepContext) -> StepResult:
    """Drop what overlaps. Raises DiagnosticError SFT0413 (the part is empty), SFT0420 (no row is left)."""
    params = ctx.step.params
    assert isinstance(params, DecontaminateParams)
    with engine(ctx.out) as db:
        _view_rows(db, parquet(ctx.inputs["rows"] / "rows.parquet"), params)
        rows_in = db.value("SELECT count(*) FROM rows")
        if not rows_in and not ctx.of_round:
            raise empty_part(params.part, ctx.step.name)
        sets = [_Items.read(db, parquet(ctx.inputs[held.input] / "rows.parquet"), held) for held in params.against]
        index = HeldOut(
            [
                ItemSet(items.fields, held.ngram, Fraction(held.coverage))
                for items, held in zip(sets, params.against, strict=True)
            ]
        )
        _search(ctx, db, index, rows_in)
        places = db.value("SELECT coalesce(max(__ord), 0) + 1 FROM rows")
        kept = db.copy(
            "SELECT * EXCLUDE (__ord, __id, __at, __of, __fields) FROM rows "
            f"WHERE NOT {marked(db, 'found', 'found', places)}",
            ctx.out / "rows.parquet",
        )
        files = _write_reports(db, ctx.out, index, sets)
        counts: dict[str, int] = dict(db.rows("SELECT against, count(*) FROM dropped GROUP BY 1 ORDER BY 1"))
        reports = [_told(db, at) for at in range(len(sets))]
    publish_rows(ctx, files)
    if not kept and not ctx.of_round:
        raise _nothing_left(ctx, rows_in, counts)
    _warn(ctx, reports)
    parts = {} if params.part is None else {"parts": {params.part: kept}}
    by_rule = {str(at): count for at, count in counts.items()}
    return StepResult(rows_in, kept, rows_in - kept, {"dropped_by_rule": by_rule, "against": reports, **parts})


def _view_rows(db: Engine, source: str, params: DecontaminateParams) -> None:
    """``rows``: those of the part, with their place in the file, their id and their texts."""
    where = "" if params.part is None else f" WHERE __split = {literal(params.part)}"  # a view takes no parameters
    row = _row_id(db, source)
    line, file = ("__line", "__file") if row == "__row_id" else ("NULL", "NULL")
    db.execute(
        f"CREATE VIEW rows AS SELECT *, {PLACE} AS __ord, {row} AS __id, {line}::BIGINT AS __at, "
        f"{file}::VARCHAR AS __of, {_fields(params.texts)} AS __fields FROM {source}{where}"
    )


def _row_id(db: Engine, source: str) -> str:
    """What the id of a row is called: rendered rows have no place in a file."""
    names = {row[0] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")}
    return "__row_id" if "__row_id" in names else "row_id"


@dataclass(frozen=True)
class _Items:
    """The items of one held-out set: their ids and their texts."""

    ids: list[str]
    fields: list[list[str]]

    @classmethod
    def read(cls, db: Engine, source: str, held: HeldOutRows) -> _Items:
        where, values = ("", []) if held.part is None else ("WHERE __split = ?", [held.part])
        rows = db.rows(
            f"SELECT {_row_id(db, source)}, {_fields(held.texts, prompt=True)} FROM {source} {where} ORDER BY {PLACE}",
            values,
        )
        return cls([row[0] for row in rows], [row[1] for row in rows])


def _fields(columns: tuple[str, ...] | None, *, prompt: bool = False) -> str:
    """SQL for the texts of a row, as a list: columns, or the turns of a conversation, of a prompt those before the last
    answer."""
    if columns is not None:
        values = [f"coalesce({quoted(column)}::VARCHAR, '')" for column in columns]
        return f"[{', '.join(values)}]::VARCHAR[]"
    # What a system is told, and of which tools, is the same in many rows and gives no item away.
    turns = (
        "list_transform(list_filter(json_extract(messages, '$[*]'), "
        "lambda turn: turn ->> '$.role' NOT IN ('system', 'tools')), "
        "lambda turn: concat_ws(' ', turn ->> '$.content', turn ->> '$.tool_calls'))"
    )
    if not prompt:
        return turns
    answered = "json_extract_string(messages, '$[#-1].role') = 'assistant'"
    return f"CASE WHEN {answered} THEN ({turns})[:-2] ELSE {turns} END"


def _search(ctx: StepContext, db: Engine, index: HeldOut, rows_in: int) -> None:
    """Fill ``found(ord, item, covered, matched)``: once a row and set that it overlaps with."""
    import numpy as np

    db.execute("CREATE TABLE found (ord BIGINT, item BIGINT, covered BIGINT, matched VARCHAR)")
    done = 0
    for numbers, texts in _blocks(db):
        ctx.stop.check()
        covered = index.look_up(Block(texts), np.asarray(numbers, np.int64))
        if len(covered.rows):
            matched = _quotes(index, covered.items, covered.first, covered.stretch)
            columns = (
                np.asarray(numbers)[covered.rows].tolist(),
                covered.items.tolist(),
                covered.words.tolist(),
                matched,
            )
            db.execute(f"INSERT INTO found SELECT {_UNNESTED}", columns)
        done += len(numbers)
        ctx.progress(done, rows_in, "rows")


def _blocks(db: Engine) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Places and texts of the rows, in the order of the file, as many at a time as make up a block."""
    numbers: list[int] = []
    texts: list[list[str]] = []
    size = 0
    for fetched in db.batches("SELECT __ord, __fields FROM rows", [], _FETCH):
        for number, fields in fetched:
            numbers.append(number)
            texts.append(fields)
            size += sum(map(len, fields))
            if size >= _BLOCK:
                yield numbers, texts
                numbers, texts, size = [], [], 0
    if numbers:
        yield numbers, texts


def _write_reports(db: Engine, out: Path, index: HeldOut, sets: list[_Items]) -> dict[str, Path]:
    """Fill ``dropped`` and write the rows for the store: files by table."""
    _load_items(db, index, sets)
    db.execute(_DROPPED)
    tables = {"ledger": _LEDGER, "overlap_rows": _OVERLAP_ROWS, "overlap_items": _OVERLAP_ITEMS}
    files = {table: out / f"{table}.parquet" for table in tables}
    write_ledger(db, tables.pop("ledger"), files["ledger"])
    for table, select in tables.items():
        db.copy(select, files[table])
    return files


def _load_items(db: Engine, index: HeldOut, sets: list[_Items]) -> None:
    """``items``: all items by number, with the row that comes closest to each."""
    closest = index.closest
    matched = _quotes(index, range(len(closest.row)), closest.first, closest.stretch)
    columns: dict[str, tuple[str, list[Any]]] = {
        "item": ("BIGINT", list(range(len(matched)))),
        "against": ("INTEGER", index.set_of.tolist()),
        "id": ("VARCHAR", [item for one in sets for item in one.ids]),
        "words": ("BIGINT", index.sizes.tolist()),
        "rows": ("BIGINT", closest.rows.tolist()),
        "closest": ("BIGINT", closest.row.tolist()),
        "covered": ("BIGINT", closest.words.tolist()),
        "matched": ("VARCHAR", matched),
    }
    unnested = ", ".join(f"unnest(?::{type}[]) AS {name}" for name, (type, _) in columns.items())
    db.execute(f"CREATE TABLE items AS SELECT {unnested}", [values for _, values in columns.values()])


def _quotes(index: HeldOut, items: Iterable[int], first: Iterable[int], stretch: Iterable[int]) -> list[str]:
    places = zip(items, first, stretch, strict=True)
    return [index.quoted(int(item), int(at), int(size))[:LONGEST_MATCH] if size else "" for item, at, size in places]


_UNNESTED = "unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::BIGINT[]), unnest(?::VARCHAR[])"

# A row goes to the first set that it overlaps with.
_DROPPED = """
CREATE TABLE dropped AS SELECT DISTINCT ON (ord) ord, against, item, found.covered, found.matched
FROM found JOIN items USING (item) ORDER BY ord, against"""

_LEDGER = """
SELECT against::VARCHAR AS rule, __id AS row_id, __at AS line, __of AS file,
       printf('%.3f', dropped.covered / words) AS value, NULL::VARCHAR AS survivor,
       printf('%d of %d words of the held-out row %s stand in this row: %s', dropped.covered, words, left(id, 12),
              dropped.matched) AS detail
FROM dropped JOIN items USING (item, against) JOIN (SELECT __ord, __id, __at, __of FROM rows) ON __ord = ord
ORDER BY ord"""

_OVERLAP_ROWS = """
SELECT against, __id AS row_id, id AS item, words, found.covered, found.matched
FROM found JOIN items USING (item) JOIN (SELECT __ord, __id FROM rows) ON __ord = ord ORDER BY ord, against"""

_OVERLAP_ITEMS = """
SELECT against, id AS item, words, rows, __id AS closest, covered, matched
FROM items LEFT JOIN (SELECT __ord, __id FROM rows) ON __ord = closest ORDER BY items.item"""


def _told(db: Engine, against: int) -> dict[str, int]:
    """What the summary says of one set: its items, those without any word, those given away, those that some row comes
    near, and the rows that overlap with it."""
    counts = db.rows(
        "SELECT count(*), count(*) FILTER (words = 0), count(*) FILTER (rows > 0), count(*) FILTER (covered > 0) "
        "FROM items WHERE against = ?",
        [against],
    )[0]
    rows = db.value("SELECT count(*) FROM found JOIN items USING (item) WHERE against = ?", [against])
    return dict(zip(("items", "without_words", "hit", "touched", "rows"), (*counts, rows), strict=True))


def _warn(ctx: StepContext, reports: Sequence[Mapping[str, int]]) -> None:
    names = _names(ctx)
    for name, report in zip(names, reports, strict=True):
        if not report["items"]:
            ctx.note(f"{name} has no row, so nothing is compared with it")
        elif report["without_words"]:
            ctx.note(f"{report['without_words']:,} of {report['items']:,} rows of {name} have no word to compare")


def _names(ctx: StepContext) -> list[str]:
    params = ctx.step.params
    assert isinstance(params, DecontaminateParams)
    return [f"`{name}`" for name in ctx.step.local.get("held_out", [held.input for held in params.against])]


def _nothing_left(ctx: StepContext, rows_in: int, counts: Mapping[int, int]) -> DiagnosticError:
    names = _names(ctx)
    listed = ", ".join(f"{names[at]} {count:,}" for at, count in sorted(counts.items(), key=lambda item: -item[1]))
    return fatal(
        "SFT0420",
        f"every one of {rows_in:,} rows of {ctx.step.name} overlaps with held-out rows: {listed}",
        "train and evaluate on other rows: for one source, give both tasks the same split and name two parts",
        about="data",
    )
