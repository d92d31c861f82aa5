"""``sft show RUN duplicates``: rows that stay, each with the rows that it stands for.

The ledger turned around. A row that stood for others and was then dropped as a duplicate itself, by a later rule of the
same task, passes them on: what is shown is who stands for a row at the end. Only steps that filter one task follow each
other, so this is one recursive query over the duplicates alone; a million of them take about two seconds.
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
from tui.formats import count

_MEMBERS = 5  # of one group in text; JSON has all of the groups that are shown
_COLUMNS = ("rows", "where", "compared", "similarity", "rule")
_NAME = re.compile(r'"((?:[^"]|"")+)"')  # of a column in SQL, among other things

_CHAINS = """
WITH RECURSIVE gone AS (
  SELECT s.labels ->> 'task' AS task, s.step_id, s.ordinal, TRY_CAST(l.rule AS INTEGER) AS rule, l.row_id, l.survivor,
         l.value, l.file, l.line
  FROM ledger l JOIN steps s ON s.step_hash = l.step_hash
  WHERE s.run_id = $run AND s.kind = 'filter' AND l.survivor IS NOT NULL AND ($step IS NULL OR s.step_id = $step)
), chain AS (
  SELECT task, step_id, rule, row_id, value, file, line, survivor AS stays, ordinal AS last_step, rule AS last_rule
  FROM gone
  UNION ALL
  SELECT c.task, c.step_id, c.rule, c.row_id, c.value, c.file, c.line, g.survivor, g.ordinal, g.rule
  FROM chain c JOIN gone g
    ON g.task = c.task AND g.row_id = c.stays AND (g.ordinal, g.rule) > (c.last_step, c.last_rule)
), final AS (
  SELECT * FROM chain
  QUALIFY row_number() OVER (PARTITION BY task, step_id, rule, row_id ORDER BY last_step DESC, last_rule DESC) = 1
)"""

_COUNTS = "SELECT count(DISTINCT (task, stays)), count(*) FROM final"

_GROUPS = """, largest AS (
  SELECT task, stays, count(*) AS rows FROM final GROUP BY ALL ORDER BY rows DESC, task, stays LIMIT $limit
), shown AS (
  SELECT DISTINCT ON (row_id) row_id, content, file, line FROM examples
  WHERE step_hash IN (SELECT step_hash FROM steps WHERE run_id = $run AND kind = 'ingest')
    AND row_id IN (SELECT stays FROM largest UNION SELECT f.row_id FROM final f JOIN largest USING (task, stays))
  -- equal rows of two sources have one id; the one that stays has not fallen
  ORDER BY row_id, (file, line) IN (SELECT (file, line) FROM gone), file, line
)
SELECT l.task, l.stays, l.rows, kept.content, kept.file, kept.line, f.row_id, coalesce(f.file, d.file),
       coalesce(f.line, d.line), f.value, f.step_id, f.rule, coalesce(r.text, f.rule::VARCHAR), d.content
FROM largest l JOIN final f USING (task, stays)
LEFT JOIN shown kept ON kept.row_id = l.stays LEFT JOIN shown d ON d.row_id = f.row_id
LEFT JOIN rules r ON r.run_id = $run AND r.step_id = f.step_id AND r.rule = f.rule::VARCHAR
ORDER BY l.rows DESC, l.task, l.stays, f.file, f.line"""


def duplicates_page(store: Store, run_id: str, step_id: str | None, limit: int) -> Page:
    """The largest groups of a run, or of the duplicates that one step dropped."""
    about = {"run": run_id, "step": step_id}
    with store.reading() as con:
        found = con.execute(_CHAINS + _COUNTS, about).fetchone()
        rows = con.execute(_CHAINS + _GROUPS, {**about, "limit": limit}).fetchall()
    groups, dropped = found or (0, 0)
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


def _grouped(rows: Iterable[tuple[Any, ...]], compared: Mapping[tuple[str, int], list[str]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for task, stays, size, kept, kept_file, kept_line, row_id, file, line, value, step_id, position, rule, text in rows:
        content, shown = _row(text), _row(kept)
        stays_at = {"row_id": stays, "file": kept_file, "line": kept_line}
        group = groups.setdefault(
            (task, stays), {"task": task, **stays_at, "rows": size, "content": shown, "stands_for": []}
        )
        group["stands_for"].append(
            {
                "row_id": row_id,
                "file": file,
                "line": line,
                "similarity": None if value is None else float(value),
                "rule": rule,
                "on": [
                    *dict.fromkeys(name for name in compared.get((step_id, position), ()) if name in (content or ()))
                ],
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
