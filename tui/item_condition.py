"""A condition that somebody typed, as SQL over one row an item: checked before it is asked, and given five seconds.

What it may be made of, ``condition_syntax`` knows. What takes too long is interrupted. Columns that are not used are
not read. ``STRETCH`` items are asked about in one look at the store, so that a run does not wait for all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.own_results import MADE_STEPS
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError
from tui.condition_syntax import ConditionError, used_columns
from tui.item_index import ItemIndex, Matched, measured_items, measures_of
from tui.other_answer import other_answer

if TYPE_CHECKING:
    from tui.item_index import Places

SECONDS = 5.0
STRETCH = 100_000
ANSWER, METRIC, SLICE = "answer", "metric", "slice"
ITEMS = "__items"
# Column of the row -> where it is: the answer (p), the index (i), what the metric said (r), the baseline's answer (q).
COLUMNS = {
    "row_id": "p.row_id",
    "template": "$templates[i.cell + 1]",
    "prompt": "p.prompt",
    "output": "p.output",
    "expected": "p.expected",
    "stop_reason": "p.stop_reason",
    "prompt_tokens": "p.prompt_tokens",
    "output_tokens": "p.output_tokens",
    "seconds": "p.seconds",
    "characters": "length(p.output)",
    "value": "nullif(i.value, 'nan'::DOUBLE)",
    "reason": "r.reason",
    "base_value": "nullif(i.base, 'nan'::DOUBLE)",
    "base_output": "q.output",
}


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is where it comes from: the answer, a metric, or a slice, which is called ``name`` in the spec."""

    kind: str
    name: str


def row_columns(store: Store, run_id: str, eval_name: str) -> dict[str, Column]:
    """The columns of the row by their names in conditions: those of the answer, then metrics and slices of the eval.
    One whose name is taken, in any case, is called ``metric_NAME`` or ``slice_NAME``."""
    known = {name: Column(ANSWER, name) for name in COLUMNS}
    taken = set(known)
    for kind, table, column in ((METRIC, "item_metrics", "metric"), (SLICE, "item_slices", "slice")):
        rows = store.query(
            f"SELECT DISTINCT i.{column} FROM {MADE_STEPS} s JOIN {table} i USING (step_hash) "
            "WHERE s.run_id = ? AND s.kind = 'measure' AND s.labels->>'eval' = ? ORDER BY 1",
            [run_id, eval_name],
        )
        for (name,) in rows:
            shown = name
            while shown.lower() in taken:
                shown = f"{kind}_{shown}"
            taken.add(shown.lower())
            known[shown] = Column(kind, name)
    return known


def matching(store: Store, index: ItemIndex, condition: str) -> Places:
    """The places of the answers for which a condition is true. Raises ConditionError, DiagnosticError."""
    import numpy as np

    asked, late = index.asked, time.monotonic() + SECONDS
    with store.reading() as con, _until(late, con, typed=False):
        known = row_columns(store, asked.run_id, asked.eval)
        columns = {name: known[name] for name in used_columns(con, condition, known)}
        sql, given = _query(store, index, condition, columns)
        items = _arrays(store, index, columns, given)
    found = [np.zeros(0, np.int64)]
    for begin in range(0, len(index), STRETCH):
        part = {name: values[begin : begin + STRETCH] for name, values in items.items()}
        given |= {"first": int(part["at"].min()), "last": int(part["at"].max())}
        with store.reading() as con, _until(late, con, typed=True):
            con.register(ITEMS, part)
            try:
                found.append(np.asarray(con.execute(sql, given).fetchnumpy()["at"], dtype=np.int64))
            finally:
                con.unregister(ITEMS)
    return np.concatenate(found)


@contextmanager
def _until(late: float, con: Any, *, typed: bool) -> Iterator[None]:
    """What is asked meanwhile is stopped at a time. What the engine says of a ``typed`` text is for who typed it."""
    left, too_late = late - time.monotonic(), f"it took longer than {SECONDS:.0f} s"
    if left <= 0:
        raise ConditionError(too_late)
    timer = threading.Timer(left, con.interrupt)
    timer.start()
    try:
        yield
    except (ConditionError, DiagnosticError):
        raise
    except Exception as error:
        stopped = "interrupt" in str(error).lower()
        if not stopped and not typed:
            raise
        raise ConditionError(too_late if stopped else _first_line(error)) from error
    finally:
        timer.cancel()


