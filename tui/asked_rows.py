"""The rows behind items of which nobody recorded what was asked: what the data has of them, column by column.

An answer that was made elsewhere may come without its prompt. The row that it answers is in the store all the same, and
is the only thing that says what the item is about. Found by its id in the file of the step that gave the rows: a look
at the ids, some 50 ms a million.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.artifacts import Objects
from runtime.relational import parquet, quoted
from runtime.store import Store
from tui.row_queries import row_texts

UNKNOWN_PROMPT = "[]"  # as ``runtime.recorded_answers`` writes it: no message is known
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AskedRow:
    """The columns of a row: those that the model's ``item`` is made of, which tell what was asked, and the others."""

    tells: Columns = ()
    others: Columns = ()

    @property
    def columns(self) -> Columns:
        return (*self.tells, *self.others)


NO_ROW = AskedRow()


def asked_rows(store: Store, plan: Mapping[str, Any], wanted: Collection[tuple[str, str]]) -> dict[str, AskedRow]:
    """Row id -> its row, of (predict step, row id); nothing of rows that are not in the store."""
    steps = sorted({step for step, _ in wanted})
    slots = ", ".join("?" * len(steps))
    given = store.query(
        f"SELECT step_hash, input_hash FROM lineage WHERE role = 'rows' AND step_hash IN ({slots})", steps
    )
    item, found = _item(plan, steps), dict[str, AskedRow]()
    for rows in dict.fromkeys(rows for _, rows in given):
        of = {step for step, behind in given if behind == rows}
        ids = sorted({row for step, row in wanted if step in of and row not in found})
        path = Objects(store.root / "objects").path(rows) / "rows.parquet"
        if not ids or not path.exists():
            continue
        with store.reading() as con:
            con.execute(f"SELECT * FROM {parquet(path)} WHERE __row_id IN ({', '.join('?' * len(ids))})", ids)
            names = [column[0] for column in con.description or ()]
            for values in con.fetchall():
                row = dict(zip(names, values, strict=True))
                texts = row_texts(row)
                tells = tuple(one for one in texts if quoted(one[0]) in item) or texts
                found[row["__row_id"]] = AskedRow(tells, tuple(one for one in texts if one not in tells))
    return found


def _item(plan: Mapping[str, Any], steps: Collection[str]) -> str:
    """The SQL of what tells an item in some predict steps."""
    params = [step["params"] for step in plan.get("steps", ()) if step.get("hash") in steps]
    return " ".join(value["sql"] for one in params for value in (one.get("decode") or {}).get("item", ()))
