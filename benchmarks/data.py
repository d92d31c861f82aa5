"""The data engine at scale: time, processor time, peak memory and disk of whole runs, beside Hugging Face datasets.

    python benchmarks/data.py                       1,000,000 rows through every step; three predicates beside datasets
    python benchmarks/data.py --rows 5_000_000      another size; with several sizes, also the cost a million rows
    python benchmarks/data.py --near                near deduplication in the filter, too
    python benchmarks/data.py --kill 6              kill a run in each of its six steps, continue, compare rows
    python benchmarks/data.py --only peers pipeline some parts: peers, check, pipeline, kill

Rows are made here (``instruction_rows``: 1 kB each, five languages, duplicates), the same ones in every run. A run is
one process, ``sft run``, from the JSONL file to the mixture: ingest, three predicates, exact deduplication, split,
render, mix. Peak memory is the kernel's figure for that process; by step it is sampled. Afterwards the ledger is summed
by SQL: rows in = rows out + rows dropped, and one entry a dropped row. ``datasets`` lives in ``.venv-bench`` (see
``requirements.txt``); ``filter`` there is timed as people write it, one Python call a row, on one and on two processes,
and also batched. Both sides read rows that their own reader has converted already, and have to keep the same number.

Figures and what they mean: ``docs/scale.md``. A million rows need 3 GB of disk, five million 15.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PEER = ROOT / ".venv-bench" / "bin" / "python"
PARTS = ("peers", "check", "pipeline", "kill")

SPEC = """\
edition 2026

source rows {{
  path    = "rows.jsonl"
  licence = "CC0-1.0"
  origin  = model
}}

filter clean {{
  keep words(instruction) in 2..200
  keep characters(output) in 1..8_000
  drop output matches r"(?i)\\bas an ai language model\\b"
{dedup}}}

template plain {{
  user      = "{{instruction}}"
  assistant = "{{output}}"
}}

task chat {{
  from      = rows
  filters   = [clean]
  templates = [plain]
  split {{ key = instruction   train = 95%   test = 5% }}
}}

mixture all {{
  use chat.train
  use chat.test weight 7%
  repeats = 2
}}
"""
EXACT, NEAR = "  dedup exact on instruction\n", "  dedup near on instruction at 90%\n"


@dataclass
class Used:
    """What a process used: seconds by the clock and of processors, peak MB, and by step (seconds, peak MB)."""

    wall: float
    cpu: float
    peak: float
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)


def write_project(folder: Path, rows: int, dedup: str = EXACT) -> Path:
    """A spec beside so many rows (made anew only when they are not there)."""
    from benchmarks.instruction_rows import write_rows

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "rows.jsonl").exists():
        write_rows(folder / "rows.tmp", rows)
        (folder / "rows.tmp").rename(folder / "rows.jsonl")
    (folder / "data.sft").write_text(SPEC.format(dedup=dedup), encoding="utf-8")
    return folder


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    """``sft COMMAND`` in a project, with a cache of its own."""
    environment = {**os.environ, "SFT_CACHE_DIR": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "sft", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def measured(folder: Path, *command: str) -> Used:
    """Run a command that has to succeed."""
    begun = time.perf_counter()
    process = start(folder, *command)
    current, peaks, words = ["start"], dict[str, float](), list[str]()

    def sample() -> None:
        while current:  # `poll` would take the end of the process from `wait4` below
            peaks[current[0]] = max(peaks.get(current[0], 0.0), _resident(process.pid))
            time.sleep(0.02)

    watching = threading.Thread(target=sample, daemon=True)
    watching.start()
    assert process.stdout is not None
    for line in process.stdout:
        words.append(line)
        if line.rstrip().endswith("…"):
            current[0] = line.split()[0]
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    current.clear()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("".join(words)[-3000:])
    steps = {name: (0.0, peak) for name, peak in peaks.items() if ":" in name}
    return Used(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, steps)


def _resident(pid: int) -> float:
    """MB that a process has in memory; 0 when it is gone, or where there is no /proc."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def run_pipeline(folder: Path) -> None:
    """One whole run, its costs by step, and the sums of its ledger."""
    from runtime.store import Store

    shutil.rmtree(folder / ".sft", ignore_errors=True)
    used = measured(folder, "run", "data.sft", "--plain")
    store = Store(folder / ".sft")
    rows = store.query(
        "SELECT step_id, seconds, rows_in, rows_out, rows_dropped, step_hash FROM steps ORDER BY ordinal"
    )
    heads = ("s", 7), ("peak MB", 8), ("rows in", 11), ("out", 11), ("dropped", 9), ("ledger", 9), ("disk MB", 8)
    print(f"\n{'step':<20} " + " ".join(f"{name:>{width}}" for name, width in heads))
    for step, seconds, rows_in, out, dropped, digest in rows:
        entries = store.query("SELECT count(*) FROM ledger WHERE step_hash = ?", [digest])[0][0]
        if rows_in != out + dropped or entries != dropped:
            raise SystemExit(f"{step}: the ledger does not add up")
        peak = used.steps.get(step, (0.0, 0.0))[1]
        size = disk(folder / ".sft" / "objects" / digest)
        print(f"{step:<20} {seconds:7.1f} {peak:8.0f} {rows_in:11,} {out:11,} {dropped:9,} {entries:9,} {size:8.0f}")
    whole = store.query(
        "SELECT sum(rows_in), sum(rows_out), sum(rows_dropped), (SELECT count(*) FROM ledger) FROM steps"
    )[0]
    print(f"ledger, by SQL: {whole[0]:,} in = {whole[1]:,} out + {whole[2]:,} dropped; {whole[3]:,} entries")
    count, size = rows[0][2], (folder / "rows.jsonl").stat().st_size / 1e6
    print(
        f"{count:,} rows ({size:,.0f} MB): {used.wall:.1f} s, {used.cpu:.1f} s of processors, peak "
        f"{used.peak:,.0f} MB, store {disk(folder / '.sft'):,.0f} MB; a million rows: {used.wall / count * 1e6:.1f} s"
    )


