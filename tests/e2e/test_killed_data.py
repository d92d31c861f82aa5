"""Data steps killed at any point and started again: the bytes of an undisturbed run, and a ledger that adds up."""

from __future__ import annotations

from pathlib import Path

from benchmarks.data import start, write_project
from benchmarks.data_kills import fingerprints
from runtime.store import Store

ROWS = 3_000
# A run is killed when this many steps have begun in it, of seven; those that are there already begin no more.
BEGUN = (1, 2, 1, 2)


def kill_when_begun(folder: Path, count: int) -> None:
    """Kill a run when it has begun so many steps: it says so of each on a line of its own, so nothing is polled."""
    process = start(folder, "run", "data.sft", "--plain")
    assert process.stdout is not None
    begun = 0
    for line in process.stdout:
        begun += line.rstrip().endswith("…")
        if begun == count:
            break
    process.kill()
    process.communicate()


def run(folder: Path) -> dict[str, str]:
    process = start(folder, "run", "data.sft", "--plain")
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    return fingerprints(folder / ".sft")


def test_killed_data_steps_end_with_the_same_bytes(tmp_path: Path) -> None:
    whole = run(write_project(tmp_path / "whole", ROWS))
    folder = write_project(tmp_path / "killed", ROWS)
    for count in BEGUN:
        kill_when_begun(folder, count)
    assert run(folder) == whole
    store = Store(folder / ".sft")
    unbalanced = store.query(
        "SELECT step_id FROM steps s JOIN runs USING (run_id) WHERE runs.status = 'done' AND (rows_in <> rows_out + "
        "rows_dropped OR rows_dropped <> (SELECT count(*) FROM ledger l WHERE l.step_hash = s.step_hash))"
    )
    assert unbalanced == []
    states = [state for (state,) in store.query("SELECT status FROM runs ORDER BY started_at")]
    assert states == ["interrupted"] * len(BEGUN) + ["done"]
