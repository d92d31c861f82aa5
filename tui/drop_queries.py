"""What the dashboard and ``sft show`` ask of the ledger: how many rows fell to which rule, and which.

A dropped row is shown with what it holds, and a duplicate with the row that stands in for it. The ledger names rows by
ids, and equal rows of two files have one id; which of them is meant, their places tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.artifacts import Objects
from runtime.relational import PLACE, literal, parquet
from runtime.row_files import EXAMPLES
from runtime.store import Store
from tui.queries import named


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many rows fell to one rule of one step; a rule that dropped nothing counts 0."""

    step_id: str
    rule: str
    text: str | None
    reason: str | None
    dropped: int


@dataclass(frozen=True, slots=True)
class DropRow:
    """A ledger entry with the content of the row and, for a duplicate, of the row that survived."""

    step_id: str
    rule: str
    row_id: str | None
    file: str | None
    line: int | None
    value: str | None
    detail: str | None
    content: str | None
    survivor: str | None
    survivor_file: str | None
    survivor_line: int | None
    survivor_content: str | None


def rule_counts(store: Store, run_id: str) -> list[RuleCount]:
    """Drops by step and rule in plan order, numbered rules first; rules that dropped nothing are included."""
    rows = store.query(
        """
        WITH fallen AS (
            SELECT s.step_id, l.rule, count(*) AS dropped,
                   CASE WHEN min(l.detail) = max(l.detail) THEN min(l.detail) END AS detail
            FROM steps s JOIN ledger l USING (step_hash) WHERE s.run_id = ? GROUP BY ALL
        ), named AS (SELECT step_id, rule, text, reason FROM rules WHERE run_id = ?)
        SELECT step_id, rule, n.text, coalesce(n.reason, f.detail), coalesce(f.dropped, 0)
        FROM named n FULL JOIN fallen f USING (step_id, rule)
        JOIN (SELECT step_id, ordinal FROM steps WHERE run_id = ?) s USING (step_id)
        ORDER BY s.ordinal, try_cast(rule AS INTEGER) NULLS LAST, rule
        """,
        [run_id, run_id, run_id],
    )
    return [RuleCount(*row) for row in rows]


@dataclass(frozen=True)
class DropList:
    """The dropped rows of a step, or of one of its rules, in the order of their files: how many there are and how to
    come to any of them. ``bounds`` are the keys at every ``STRIDE``-th row of a long list; ``ids`` are the rows that
    hold what was searched, the first ``MOST_FOUND`` of them."""

    step_id: str
    rule: str | None
    total: int
    bounds: tuple[tuple[str, int, str, str], ...] = ()
    ids: tuple[str, ...] | None = None


STRIDE = 50  # a page of the list
LONG = 5000  # rows up to which a page is counted to
MOST_FOUND = 100_000
_OWN = """FROM steps s JOIN ledger l USING (step_hash)
WHERE s.run_id = $run AND s.step_id = $step AND ($rule IS NULL OR l.rule = $rule)"""
_KEYS = ("coalesce(l.file, '')", "coalesce(l.line, -1)", "l.rule", "coalesce(l.row_id, '')")
_KEY = ", ".join(_KEYS)


def drop_list(store: Store, run_id: str, step_id: str, rule: str | None, search: str = "") -> DropList:
    """A list to read pages of. A million dropped rows are put in order once, which takes about a second; a search looks
    into the content of every row of the step's sources."""
    about = {"run": run_id, "step": step_id, "rule": rule}
    if search:
        found = named(
            store,
            f"SELECT l.row_id {_OWN} AND l.row_id IN (SELECT row_id FROM examples WHERE "
            f"contains(lower(content::VARCHAR), lower($text))) ORDER BY {_KEY} LIMIT {MOST_FOUND}",
            {**about, "text": search},
        )
        return DropList(step_id, rule, len(found), ids=tuple(row[0] for row in found))
    total = int(named(store, f"SELECT count(*) {_OWN}", about)[0][0])
    if total <= LONG:
        return DropList(step_id, rule, total)
    keys = named(
        store,
        f"SELECT file, line, rule, row_id FROM (SELECT coalesce(l.file, '') AS file, coalesce(l.line, -1) AS line, "
        f"l.rule AS rule, coalesce(l.row_id, '') AS row_id, row_number() OVER (ORDER BY {_KEY}) - 1 AS nth {_OWN}) "
        f"WHERE nth % {STRIDE} = 0 ORDER BY nth",
        about,
    )
    return DropList(step_id, rule, total, tuple((row[0], row[1], row[2], row[3]) for row in keys))