def disk(folder: Path) -> float:
    """MB below a folder; a file with two names counts once."""
    files = {path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return sum(files.values()) / 1e6


def run_check(folder: Path) -> None:
    """`sft check` with nothing known of the file, and once it is."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    for when in ("first", "again"):
        used = measured(folder, "check", "data.sft")
        print(f"sft check, {when}: {used.wall:.1f} s, {used.cpu:.1f} s of processors, peak {used.peak:,.0f} MB")


def run_peers(folder: Path) -> None:
    """Three predicates: the filter step beside ``datasets.filter``.

    ``datasets.filter`` writes down which rows stay; the step of sft also why each of the others falls, with the value
    that was measured, and then the rows that stay. So each is told both ways: judged only, and with the rows written.
    """
    from runtime.store import Store

    (folder / "data.sft").write_text(SPEC.format(dedup=""), encoding="utf-8")
    shutil.rmtree(folder / ".sft", ignore_errors=True)
    measured(folder, "run", "data.sft", "--plain", "--only", "filter:chat.clean")
    ours, kept = Store(folder / ".sft").query("SELECT seconds, rows_out FROM steps WHERE kind = 'filter'")[0]
    judged = judging(folder)
    done = subprocess.run(
        [PEER, ROOT / "benchmarks" / "data_peers.py", folder / "rows.jsonl", folder / "peers"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    print(f"\n{'three predicates':<38} {'s':>7} {'kept':>9} {'of sft':>7}")
    print(f"{'sft, judged':<38} {judged:7.1f} {kept:9,}\n{'sft, the whole step':<38} {ours:7.1f} {kept:9,}")
    for line in done.stdout.splitlines():
        peer = json.loads(line)
        if peer["kept"] != kept:
            raise SystemExit(f"{peer['name']} keeps {peer['kept']:,} rows, and sft {kept:,}")
        ratio = peer["seconds"] / (ours if "parquet" in peer["name"] else judged)
        print(f"{peer['name']:<38} {peer['seconds']:7.1f} {peer['kept']:9,} {ratio:7.1f}", flush=True)


def judging(folder: Path) -> float:
    """Seconds in which the filter's statement finds who falls, to which rule and with what value; the better of two."""
    from compiler.plan import Plan
    from runtime.relational import engine
    from runtime.step_rows import view_rows
    from runtime.steps.filter import statement
    from runtime.store import Store

    store = Store(folder / ".sft")
    plan = Plan.model_validate_json(store.query("SELECT plan FROM runs")[0][0])
    rules = plan.step("filter:chat.clean").params.rules
    source = store.root / "objects" / plan.step("ingest:rows").hash
    seconds = []
    for _ in range(2):
        with engine(folder) as db:
            view_rows(db, source)
            db.execute("CREATE TABLE dropped (ord BIGINT, rule INTEGER, value VARCHAR)")
            begun = time.perf_counter()
            db.execute(*statement(0, rules, "rows"))
            seconds.append(time.perf_counter() - begun)
    return min(seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    from benchmarks.data_kills import run_kills

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--near", action="store_true", help="near deduplication in the filter, too")
    parser.add_argument("--kill", type=int, default=0, metavar="TIMES")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--peer-rows", type=int, default=200_000, help="rows for the comparison with datasets")
    parser.add_argument("--folder", type=Path, help="work there, and keep the rows for another time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sft-data-") as temporary:
        base: Path = options.folder or Path(temporary)
        if "peers" in options.only:
            run_peers(write_project(base / str(options.peer_rows), options.peer_rows))
        for rows in options.rows:
            folder = write_project(base / str(rows), rows, EXACT + NEAR if options.near else EXACT)
            if "check" in options.only:
                run_check(folder)
            if "pipeline" in options.only:
                run_pipeline(folder)
            if "kill" in options.only and options.kill:
                run_kills(folder, options.kill)


if __name__ == "__main__":
    main()
