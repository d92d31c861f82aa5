"""Stores for the states of the dashboard that a finished run does not show: a run that goes on, one that was killed,
one that failed, none, a judge, data with near duplicates and overlaps, texts that are made to do harm.

They are those that the dashboard's tests build, so each takes a second or two and none runs a model for long.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.store import Store
from tests.tui import data_store, judged_store, sample_store
from tests.tui.sample_store import RUN

HOLD = "import duckdb, sys; kept = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def _sample(folder: Path) -> Store:
    return sample_store.build(folder)


def _hostile(folder: Path) -> Store:
    return sample_store.build(folder, hostile=True)


def _going(folder: Path) -> Store:
    return sample_store.build(folder, status="running")


def _killed(folder: Path) -> Store:
    process = subprocess.Popen(["true"])
    process.wait()
    return sample_store.build(folder, status="interrupted", pid=process.pid)


def _failed(folder: Path) -> Store:
    """The second of two runs has failed in its training."""
    store = sample_store.build(folder)
    message = "the training step needs 9.4 GB and the device has 8.0 GB"
    help = "a smaller `batch`, or `gradient_checkpointing = true`"
    with store.writing() as con:
        con.execute(
            "INSERT INTO runs SELECT * REPLACE (run_id || 'x' AS run_id, 'failed' AS status, NULL AS verdict, "
            "started_at + INTERVAL 1 MINUTE AS started_at, ? AS error) FROM runs",
            [message],
        )
        con.execute(
            "INSERT INTO steps SELECT * REPLACE (run_id || 'x' AS run_id, CASE WHEN ordinal < 5 THEN 'cached' "
            "WHEN ordinal = 5 THEN 'failed' ELSE 'skipped' END AS status, CASE WHEN ordinal = 5 THEN ? END AS "
            "error, CASE WHEN ordinal > 5 THEN 'train:tuned failed' ELSE reason END AS reason, CASE WHEN "
            "ordinal < 5 THEN rows_in END AS rows_in, CASE WHEN ordinal < 5 THEN rows_out END AS rows_out, "
            "CASE WHEN ordinal < 6 THEN seconds END AS seconds) FROM steps",
            [message],
        )
        con.execute(
            "INSERT INTO findings VALUES (?, 0, 'train:tuned', 'SFT0570', ?, ?, 'triage.sft', 15, 1, 'error')",
            [RUN + "x", message, help],
        )
    return store


def _empty(folder: Path) -> Store:
    return Store(folder / ".sft")


MADE: dict[str, Callable[[Path], Store]] = {
    "sample": _sample,
    "hostile": _hostile,
    "going": _going,
    "killed": _killed,
    "failed": _failed,
    "empty": _empty,
    "data": data_store.build,
    "judged": judged_store.build,
}


@contextmanager
def held(store: Store) -> Iterator[None]:
    """Another process has the store."""
    words = [sys.executable, "-c", HOLD, str(store.root / "results.duckdb")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.communicate("")
