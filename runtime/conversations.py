"""Rows of any shape as conversations: SQL over the columns that ingest made, and what is wrong with each row.

The words are in ``conversations.sql``, as macros; here is which of them a layout needs. A malformed conversation (no
answer, turns out of order, an empty turn, a role that nobody knows) gets its first problem, with the number of the
turn, and is mended in no way. About 12,000 conversations of six turns a second and core.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from compiler.shapes import LISTS, Layout, generated, replaced
from compiler.world import ColumnType
from runtime.column_types import text_or_json
from runtime.relational import Engine, quoted
from runtime.row_hashes import is_blank
from runtime.source_rows import SourceColumn

_MACROS = Path(__file__).with_suffix(".sql")
_KNOWN_KEYS = [
    "role",
    "content",
    "from",
    "value",
    "tool_calls",
    "tool_call_id",
    "name",
    "weight",
    "loss_weight",
    "train",
]


def converse(db: Engine, layout: Layout, columns: Collection[SourceColumn]) -> list[tuple[str, ColumnType]]:
    """Put the generated columns into ``named``; what is malformed goes from it to ``malformed``.

    ``named`` has the columns under their names, ``__at``, ``__line`` and ``__row_id``. ``malformed`` has ``file``,
    ``line``, ``row_id``, ``rule``, ``turn``, ``detail`` and ``content``. Returns the columns that the rows have now.
    """
    db.execute(f"CREATE MACRO is_blank(said) AS {is_blank('said')}")
    db.execute(_MACROS.read_text(encoding="utf-8"))
    cells = {column.name: _cell(column) for column in columns}
    gone = replaced(layout, cells)
    kept = [(column.name, column.type) for column in columns if column.name not in gone]
    listed = "".join(f", {_kept(name, kind, cells)}" for name, kind in kept)
    made = "".join(f", {sql} AS {quoted(name)}" for name, sql in _generated(layout).items())
    db.execute(
        f"CREATE TABLE conversed AS SELECT __row_id, __at, __file, __line, __content{listed}{made}, "
        f"{_problem(layout, cells)} AS __problem FROM ({_turns(layout, cells)})"
    )
    db.execute(
        "CREATE TABLE malformed AS SELECT __at AS file, __line AS line, __row_id AS row_id, __problem.rule AS rule, "
        "__problem.turn AS turn, __problem.detail AS detail, __content AS content "
        "FROM conversed WHERE __problem IS NOT NULL"
    )
    db.execute("DROP TABLE named")
    db.execute("DELETE FROM conversed WHERE __problem IS NOT NULL")
    db.execute("ALTER TABLE conversed RENAME TO named")
    return [*kept, *generated(layout).items()]


def unread_keys(db: Engine, columns: Collection[SourceColumn]) -> dict[str, int]:
    """Keys of first and last turns that mean nothing to us, with the rows that have them; asked before ``converse``."""
    found: dict[str, int] = {}
    for column in columns:
        if column.name in LISTS and column.type in ("list", "json"):
            cell = _cell(column)
            keys = (
                f"list_distinct(coalesce(json_keys({cell}, '$[0]'), []) || coalesce(json_keys({cell}, '$[#-1]'), []))"
            )
            known = ", ".join("?" for _ in _KNOWN_KEYS)
            found |= dict(
                db.rows(
                    f"SELECT k, count(*) FROM (SELECT unnest({keys}) AS k FROM named) "
                    f"WHERE k NOT IN ({known}) GROUP BY k ORDER BY k LIMIT 20",
                    _KNOWN_KEYS,
                )
            )
    return found


def _cell(column: SourceColumn) -> str:
    """A column of ``named`` as JSON."""
    name = quoted(column.name)
    return f"CAST({name} AS JSON)" if column.type in ("list", "json") else f"to_json({name})"


def _kept(name: str, kind: ColumnType, cells: dict[str, str]) -> str:
    """A column that the rows have already; from here on its texts stand without quotes."""
    return f"{text_or_json(cells[name])} AS {quoted(name)}" if kind == "json" else quoted(name)


def _turns(layout: Layout, cells: dict[str, str]) -> str:
    """``named`` with ``__turns``, their ``__letters`` and, of a pair, those of the rejected conversation."""
    raw = {"turns": _raw(layout, cells, "chosen")}
    if layout == "preference":
        raw["worse"] = _raw(layout, cells, "rejected")
    read = ", ".join(f"turns_of({sql}) AS __{name}" for name, sql in raw.items())
    letters = ", ".join(f"letters_of(__{name}) AS __{name}_letters" for name in raw)
    return f"SELECT *, {letters} FROM (SELECT *, {_tools(cells)} AS __tools, {read} FROM named)"


def _tools(cells: dict[str, str]) -> str:
    return f"tools_text({cells['tools']})" if "tools" in cells else "NULL::VARCHAR"


def _raw(layout: Layout, cells: dict[str, str], answer: str) -> str:
    """SQL of the list of raw turns."""
    before = f"system_turns({cells['system']}) || " if "system" in cells else ""
    if layout == "prompt_completion":
        return f"{before}as_turns({cells['prompt']}, 'user') || as_turns({cells['completion']}, 'assistant')"
    if layout == "alpaca":
        return f"{before}{_instruction(cells)} || as_turns({cells['output']}, 'assistant')"
    listed = next((cells[name] for name in LISTS if name in cells), None)
    if layout == "conversation":
        return f"{before}listed_turns({listed})"
    prompt = None
    if listed is not None:
        prompt = f"listed_turns({listed})"
    elif "prompt" in cells:
        prompt = f"as_turns({cells['prompt']}, 'user')"
    elif "instruction" in cells:
        prompt = _instruction(cells)
    if prompt is None:
        return f"{before}dialogue_turns({cells[answer]})"
    said = f"as_turns({cells[answer]}, 'assistant')"
    return f"{before}(CASE WHEN is_whole({said}) THEN {said} ELSE {prompt} || {said} END)"


def _instruction(cells: dict[str, str]) -> str:
    history = f"history_turns({cells['history']}) || " if "history" in cells else ""
    return f"{history}instruction_turns({cells['instruction']}, {cells.get('input', 'NULL::JSON')})"


def _problem(layout: Layout, cells: dict[str, str]) -> str:
    """SQL of the first problem of a row, or NULL."""
    found = ["first_problem(__turns, __turns_letters)"]
    if layout == "preference":
        found += ["of_rejected(first_problem(__worse, __worse_letters))", "pair_problem(__turns, __worse)"]
    if "tools" in cells:
        found.insert(
            0,
            f"CASE WHEN is_filled({cells['tools']}) AND __tools IS NULL THEN "
            "problem('tools', NULL, 'the tools are no list of functions with names') END",
        )
    return f"coalesce({', '.join(found)})"


def _generated(layout: Layout) -> dict[str, str]:
    made: dict[str, Any] = {
        "messages": "messages_text(__turns, __tools)",
        "system": "CASE WHEN __turns_letters[1] = 's' THEN __turns[1].text END",
        "user": "list_filter(__turns, lambda __turn: __turn.letter = 'u')[1].text",
        "assistant": "answer_text(__turns[-1])",
        "turns": "(len(__turns) - CASE WHEN __turns_letters[1] = 's' THEN 1 ELSE 0 END)::BIGINT",
        "chosen": "answer_text(__turns[-1])",
        "rejected": "answer_text(__worse[-1])",
    }
    return {name: made[name] for name in generated(layout)}