def drop_page(store: Store, run_id: str, of: DropList, begin: int, end: int) -> list[DropRow]:
    """The dropped rows from position ``begin``, a multiple of ``STRIDE``, up to ``end``."""
    about: dict[str, Any] = {"run": run_id, "step": of.step_id, "rule": of.rule}
    condition = "s.step_id = $step AND ($rule IS NULL OR l.rule = $rule)"
    if of.ids is not None:
        condition += " AND list_contains($ids, l.row_id)"
        about["ids"] = list(of.ids[begin:end])
    elif of.bounds:
        low, high = of.bounds[begin // STRIDE], -(-end // STRIDE)
        condition += f" AND {_beyond('>', '>=', 'a')}"
        about |= {f"a{at}": value for at, value in enumerate(low)}
        if high < len(of.bounds):
            condition += f" AND {_beyond('<', '<', 'b')}"
            about |= {f"b{at}": value for at, value in enumerate(of.bounds[high])}
    else:
        return _with_rows(store, condition, f"ORDER BY {_KEY} LIMIT {end - begin} OFFSET {begin}", about)
    return _with_rows(store, condition, "", about)


def _beyond(op: str, last: str, name: str) -> str:
    """A comparison of all keys with a bound, spelt out: DuckDB takes no two of them on tuples for a range."""
    *firsts, final = enumerate(_KEYS)
    condition = f"{final[1]} {last} ${name}{final[0]}"
    for at, key in reversed(firsts):
        condition = f"({key} {op} ${name}{at} OR ({key} = ${name}{at} AND {condition}))"
    return condition


def first_drops(store: Store, run_id: str, step_id: str | None, rule: str | None, limit: int) -> list[DropRow]:
    """The first dropped rows of each rule, of a run, a step, or a rule of a step; in the order of the plan."""
    return _with_rows(
        store,
        "($step IS NULL OR s.step_id = $step) AND ($rule IS NULL OR l.rule = $rule)",
        f"QUALIFY row_number() OVER (PARTITION BY s.ordinal, l.rule ORDER BY {_KEY}) <= $limit",
        {"run": run_id, "step": step_id, "rule": rule, "limit": limit},
    )


def _with_rows(store: Store, condition: str, tail: str, about: dict[str, Any]) -> list[DropRow]:
    """Entries of the ledger with what their rows hold, and the row that stood in for each."""
    with store.reading():  # several questions, one opening
        return _joined(store, condition, tail, about)


def _joined(store: Store, condition: str, tail: str, about: dict[str, Any]) -> list[DropRow]:
    page = f"FROM steps s JOIN ledger l USING (step_hash) WHERE s.run_id = $run AND {condition} {tail}"
    ids = {row_id for row in named(store, f"SELECT l.row_id, l.survivor {page}", about) for row_id in row if row_id}
    rows = named(
        store,
        f"""
        WITH page AS (SELECT s.ordinal, s.step_id, l.*, row_number() OVER () AS nth {page}
        ), shown AS ({_held(store, about["run"], sorted(ids))}
        ), own AS (  -- equal rows of two sources have one id: the place in the ledger tells which it was
            SELECT p.*, d.source, d.file AS d_file, d.line AS d_line, d.content
            FROM page p LEFT JOIN shown d ON d.row_id = p.row_id AND coalesce(d.file = p.file AND d.line = p.line, true)
            QUALIFY row_number() OVER (PARTITION BY p.nth ORDER BY d.file, d.line) = 1
        )
        SELECT l.step_id, l.rule, l.row_id, coalesce(l.file, l.d_file), coalesce(l.line, l.d_line), l.value, l.detail,
               l.content, l.survivor, k.file, k.line, k.content
        FROM own l
        LEFT JOIN shown k ON k.row_id = l.survivor
        LEFT JOIN ledger f ON f.step_hash = l.step_hash AND f.file = k.file AND f.line = k.line  -- it fell as well
        QUALIFY row_number() OVER (
            PARTITION BY l.nth ORDER BY f.rule IS NOT NULL, k.source IS DISTINCT FROM l.source, k.file, k.line) = 1
        ORDER BY l.ordinal, {_KEY}
        """,
        about,
    )
    return [DropRow(*row) for row in rows]


def _held(store: Store, run_id: str, ids: Sequence[str]) -> str:
    """SQL for the rows of a run with these ids: source, id, content, file and line.

    Found by two looks into each file: the places of the ids, by one column, and then those rows alone. In one look
    everything that the rows hold would be read, which is most of the file: 0.8 s of a million rows, and not 0.15.
    """
    selects = []
    for (step_hash,) in store.query("SELECT DISTINCT step_hash FROM steps WHERE run_id = ?", [run_id]):
        path = Objects(store.root / "objects").path(step_hash) / EXAMPLES
        if not ids or not path.exists():
            continue
        found = store.query(f"SELECT {PLACE} FROM {parquet(path)} WHERE row_id IN (SELECT unnest(?))", [list(ids)])
        if found:
            places = ", ".join(str(int(row[0])) for row in found)
            columns = f"{literal(step_hash)} AS source, row_id, content, file, line"
            selects.append(f"SELECT {columns} FROM {parquet(path)} WHERE {PLACE} IN ({places})")
    none = ", ".join(f"NULL::VARCHAR AS {name}" for name in ("source", "row_id", "content", "file"))
    return " UNION ALL ".join(selects) or f"SELECT {none}, NULL::BIGINT AS line WHERE false"
