"""A condition that somebody typed, as SQL over one row an item: checked before it is asked, and given five seconds.

The engine's own parser says what the text is. It has to be one expression made of columns of the documented row,
constants, comparisons and the functions named here; anything else (a subquery, a table function, a second statement,
a function that is not on the list) is refused by its name, so nothing can be written, no file read and no setting
changed. All functions on the list take linear time; what still takes too long is interrupted. Columns that are not
used are not read.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.own_results import BEGUN_STEPS, MADE_STEPS
from runtime.store import Store
from spec_lang.diagnostics import DiagnosticError
from spec_lang.suggest import closest
from tui.item_index import ItemIndex, Matched, measured_items, measures_of

if TYPE_CHECKING:
    from tui.item_index import Places

SECONDS = 5.0
ANSWER, METRIC, SLICE = "answer", "metric", "slice"
ITEMS = "__items"
MOST_CHARACTERS = 2000
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
_EXPRESSIONS = (
    "COLUMN_REF",
    "CONSTANT",
    "COMPARISON",
    "CONJUNCTION",
    "OPERATOR",
    "FUNCTION",
    "CASE",
    "CAST",
    "TYPE",
    "BETWEEN",
)
_FUNCTIONS = (
    *("lower", "upper", "length", "len", "strlen", "contains", "starts_with", "prefix", "ends_with", "suffix"),
    *("regexp_matches", "regexp_full_match", "regexp_extract", "trim", "ltrim", "rtrim", "left", "right"),
    *("substring", "substr", "strpos", "position", "instr", "split_part", "concat", "||", "^@"),
    *("~~", "!~~", "~~*", "!~~*", "~~~", "like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape"),
    *("abs", "round", "floor", "ceil", "ceiling", "least", "greatest", "isnan", "isfinite"),
    *("+", "-", "*", "/", "//", "%"),
    *("json_valid", "json_extract", "json_extract_string", "json_extract_path_text", "->", "->>"),
)
_TYPES = ("VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_TYPES += ("JSON",)
_MORE = ("group_expressions", "group_sets", "having", "sample", "qualify", "modifiers")  # of a SELECT


class ConditionError(Exception):
    """What is wrong with a condition, in a sentence for the person who typed it."""


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

    asked = index.asked
    with store.reading() as con:
        known = row_columns(store, asked.run_id, asked.eval)
        used = used_columns(con, condition, known)
        columns = {name: known[name] for name in used}
        sql, given = _query(store, index, condition, columns)
        con.register(ITEMS, _arrays(store, index, columns, given))
        timer = threading.Timer(SECONDS, con.interrupt)
        timer.start()
        try:
            found: Places = np.asarray(con.execute(sql, given).fetchnumpy()["at"], dtype=np.int64)
        except DiagnosticError:
            raise
        except Exception as error:  # whatever the engine says of it is about what was typed
            late = "interrupt" in str(error).lower()
            said = f"it took longer than {SECONDS:.0f} s" if late else _first_line(error)
            raise ConditionError(said) from error
        finally:
            timer.cancel()
            con.unregister(ITEMS)
    return found


def used_columns(con: Any, condition: str, known: Mapping[str, object]) -> list[str]:
    """The columns that a condition uses. Raises ConditionError for anything that is not a condition over them."""
    if not condition.strip():
        raise ConditionError("it is empty")
    if len(condition) > MOST_CHARACTERS:
        raise ConditionError(f"it is longer than {MOST_CHARACTERS:,} characters")
    said = con.execute("SELECT json_serialize_sql(?)", [f"SELECT 1 FROM item WHERE (\n{condition}\n)"]).fetchone()
    try:
        tree = json.loads(said[0])
        if tree.get("error"):
            raise ConditionError(str(tree.get("error_message", "it is no SQL")).splitlines()[0])
        where = _where(tree)
        return list(dict.fromkeys(name for node in _nodes(where) for name in _checked(node, known)))
    except RecursionError:
        raise ConditionError("it is nested too deeply") from None


def _where(tree: dict[str, Any]) -> dict[str, Any]:
    """The condition itself, when the text is nothing else."""
    statements = tree.get("statements", ())
    node = statements[0].get("node", {}) if len(statements) == 1 else {}
    table = node.get("from_table") or {}
    plain = (
        node.get("type") == "SELECT_NODE"
        and table.get("type") == "BASE_TABLE"
        and table.get("table_name") == "item"
        and not any(node.get(part) for part in _MORE)
        and not (node.get("cte_map") or {}).get("map")
        and isinstance(node.get("where_clause"), dict)
    )
    if not plain:
        raise ConditionError("it has to be one condition, such as `output_tokens > 100 AND contains(output, 'sorry')`")
    where: dict[str, Any] = node["where_clause"]
    return where


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every expression in a tree, itself included."""
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _checked(node: dict[str, Any], known: Mapping[str, object]) -> list[str]:
    """The columns that one expression names."""
    kind = node["class"]
    if kind not in _EXPRESSIONS:
        raise ConditionError(f"a {kind.lower().replace('_', ' ')} has no place in a condition")
    if kind == "FUNCTION":
        name = str(node.get("function_name", "")).lower()
        plain = not (node.get("schema") or node.get("catalog") or node.get("distinct") or node.get("filter"))
        if name not in _FUNCTIONS or not plain:
            near = closest(name, sorted(_FUNCTIONS))
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise ConditionError(f"the function `{name}` cannot be used here{hint}")
    if kind == "TYPE" and (str(node.get("type_name")).upper() not in _TYPES or node.get("schema")):
        raise ConditionError(f"a cast to {node.get('type_name')} cannot be used here")
    if kind != "COLUMN_REF":
        return []
    names = node.get("column_names", [])
    name = names[-1] if names[:-1] in ([], ["item"]) else ".".join(names)
    folded = {column.lower(): column for column in known}
    if name.lower() not in folded:
        near = closest(name, sorted(known))
        hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
        raise ConditionError(f"there is no column `{name}`; {hint}")
    return [folded[name.lower()]]


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
    asked, joins, columns = index.asked, [], []
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
        joins.append(_OTHER_ANSWER)
        given |= {"base_run": asked.base_run or asked.run_id, "eval": asked.eval, "templates": list(index.templates)}
        given["baseline"] = asked.baseline or asked.model
    sql = (
        f"WITH item AS (SELECT {', '.join(['p.rowid AS __at', *columns])} FROM {ITEMS} i "
        f"JOIN predictions p ON p.rowid = i.at {' '.join(joins)}) SELECT __at AS at FROM item WHERE (\n{condition}\n)"
    )
    return sql, given


_OTHER_ANSWER = f"""LEFT JOIN (
        SELECT r.row_id, s.labels->>'template' AS template, r.output FROM {BEGUN_STEPS} s
        JOIN predictions r USING (step_hash) WHERE s.run_id = $base_run AND s.kind = 'predict'
          AND s.labels->>'eval' = $eval AND s.labels->>'model' = $baseline AND r.sample = 0
    ) q ON q.row_id = p.row_id AND q.template = $templates[i.cell + 1]"""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
