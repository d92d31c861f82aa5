"""The part of ``data.py`` that kills a run in each of its steps, and looks whether anybody can tell.

What is compared costs one more pass over every file and an export.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from pathlib import Path

from benchmarks.data import measured, start
from runtime.relational import PLACE, engine, parquet
from runtime.store import Store


def run_kills(folder: Path, kills: int) -> None:
    """Kill a run in one step after the other, at a random time of it, continue, and compare what it made with an
    undisturbed run."""
    shutil.rmtree(folder / ".sft", ignore_errors=True)
    measured(folder, "run", "data.sft", "--plain")
    expected = fingerprints(folder / ".sft")
    steps = Store(folder / ".sft").query("SELECT step_id, seconds FROM steps ORDER BY ordinal")
    shutil.rmtree(folder / ".sft")
    random.seed(0)
    for kill in range(kills):
        at = max(kill, finished(folder))  # a machine that is quicker than before may have come further
        if at >= len(steps):
            break
        step, seconds = steps[at]
        kill_in(folder, step, random.uniform(0, 0.6 * seconds))
    measured(folder, "run", "data.sft", "--plain")
    found = fingerprints(folder / ".sft")
    if found != expected:
        raise SystemExit("a killed run ended with something else")
    print(f"after {kills} kills: {len(found)} files, the rows, the ledger and the exported bytes as undisturbed")


def kill_in(folder: Path, step: str, after: float) -> None:
    """Start a run, and kill it so many seconds after it has begun a step."""
    process = start(folder, "run", "data.sft", "--plain")
    assert process.stdout is not None
    begun = any(line.split() == [step, "…"] for line in process.stdout)
    time.sleep(after if begun else 0)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    what = f"killed {after:.1f} s after {step} began" if begun and alive else f"ended before it was killed in {step}"
    print(f"{what}, with {finished(folder)} steps done", flush=True)


def finished(folder: Path) -> int:
    """How many steps a store has whole."""
    return len(list((folder / ".sft" / "objects").glob("*/meta.json")))


def fingerprints(store: Path) -> dict[str, str]:
    """Hashes of the rows of every file by step, in their order, of the ledger, and of the bytes of an export.

    Not of the files themselves: where DuckDB cuts the row groups of a Parquet file depends on which thread is quicker.
    """
    found = {}
    with engine(store) as db:
        for path in sorted((store / "objects").glob("*/*.parquet")):
            rows = f"SELECT md5(r::VARCHAR) AS h, r.{PLACE} AS place FROM (SELECT *, {PLACE} FROM {parquet(path)}) AS r"
            found[f"{path.parent.name}/{path.name}"] = db.value(
                f"SELECT md5(string_agg(h, '' ORDER BY place)) FROM ({rows})"
            )
    ledger = Store(store).query("SELECT hash(list(l ORDER BY l)) FROM (SELECT md5(ledger::VARCHAR) AS l FROM ledger)")
    left = [path.name for path in (store / "objects").iterdir() if path.name.endswith(".partial")]
    out = store.parent / "out"
    measured(store.parent, "export", "all", "--file", "data.sft", "--to", str(out), "--replace")
    for path in sorted(out.glob("*.jsonl")):
        with path.open("rb") as handle:
            found[path.name] = hashlib.file_digest(handle, "sha256").hexdigest()
    shutil.rmtree(out)
    return found | {"ledger": str(ledger), "left behind": repr(left)}