def _arrays(store: Store, index: ItemIndex, used: dict[str, Column], given: dict[str, Any]) -> dict[str, Any]:
    """What is in memory of the items already, and other metrics and slices that are used: a table to join by places."""
    import numpy as np

    asked = index.asked
    found: dict[str, Any] = {"at": index.at, "cell": index.cell, "value": index.value, "base": index.base}
    found["why"] = index.reasons if index.reasons is not None else np.full(len(index), -1)
    measures = measures_of(store, asked.run_id, asked.eval)
    for number, column in enumerate(used.values()):
        if column.kind == METRIC:
            values = np.full(len(index), np.nan)
            for place, template in enumerate(index.templates):
                own = index.cell == place
                measured = measured_items(store, measures, asked.model, template, column.name)
                values[own] = Matched(index.prints[own]).take(measured["print"], measured["value"], np.nan)
            found[f"x{number}"] = values
        if column.kind == SLICE:
            found[f"x{number}"] = _slice_codes(store, index, column.name, given[f"values_{number}"])
    return found


def _slice_codes(store: Store, index: ItemIndex, name: str, values: list[str]) -> Any:
    """The position of every item's value among the values of a slice, from 1; 0 for none. Of a slice of tags, of which
    an item may have several, their joined text."""
    import numpy as np

    with store.reading() as con:
        found = con.execute(
            """
            WITH own AS (
                SELECT l.row_id, string_agg(l.value, ', ' ORDER BY l.value) AS value FROM item_slices l
                WHERE list_contains($measures, l.step_hash) AND l.slice = $slice GROUP BY l.row_id
            ) SELECT hash(row_id) AS print, list_position($values, value)::INTEGER AS code FROM own
            """
            if any(", " in value for value in values)
            else """
            SELECT hash(row_id) AS print, list_position($values, value)::INTEGER AS code FROM item_slices
            WHERE list_contains($measures, step_hash) AND slice = $slice
            """,
            {"measures": measures_of(store, index.asked.run_id, index.asked.eval), "slice": name, "values": values},
        ).fetchnumpy()
    codes = np.ma.filled(np.ma.asarray(found["code"]), 0).astype(np.int32)
    return Matched(index.prints).take(np.asarray(found["print"], np.uint64), codes, 0).astype(np.int32)


def _values_of_slice(store: Store, index: ItemIndex, name: str) -> list[str]:
    """What items have of a slice: its values, or where some have several the texts of them together."""
    measures = measures_of(store, index.asked.run_id, index.asked.eval)
    own = "FROM item_slices WHERE list_contains(?, step_hash) AND slice = ?"
    with store.reading():
        twice = store.query(f"SELECT count(*) > count(DISTINCT row_id) {own}", [measures, name])[0][0]
        text = "string_agg(value, ', ' ORDER BY value)"
        several = f"SELECT DISTINCT value FROM (SELECT {text} AS value {own} GROUP BY row_id) ORDER BY 1"
        rows = store.query(several if twice else f"SELECT DISTINCT value {own} ORDER BY 1", [measures, name])
    return [value for (value,) in rows]


def _query(store: Store, index: ItemIndex, condition: str, used: dict[str, Column]) -> tuple[str, dict[str, Any]]:
    """The places of matching answers, over a row of the columns that are used."""
    joins, columns = list[str](), list[str]()
    given: dict[str, Any] = {}
    for number, (name, column) in enumerate(used.items()):
        quoted = '"' + name.replace('"', '""') + '"'
        if column.kind == METRIC:
            columns.append(f"nullif(i.x{number}, 'nan'::DOUBLE) AS {quoted}")
        elif column.kind == SLICE:
            given[f"values_{number}"] = _values_of_slice(store, index, column.name)
            columns.append(f"$values_{number}[i.x{number}] AS {quoted}")
        else:
            columns.append(f"{COLUMNS[name]} AS {quoted}")
    if "template" in used:
        given["templates"] = list(index.templates)
    if "reason" in used:
        joins.append("LEFT JOIN item_metrics r ON r.rowid = i.why")
    if "base_output" in used:
        join, named = other_answer(store, index)
        joins.append(join)
        given |= named
    sql = (
        f"WITH item AS (SELECT {', '.join(['p.rowid AS __at', *columns])} FROM {ITEMS} i "
        "JOIN (SELECT rowid, * FROM predictions WHERE rowid BETWEEN $first AND $last) p ON p.rowid = i.at "
        f"{' '.join(joins)}) SELECT __at AS at FROM item WHERE (\n{condition}\n)"
    )
    return sql, given


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
