"""Rows that stand for others: the ledger of duplicates turned around.

A row that stood for others and was then dropped as a duplicate itself, by a later rule of the same task, passes them
on: what is asked for is who stands for a row at the end. Only steps that filter one task follow each other, so this is
one recursive query over the duplicates alone; a million of them take about two seconds. The members of one group are
found from the row that stays, downwards, which costs a pass over the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.own_results import MADE_STEPS
from runtime.store import Store

_CHAINS = f"""
WITH RECURSIVE gone AS (
  SELECT s.labels ->> 'task' AS task, s.step_id, s.ordinal, TRY_CAST(l.rule AS INTEGER) AS rule, l.row_id, l.survivor,
         l.value, l.file, l.line
  FROM ledger l JOIN {MADE_STEPS} s ON s.step_hash = l.step_hash
  WHERE s.run_id = $run AND s.kind = 'filter' AND l.survivor IS NOT NULL AND ($step IS NULL OR s.step_id = $step)
), chain AS (
  SELECT task, step_id, rule, row_id, value, file, line, survivor AS first, survivor AS stays, ordinal AS last_step,
         rule AS last_rule
  FROM gone
  UNION ALL
  SELECT c.task, c.step_id, c.rule, c.row_id, c.value, c.file, c.line, c.first, g.survivor, g.ordinal, g.rule
  FROM chain c JOIN gone g
    ON g.task = c.task AND g.row_id = c.stays AND (g.ordinal, g.rule) > (c.last_step, c.last_rule)
), final AS (
  SELECT * FROM chain
  QUALIFY row_number() OVER (PARTITION BY task, step_id, rule, row_id ORDER BY last_step DESC, last_rule DESC) = 1
)"""

_COUNTS = "SELECT count(DISTINCT (task, stays)), count(*) FROM final"

_LARGEST = """, largest AS (
  SELECT task, stays, count(*) AS rows, min(try_cast(value AS DOUBLE)) FILTER (first = stays) AS least,
         count(*) FILTER (first <> stays) AS through
  FROM final GROUP BY ALL ORDER BY rows DESC, task, stays LIMIT $limit
)"""
_PLACES = """, shown AS (
  SELECT DISTINCT ON (row_id) row_id, content, file, line FROM examples
  WHERE step_hash IN (SELECT step_hash FROM steps WHERE run_id = $run AND kind = 'ingest') AND row_id IN ({wanted})
  -- equal rows of two sources have one id; the one that stays has not fallen
  ORDER BY row_id, (file, line) IN (SELECT (file, line) FROM gone), file, line
)"""

_MEMBERS = (
    _LARGEST
    + _PLACES.format(
        wanted="SELECT stays FROM largest UNION SELECT f.row_id FROM final f JOIN largest USING (task, stays)"
    )
    + """
SELECT l.task, l.stays, l.rows, kept.content, kept.file, kept.line, f.row_id, coalesce(f.file, d.file),
       coalesce(f.line, d.line), f.value, nullif(f.first, f.stays), f.step_id, f.rule,
       coalesce(r.text, f.rule::VARCHAR), d.content
FROM largest l JOIN final f USING (task, stays)
LEFT JOIN shown kept ON kept.row_id = l.stays LEFT JOIN shown d ON d.row_id = f.row_id
LEFT JOIN rules r ON r.run_id = $run AND r.step_id = f.step_id AND r.rule = f.rule::VARCHAR
ORDER BY l.rows DESC, l.task, l.stays, f.file, f.line"""
)

_HEADS = (
    _LARGEST
    + _PLACES.format(wanted="SELECT stays FROM largest")
    + """
