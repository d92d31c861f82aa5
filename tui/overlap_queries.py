"""What decontamination found in a run: held-out sets, the items that rows give away, and those rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.own_results import BEGUN_STEPS
from runtime.store import Store
from tui.queries import named


@dataclass(frozen=True, slots=True)
class OverlapSet:
    """One held-out set of one step. ``hit`` items are given away by ``rows`` rows; of ``touched`` items, some row has a
    run of words; ``highest`` is the largest share that any row covers of an item that is not hit."""

    step_id: str
    rows_in: int | None
    against: int
    text: str
    reason: str | None
    items: int
    without_words: int
    hit: int
    touched: int
    rows: int
    dropped: int
    highest: float | None


@dataclass(frozen=True, slots=True)
class OverlapItem:
    """A held-out item with the row that covers most of it, and how many rows cover enough."""

    step_id: str
    against: int
    item: str
    words: int
    covered: int
    rows: int
    row_id: str
    file: str | None
    line: int | None
    matched: str


def overlap_sets(store: Store, run_id: str) -> list[OverlapSet]:
    """All held-out sets of a run's steps that have compared their rows, in plan order: also of one that failed because
    it left no row."""
    if not store.query("SELECT 1 FROM steps WHERE run_id = ? AND kind = 'decontaminate' LIMIT 1", [run_id]):
        return []  # and a store of an earlier version has no tables to ask
    found = named(
        store,
        f"""
        WITH step AS (
            SELECT ordinal, step_id, step_hash, rows_in FROM {BEGUN_STEPS}
            WHERE run_id = $run AND kind = 'decontaminate' AND (
                status IN ('done', 'cached') OR step_hash IN (SELECT step_hash FROM overlap_items)
            )
        ), item AS (
            SELECT step_hash, against, count(*) AS items, count(*) FILTER (words = 0) AS without_words,
                   count(*) FILTER (rows > 0) AS hit, count(*) FILTER (covered > 0) AS touched,
                   max(covered / words) FILTER (rows = 0 AND words > 0) AS highest
            FROM overlap_items GROUP BY ALL
        ), gone AS (SELECT step_hash, against, count(*) AS rows FROM overlap_rows GROUP BY ALL),
        fallen AS (SELECT step_hash, rule, count(*) AS dropped FROM ledger GROUP BY ALL)
        SELECT step.step_id, step.rows_in, rules.rule::INTEGER, rules.text, rules.reason, coalesce(item.items, 0),
               coalesce(item.without_words, 0), coalesce(item.hit, 0), coalesce(item.touched, 0),
               coalesce(gone.rows, 0), coalesce(fallen.dropped, 0), item.highest
        FROM step JOIN rules ON rules.run_id = $run AND rules.step_id = step.step_id
        LEFT JOIN item ON item.step_hash = step.step_hash AND item.against::TEXT = rules.rule
        LEFT JOIN gone ON gone.step_hash = step.step_hash AND gone.against::TEXT = rules.rule
        LEFT JOIN fallen ON fallen.step_hash = step.step_hash AND fallen.rule = rules.rule
        ORDER BY step.ordinal, rules.rule::INTEGER
        """,
        {"run": run_id},
    )
    return [OverlapSet(*row) for row in found]


def overlap_items(store: Store, run_id: str, step_id: str | None, limit: int) -> list[OverlapItem]:
    """The items of which some row covers most, the largest share first."""
    found = named(
        store,
        f"""
        WITH shown AS (
            SELECT s.ordinal, s.step_id, o.* FROM {BEGUN_STEPS} s JOIN overlap_items o USING (step_hash)
            WHERE s.run_id = $run AND ($step IS NULL OR s.step_id = $step) AND o.covered > 0
            ORDER BY o.covered / o.words DESC, o.words DESC, s.ordinal, o.against, o.item LIMIT $limit
        ), place AS (
            SELECT DISTINCT ON (row_id) row_id, file, line FROM examples
            WHERE row_id IN (SELECT closest FROM shown)
              AND step_hash IN (SELECT step_hash FROM steps WHERE run_id = $run)
            ORDER BY row_id, file, line
        )
        SELECT step_id, against, item, words, covered, rows, closest, file, line, matched
        FROM shown LEFT JOIN place ON place.row_id = closest
        ORDER BY covered / words DESC, words DESC, ordinal, against, item
        """,
        {"run": run_id, "step": step_id, "limit": limit},
    )
    return [OverlapItem(*row) for row in found]


def row_contents(store: Store, run_id: str, row_ids: Sequence[str]) -> dict[str, str]:
    """What rows of a run hold, by id; of equal rows of two sources, one."""
    found = named(
        store,
        "SELECT row_id, any_value(content::VARCHAR) FROM examples WHERE list_contains($ids, row_id) AND step_hash IN "
        "(SELECT step_hash FROM steps WHERE run_id = $run AND kind = 'ingest') GROUP BY row_id",
        {"run": run_id, "ids": list(row_ids)},
    )
    return {row[0]: row[1] for row in found}
