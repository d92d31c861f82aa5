"""Rows of one step by their place: of a source as it was read, or of a rendered or mixed set as conversations.

A page is found by row numbers of the step's own file, which skips what it does not need: a few milliseconds wherever
it lies. The rows of one part of a mixture, or with a text in them, are counted through, some 0.1 s and more a million.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.artifacts import Objects
from runtime.relational import PLACE, parquet, quoted
from runtime.store import Store


@dataclass(frozen=True, slots=True)
class StepRowLine:
    """A row of a step. ``texts`` are its columns, or the turns of its conversation by role."""

    place: int
    row_id: str
    file: str | None
    line: int | None
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RowSet:
    """The rows of a step; ``part`` is the role of an input, of a mixture; ``search`` is a text that they hold."""

    step_id: str
    step_hash: str
    part: str | None = None
    search: str = ""

    @property
    def conversations(self) -> bool:
        """Whether they are rendered; told by the step, because a source may have columns of any name."""
        return self.step_id.partition(":")[0] in ("render", "mix")

    def path(self, store: Store) -> Path:
        return Objects(store.root / "objects").path(self.step_hash) / "rows.parquet"


def row_count(store: Store, rows: RowSet) -> int | None:
    """None where the rows are not in the store."""
    path = rows.path(store)
    if not path.exists():
        return None
    where, params = _where(store, rows)
    return int(store.query(f"SELECT count(*) FROM {parquet(path)} WHERE {where}", params)[0][0])


def row_page(store: Store, rows: RowSet, begin: int, end: int) -> list[StepRowLine]:
    """The rows from position ``begin`` up to ``end``."""
    source, (where, params) = parquet(rows.path(store)), _where(store, rows)
    if params:
        tail, bounds = f"WHERE {where} ORDER BY {PLACE} LIMIT ? OFFSET ?", [end - begin, begin]
    else:
        tail, bounds = f"WHERE {PLACE} >= ? AND {PLACE} < ? ORDER BY {PLACE}", [begin, end]
    with store.reading() as con:
        con.execute(f"SELECT {PLACE} AS __place, * FROM {source} {tail}", [*params, *bounds])
        names = [column[0] for column in con.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in con.fetchall()]
    return [_conversation(row) if rows.conversations else _line(row) for row in found]


def _where(store: Store, rows: RowSet) -> tuple[str, list[Any]]:
    """Which rows are meant, as a condition with its parameters."""
    conditions, params = ["true"], list[Any]()
    if rows.part is not None:
        conditions.append("part = ?")
        params.append(rows.part)
    if rows.search:
        names = ["messages"] if rows.conversations else [name for name, _ in column_types(store, rows.step_hash)]
        conditions.append(
            f"contains(lower(concat_ws(' ', {', '.join(f'{quoted(name)}::VARCHAR' for name in names)})), lower(?))"
        )
        params.append(rows.search)
    return " AND ".join(conditions), params


def column_types(store: Store, step_hash: str) -> list[tuple[str, str]]:
    """The columns of a source's rows with their types in the store; nothing where the rows are not there."""
    path = RowSet("", step_hash).path(store)
    if not path.exists():
        return []
    rows = store.query(f"SELECT column_name, column_type FROM (DESCRIBE FROM {parquet(path)})")
    return [(row[0], row[1]) for row in rows if not row[0].startswith("__")]


def _conversation(row: dict[str, Any]) -> StepRowLine:
    turns = json.loads(row["messages"])
    texts = tuple((str(turn.get("role")), _text(turn.get("content"))) for turn in turns)
    return StepRowLine(row["__place"], row["row_id"], None, None, texts)


def _line(row: dict[str, Any]) -> StepRowLine:
    return StepRowLine(row["__place"], row["__row_id"], row.get("__file"), row.get("__line"), row_texts(row))


def row_texts(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The columns of the data that a row has a value in, as texts."""
    return tuple((name, _text(value)) for name, value in row.items() if not name.startswith("__") and value is not None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
