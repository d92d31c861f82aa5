"""``sft show RUN duplicates``: rows that stay, each with the rows that it stands for.

The ledger turned around (``tui.duplicate_queries``); a million duplicates take about two seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from compiler.params_base import inside
from compiler.plan import Plan
from compiler.step_params import ExactDedupRule, FilterParams, NearDedupRule, Sql
from runtime.store import Store
from sft.plain_tables import Page, Table
from spec_lang.plain_text import one_line
from tui.duplicate_queries import Grouped, counts, members_of_largest
from tui.formats import count

_MEMBERS = 5  # of one group in text; JSON has all of the groups that are shown
_COLUMNS = ("rows", "where", "compared", "similarity", "rule")
_NAME = re.compile(r'"((?:[^"]|"")+)"')  # of a column in SQL, among other things


def duplicates_page(store: Store, run_id: str, step_id: str | None, limit: int) -> Page:
    """The largest groups of a run, or of the duplicates that one step dropped."""
    with store.reading():
        groups, dropped = counts(store, run_id, step_id)
        rows = members_of_largest(store, run_id, step_id, limit)
    if not rows:
        return Page({"groups": []}, "no row was dropped as a duplicate", ())
    data = _grouped(rows, _compared(store, run_id))
    table = Table("", _COLUMNS, [cells for group in data for cells in _cells(group)], frozenset({0, 3}))
    more = f"; the {count(len(data))} largest shown" if len(data) < groups else ""
    return Page({"groups": data}, f"{count(dropped)} rows dropped, {count(groups)} stand for them{more}", (table,))


def _compared(store: Store, run_id: str) -> dict[tuple[str, int], list[str]]:
    """What stands in quotes in the SQL that each rule of a filter compares by: columns, and what only looks so."""
    known = json.loads(store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0])
    known["steps"] = [step for step in known["steps"] if step["kind"] == "filter"]
    return {
        (step.id, position): [
            name.replace('""', '"') for sql in inside(rule.on, Sql) for name in _NAME.findall(sql.sql)
        ]
        for step in Plan.from_json(json.dumps(known)).steps
        if isinstance(step.params, FilterParams)
        for position, rule in enumerate(step.params.rules)
        if isinstance(rule, ExactDedupRule | NearDedupRule)
    }


def _grouped(rows: Iterable[Grouped], compared: Mapping[tuple[str, int], list[str]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        member, content = row.member, _row(row.member.content)
        stays_at = {"row_id": row.stays, "file": row.file, "line": row.line}
        group = groups.setdefault(
            (row.task, row.stays),
            {"task": row.task, **stays_at, "rows": row.rows, "content": _row(row.content), "stands_for": []},
        )
        names = compared.get((member.step_id, member.rule), ())
        group["stands_for"].append(
            {
                "row_id": member.row_id,
                "file": member.file,
                "line": member.line,
                "similarity": None if member.value is None else float(member.value),
                "similar_to": member.through or row.stays,
                "rule": member.text,
                "on": [*dict.fromkeys(name for name in names if name in (content or ()))],
                "content": content,
            }
        )
    return list(groups.values())


def _row(content: str | None) -> Any:
    return None if content is None else json.loads(content)


def _cells(group: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    members = group["stands_for"]
    yield count(group["rows"]), _where(group), _text(group["content"], members[0]["on"]), "stays", ""
    for member in members[:_MEMBERS]:
        similarity = "equal" if member["similarity"] is None else f"{member['similarity']:.3f}"
        similarity += f" to {member['similar_to'][:8]}" if member["similar_to"] != group["row_id"] else ""
        yield "", _where(member), _text(member["content"], member["on"]), similarity, member["rule"]
    if group["rows"] > _MEMBERS:
        yield "", "", f"and {count(group['rows'] - _MEMBERS)} more", "", ""


def _where(row: Mapping[str, Any]) -> str:
    return f"{row['file']}:{row['line']}" if row["line"] is not None else row["row_id"][:12]


def _text(content: Any, names: Iterable[str]) -> str:
    """The columns that were compared; the first text of a row where none is known."""
    values = content if isinstance(content, dict) else {}
    compared = [
        value if isinstance(value, str) else json.dumps(value)
        for name in names
        if (value := values.get(name)) is not None
    ]
    first = next((value for value in values.values() if isinstance(value, str)), json.dumps(content))
    return one_line(" · ".join(compared) or first, 60)
