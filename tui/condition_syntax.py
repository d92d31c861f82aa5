"""What a condition may be made of, told by the engine's own parser and not by patterns over the text.

It has to be one expression made of columns of the documented row, constants, comparisons and the functions named here;
anything else (a subquery, a table function, a second statement, a function that is not on the list) is refused by its
name, so nothing can be written, no file read and no setting changed. All functions on the list take linear time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from spec_lang.suggest import closest

MOST_CHARACTERS = 2000
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
_TYPES = (
    *("VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
    "JSON",
)
_MORE = ("group_expressions", "group_sets", "having", "sample", "qualify", "modifiers")  # of a SELECT


class ConditionError(Exception):
    """What is wrong with a condition, in a sentence for the person who typed it."""


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
            said_why = str(tree.get("error_message", "it is no SQL")).splitlines()[0]
            raise ConditionError(said_why + _words_of_sql(con, condition, known))
        where = _where(tree)
        return list(dict.fromkeys(name for node in _nodes(where) for name in _checked(node, known)))
    except RecursionError:
        raise ConditionError("it is nested too deeply") from None


def _words_of_sql(con: Any, condition: str, known: Mapping[str, object]) -> str:
    """What to write for columns whose names are words of SQL, such as a metric called `right`; nothing without any."""
    rows = con.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    words = {word for (word,) in rows}
    bare = re.sub(r"""'[^']*'|"[^"]*\"""", " ", condition)
    named = [name for name in known if name.lower() in words and re.search(rf"\b{re.escape(name)}\b", bare, re.I)]
    return "".join(f'; `{name}` is a word of SQL, so the column is written "{name}"' for name in named)


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
