"""Which results of a store are a run's own.

Results hang on step hashes, so whatever asks for those of a run goes through its steps. A hash alone says too much: a
run that was killed, or that a full disk stopped, has the hashes of the run that went on from there, and none of its
results. So a step's results are a run's own where the run did the step or took it from an earlier run; those that come
bit by bit (answers, a course of training) from the time it began the step, until another run has finished it instead.

These are relations to be asked in the place of ``steps``, which costs nothing: the conditions are on the same rows.
"""

from __future__ import annotations

from runtime.store import Store

_MADE = "s.status IN ('done', 'cached')"
_LATER = "r.run_id <> s.run_id AND r.finished_at >= s.started_at"
_BEGUN = f"""({_MADE} OR (s.status IN ('running', 'failed') OR s.started_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM results r WHERE r.step_hash = s.step_hash AND {_LATER}))"""

MADE_STEPS = f"(SELECT s.* FROM steps s WHERE {_MADE})"
BEGUN_STEPS = f"(SELECT s.* FROM steps s WHERE {_BEGUN})"


def made_steps(store: Store, run_id: str) -> frozenset[str]:
    """The ids of the steps that a run did, or took from an earlier run."""
    return frozenset(row[0] for row in store.query(f"SELECT step_id FROM {MADE_STEPS} WHERE run_id = ?", [run_id]))


def begun_steps(store: Store, run_id: str) -> frozenset[str]:
    """Those, and the ones that it began and that no other run has finished since."""
    return frozenset(row[0] for row in store.query(f"SELECT step_id FROM {BEGUN_STEPS} WHERE run_id = ?", [run_id]))


def finished_by(store: Store, run_id: str) -> dict[str, str]:
    """Step id -> the run that has done it since this run began, of the steps that this one did not do."""
    rows = store.query(
        f"""
        SELECT s.step_id, r.run_id FROM steps s JOIN results r USING (step_hash) JOIN runs o ON o.run_id = s.run_id
        WHERE s.run_id = ? AND NOT {_MADE} AND r.run_id <> s.run_id AND r.finished_at >= o.started_at
        """,
        [run_id],
    )
    return {row[0]: row[1] for row in rows}