SELECT l.task, l.stays, l.rows, l.least, l.through, s.content, s.file, s.line
FROM largest l LEFT JOIN shown s ON s.row_id = l.stays ORDER BY l.rows DESC, l.task, l.stays"""
)

_OF_ONE = f"""
WITH RECURSIVE gone AS (
  SELECT s.labels ->> 'task' AS task, s.step_id, s.ordinal, TRY_CAST(l.rule AS INTEGER) AS rule, l.row_id, l.survivor,
         l.value, l.file, l.line
  FROM ledger l JOIN {MADE_STEPS} s ON s.step_hash = l.step_hash
  WHERE s.run_id = $run AND s.kind = 'filter' AND l.survivor IS NOT NULL AND s.labels ->> 'task' = $task
), found AS (
  SELECT * FROM gone WHERE survivor = $stays
  UNION ALL
  SELECT g.* FROM gone g JOIN found f ON g.survivor = f.row_id AND (g.ordinal, g.rule) < (f.ordinal, f.rule)
), shown AS (
  SELECT row_id, content, file, line FROM examples
  WHERE step_hash IN (SELECT step_hash FROM steps WHERE run_id = $run AND kind = 'ingest')
    AND row_id IN (SELECT row_id FROM found)
)
SELECT f.row_id, coalesce(f.file, d.file), coalesce(f.line, d.line), f.value, nullif(f.survivor, $stays), f.step_id,
       f.rule, coalesce(r.text, f.rule::VARCHAR), d.content
FROM found f LEFT JOIN shown d ON d.row_id = f.row_id AND coalesce(d.file = f.file AND d.line = f.line, true)
LEFT JOIN rules r ON r.run_id = $run AND r.step_id = f.step_id AND r.rule = f.rule::VARCHAR
QUALIFY row_number() OVER (PARTITION BY f.step_id, f.rule, f.row_id, f.file, f.line ORDER BY d.file, d.line) = 1
ORDER BY f.file, f.line, f.row_id"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A row that stays, and how many rows it stands for; ``least`` is the lowest similarity to it that was measured,
    None where all are equal to it. ``through`` of them were never compared with it: they fell to a row that fell to it
    later."""

    task: str
    stays: str
    rows: int
    least: float | None
    through: int
    content: str | None
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """A row that was dropped for another one; ``value`` is the similarity, None for an equal one. ``through`` is the
    row that it is alike, where that is not the one that stays at the end."""

    row_id: str
    file: str | None
    line: int | None
    value: str | None
    through: str | None
    step_id: str
    rule: int
    text: str
    content: str | None


@dataclass(frozen=True, slots=True)
class Grouped:
    """A member beside the row that stands for it at the end, and how many it stands for."""

    task: str
    stays: str
    rows: int
    content: str | None
    file: str | None
    line: int | None
    member: Member


def counts(store: Store, run_id: str, step_id: str | None = None) -> tuple[int, int]:
    """How many rows stand for others, and for how many."""
    found = _asked(store, _CHAINS + _COUNTS, {"run": run_id, "step": step_id})
    return (int(found[0][0]), int(found[0][1])) if found else (0, 0)


def members_of_largest(store: Store, run_id: str, step_id: str | None, limit: int) -> list[Grouped]:
    """The members of the largest groups, or of those that one step dropped; groups of one size by id."""
    rows = _asked(store, _CHAINS + _MEMBERS, {"run": run_id, "step": step_id, "limit": limit})
    return [Grouped(*(*row[:6], Member(*row[6:]))) for row in rows]


def clusters(store: Store, run_id: str, limit: int) -> list[Cluster]:
    """The largest groups, with the row that stays."""
    rows = _asked(store, _CHAINS + _HEADS, {"run": run_id, "step": None, "limit": limit})
    return [Cluster(*row) for row in rows]


def members(store: Store, run_id: str, task: str, stays: str) -> list[Member]:
    """The rows that one row stands for, in the order of their files."""
    return [Member(*row) for row in _asked(store, _OF_ONE, {"run": run_id, "task": task, "stays": stays})]


def _asked(store: Store, sql: str, about: dict[str, Any]) -> list[tuple[Any, ...]]:
    with store.reading() as con:
        return con.execute(sql, about).fetchall()
