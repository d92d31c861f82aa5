"""Marks and notes of items: the one thing that the dashboard writes into a store, in one short transaction each.

A mark is of an item (eval, template, row), not of a run, so it is still there when the next run answers the item again;
the run and model that were on show are kept with it, and with them the answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from msgspec import Struct

from runtime.store import Store
from tui.queries import named

PATIENCE_SECONDS = 10.0  # somebody pressed a key and waits


class Marked(Struct, frozen=True):
    """What is marked: the item, and the answer that was on show, of several the one at a place in ``predictions``."""

    eval: str
    template: str
    row_id: str
    run_id: str
    model: str
    place: int | None = None


class Mark(Struct, frozen=True):
    """A mark with the texts of its answer, and the row of the data that the item is: its content as JSON and where it
    stands; None where the source's rows are not in the store any more."""

    eval: str
    template: str
    row_id: str
    note: str
    run_id: str
    spec: str
    model: str
    marked_at: datetime
    prompt: str | None
    output: str | None
    expected: str | None
    content: str | None
    file: str | None
    line: int | None


def set_mark(store: Store, marked: Marked, note: str | None = None) -> None:
    """Mark an item; a note replaces the one that it has. Raises DiagnosticError SFT0901 when the store is held."""
    with replace(store, patience=max(store.patience, PATIENCE_SECONDS)).writing() as con:
        con.execute(
            """
            INSERT INTO marks (eval, template, row_id, note, run_id, model, step_hash, sample, marked_at)
            SELECT $eval, $template, $row_id, coalesce($note, ''), $run, $model, s.step_hash, coalesce((
                SELECT sample FROM predictions p
                WHERE p.rowid = $place AND p.step_hash = s.step_hash AND p.row_id = $row_id
            ), 0), $now FROM steps s
            WHERE s.run_id = $run AND s.kind = 'predict' AND s.labels->>'eval' = $eval AND s.labels->>'model' = $model
              AND s.labels->>'template' = $template LIMIT 1
            ON CONFLICT DO UPDATE SET note = coalesce($note, marks.note), run_id = excluded.run_id,
                model = excluded.model, step_hash = excluded.step_hash, sample = excluded.sample,
                marked_at = excluded.marked_at
            """,
            {
                "eval": marked.eval,
                "template": marked.template,
                "row_id": marked.row_id,
                "note": note,
                "run": marked.run_id,
                "place": marked.place,
                "model": marked.model,
                "now": datetime.now(UTC),
            },
        )


def remove_mark(store: Store, marked: Marked) -> None:
    """Take a mark away, with its note."""
    with replace(store, patience=max(store.patience, PATIENCE_SECONDS)).writing() as con:
        con.execute(
            "DELETE FROM marks WHERE eval = ? AND template = ? AND row_id = ?",
            [marked.eval, marked.template, marked.row_id],
        )


def notes(store: Store, eval_name: str) -> dict[tuple[str, str], str]:
    """(row id, template) -> note, of the marked items of an eval."""
    if not _has_marks(store):
        return {}
    rows = store.query("SELECT row_id, template, note FROM marks WHERE eval = ?", [eval_name])
    return {(row_id, template): note for row_id, template, note in rows}


# A store of an earlier version, which nobody could write since, does not say which of several answers it was.
_ALL = "(FROM marks UNION ALL BY NAME SELECT NULL::INTEGER AS sample WHERE false)"
_KNOWN = """known AS (
    SELECT DISTINCT labels->>'eval' AS eval, labels->>'template' AS template FROM steps
    WHERE run_id = $run AND kind = 'predict'
)"""


def marks(store: Store, run_id: str) -> list[Mark]:
    """The marked items of a run's evals, in the order in which they were marked. What an item's row holds and where it
    stands is of one row that the marked run read, or else this run: equal rows of a source have one id, and a row with
    a key of its own may say something else in each run."""
    if not _has_marks(store):
        return []
    rows = named(
        store,
        f"""
        WITH {_KNOWN}, content AS (
            SELECT DISTINCT ON (m.eval, m.template, m.row_id) m.eval, m.template, m.row_id,
                   e.content::VARCHAR AS content, e.file, e.line
            FROM marks m JOIN examples e USING (row_id)
            JOIN steps s ON s.step_hash = e.step_hash AND s.run_id IN (m.run_id, $run)
            WHERE e.row_id IN (SELECT row_id FROM marks)
            ORDER BY m.eval, m.template, m.row_id, s.run_id <> m.run_id, e.file, e.line
        )
        SELECT m.eval, m.template, m.row_id, m.note, m.run_id, coalesce(r.spec, ''), m.model, m.marked_at, p.prompt,
               p.output, p.expected, c.content, c.file, c.line
        FROM {_ALL} m JOIN known USING (eval, template) LEFT JOIN runs r ON r.run_id = m.run_id
        LEFT JOIN predictions p
            ON p.step_hash = m.step_hash AND p.row_id = m.row_id AND p.sample = coalesce(m.sample, 0)
        LEFT JOIN content c ON c.eval = m.eval AND c.template = m.template AND c.row_id = m.row_id
        ORDER BY m.marked_at, m.eval, m.template, m.row_id
        """,
        {"run": run_id},
    )
    return [Mark(*row) for row in rows]


def of_others(store: Store, run_id: str) -> int:
    """How many marks are of evals or templates that a run does not have, by their names."""
    if not _has_marks(store):
        return 0
    sql = f"WITH {_KNOWN} SELECT count(*) FROM marks ANTI JOIN known USING (eval, template)"
    return int(named(store, sql, {"run": run_id})[0][0])


def _has_marks(store: Store) -> bool:
    """Not in a store of an older version into which nobody has written since."""
    found = store.query(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'marks'"
    )
    return bool(found)
