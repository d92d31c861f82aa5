"""What the dashboard and ``sft show`` ask of the ledger: how many rows fell to which rule, and which.

A dropped row is shown with what it holds, and a duplicate with the row that stands in for it. The ledger names rows by
ids, and equal rows of two files have one id; which of them is meant, their files and lines tell.

A list of any length is an array of places in the ledger (DuckDB's row ids), so a page is a look at those alone. Places
move when the file is rewritten after rows were deleted, so each has a hash beside it: a page that finds something else
there says that the list is stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.artifacts import Objects
from runtime.own_results import MADE_STEPS
from runtime.relational import PLACE, literal, parquet
from runtime.row_files import EXAMPLES
from runtime.store import Store
from tui.queries import named

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tui.item_index import Places


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
        f"""
        WITH fallen AS (
            SELECT s.step_id, l.rule, count(*) AS dropped,
                   CASE WHEN min(l.detail) = max(l.detail) THEN min(l.detail) END AS detail
            FROM {MADE_STEPS} s JOIN ledger l USING (step_hash) WHERE s.run_id = ? GROUP BY ALL
        ), named AS (SELECT step_id, rule, text, reason FROM rules WHERE run_id = ?)
        SELECT step_id, rule, n.text, coalesce(n.reason, f.detail), coalesce(f.dropped, 0)
        FROM named n FULL JOIN fallen f USING (step_id, rule)
        JOIN (SELECT step_id, ordinal FROM steps WHERE run_id = ?) s USING (step_id)
        ORDER BY s.ordinal, try_cast(rule AS INTEGER) NULLS LAST, rule
        """,
        [run_id, run_id, run_id],
    )
    return [RuleCount(*row) for row in rows]


class StaleList(Exception):
    """Places have moved since the list was made: it has to be made again."""


@dataclass(frozen=True)
class DropList:
    """The dropped rows of a step, or of one of its rules, in the order of their files: the place of each in the ledger,
    and a hash of what stands there. 16 bytes a row, whatever it holds."""

    step_id: str
    rule: str | None
    at: Places
    prints: NDArray[np.uint64]

    @property
    def total(self) -> int:
        return len(self.at)


_KEY = "coalesce(l.file, ''), coalesce(l.line, -1), l.rule, coalesce(l.row_id, '')"
_PRINT = f"hash({_KEY})"


def drop_list(store: Store, run_id: str, step_id: str, rule: str | None, search: str = "") -> DropList:
    """A list to read pages of. A million dropped rows are put in order once, which takes about a second.

    A search looks into the content of every row that the run read, and into what the ledger says of a row: a line that
    could not be read is found by its words there.
    """
    about = {"run": run_id, "step": step_id, "rule": rule, **({"text": search} if search else {})}
    with store.reading() as con:
        found = con.execute(
            f"SELECT l.rowid AS at, {_PRINT} AS print FROM {MADE_STEPS} s JOIN ledger l USING (step_hash) "
            f"WHERE s.run_id = $run AND s.step_id = $step AND ($rule IS NULL OR l.rule = $rule) "
            f"{_SEARCHED if search else ''} ORDER BY {_KEY}, l.rowid",
            about,
        ).fetchnumpy()
    return DropList(step_id, rule, found["at"], found["print"])


_SEARCHED = """AND (contains(lower(concat_ws(' ', l.value, l.detail)), lower($text)) OR l.row_id IN (
    SELECT row_id FROM examples WHERE step_hash IN (SELECT step_hash FROM steps WHERE run_id = $run)
    AND contains(lower(content::VARCHAR), lower($text))))"""


def drop_page(store: Store, run_id: str, of: DropList, begin: int, end: int) -> list[DropRow]:
    """The dropped rows from position ``begin`` up to ``end``. Raises StaleList."""
    places = [int(place) for place in of.at[begin:end]]
    if not places:
        return []
    # A join, of which only the groups with these rows are read; of a list in the text more are.
    these = "l.rowid IN (SELECT unnest($at::BIGINT[]))"
    about: dict[str, Any] = {"at": places}
    with store.reading():
        there: dict[int, int] = dict(named(store, f"SELECT l.rowid, {_PRINT} FROM ledger l WHERE {these}", about))
        if [there.get(place) for place in places] != [int(print_) for print_ in of.prints[begin:end]]:
            raise StaleList
        about |= {"run": run_id, "step": of.step_id}
        return _with_rows(store, f"s.step_id = $step AND {these}", "", about)


def first_drops(store: Store, run_id: str, step_id: str | None, rule: str | None, limit: int) -> list[DropRow]:
    """The first dropped rows of each rule, of a run, a step, or a rule of a step; in the order of the plan."""
    return _with_rows(
        store,
        "($step IS NULL OR s.step_id = $step) AND ($rule IS NULL OR l.rule = $rule)",
        f"QUALIFY row_number() OVER (PARTITION BY s.ordinal, l.rule ORDER BY {_KEY}, l.rowid) <= $limit",
        {"run": run_id, "step": step_id, "rule": rule, "limit": limit},
    )


def _with_rows(store: Store, condition: str, tail: str, about: dict[str, Any]) -> list[DropRow]:
    """Entries of the ledger with what their rows hold, and the row that stood in for each."""
    with store.reading():  # several questions, one opening
        return _joined(store, condition, tail, about)


def _joined(store: Store, condition: str, tail: str, about: dict[str, Any]) -> list[DropRow]:
    page = f"FROM {MADE_STEPS} s JOIN ledger l USING (step_hash) WHERE s.run_id = $run AND {condition} {tail}"
    ids = {row_id for row in named(store, f"SELECT l.row_id, l.survivor {page}", about) for row_id in row if row_id}
    rows = named(
        store,
        f"""
        WITH page AS (SELECT s.ordinal, s.step_id, l.*, l.rowid AS place, row_number() OVER () AS nth {page}
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
        ORDER BY l.ordinal, {_KEY}, l.place
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
    for (step_hash,) in store.query(f"SELECT DISTINCT step_hash FROM {MADE_STEPS} WHERE run_id = ?", [run_id]):
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
