"""Decontamination of 100,000 rows against 5 evals of 1,000 items: seconds and peak memory, beside plain Python sets.

    python benchmarks/decontaminate.py [ROWS]

Both sides get the same rows of made-up words, in which every 200th row holds a held-out item, and have to find those.
The baseline is what scripts do: a set of the evals' 8-grams, and any hit counts; it gives no coverage, no item and no
text. The step is the whole one, Parquet in and out, ledger and tables written. Each side runs in a process of its own,
twice, one after the other; processor seconds hardly depend on what else the machine does, the clock does.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

ROWS, EVALS, ITEMS, NGRAM = 100_000, 5, 1_000, 8
ROOT = Path(__file__).parent.parent


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sft-bench-") as folder:
        write(Path(folder), rows)
        print(f"{rows:,} rows against {EVALS} evals of {ITEMS:,} items")
        for side in ("step", "sets", "step", "sets"):
            command = [sys.executable, __file__, side, folder]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            print(f"{side:>5}  {done.stdout.strip()}", flush=True)


def write(folder: Path, count: int) -> None:
    """Rows of 10 to 60 and 30 to 100 words, items of 5 to 80, as the step before would leave them."""
    from runtime.relational import engine

    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(30_000)]

    def text(low: int, high: int) -> str:
        return " ".join(draw.choices(words, k=draw.randint(low, high)))

    items = [(f"i{number}", text(5, 80), "yes", f"e{number // ITEMS}") for number in range(EVALS * ITEMS)]
    with engine(folder) as db:
        for name, rows in (("items", iter(items)), ("rows", _rows(count, items, draw, text))):
            (folder / name).mkdir()
            _copy(db, rows, folder / name / "rows.parquet")


def _rows(count: int, items: list[tuple[str, str, str, str]], draw: random.Random, text: object) -> Iterator[object]:
    for number in range(count):
        prompt = items[int(draw.random() * len(items))][1] if number % 200 == 0 else text(10, 60)  # type: ignore[operator]
        yield f"r{number}", prompt, text(30, 100), "train"  # type: ignore[operator]


def _copy(db: object, rows: Iterator[object], path: Path) -> None:
    listed = [list(column) for column in zip(*rows, strict=True)]  # type: ignore[arg-type]
    lines = list(range(1, len(listed[0]) + 1))
    db.copy(  # type: ignore[attr-defined]
        "SELECT unnest(?::VARCHAR[]) AS __row_id, unnest(?::VARCHAR[]) AS q, unnest(?::VARCHAR[]) AS a, "
        "unnest(?::VARCHAR[]) AS __split, unnest(?::BIGINT[]) AS __line, 'rows.jsonl' AS __file",
        path,
        [*listed, lines],
    )


def run_step(folder: Path) -> int:
    """The whole step in a store of its own; how many rows it dropped."""
    from compiler.plan import Place, Step, StepKind, step_hash
    from compiler.step_params import DecontaminateParams, HeldOutRows
    from runtime.context import StepContext, StopFlag
    from runtime.events import EventWriter
    from runtime.steps.decontaminate import run
    from runtime.store import Store

    share = Decimal("0.5")
    against = tuple(
        HeldOutRows(input="items", part=f"e{at}", texts=("q",), ngram=NGRAM, coverage=share) for at in range(EVALS)
    )
    params = DecontaminateParams(part="train", texts=("q", "a"), against=against)
    kind, place = StepKind.DECONTAMINATE, Place(path="b.sft", line=1, column=1, end_line=1, end_column=1)
    step = Step(
        kind=kind, name="rows", params=params, inputs={}, content={}, local={}, place=place, version=1,
        hash=step_hash(kind, 1, params, {}, {}),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        out = Path(scratch, "out")
        out.mkdir()
        store = Store(Path(scratch, "store")).create()
        inputs = {"rows": folder / "rows", "items": folder / "items"}
        events = EventWriter(Path(scratch, "events.jsonl"))
        return run(StepContext(step, "r", folder, inputs, {}, out, store, events, StopFlag())).rows_dropped


def run_sets(folder: Path) -> int:
    """Any shared 8-gram, by Python's sets; how many rows have one. Reads the same files."""
    from runtime.relational import engine, parquet

    def grams(text: str) -> Iterator[tuple[str, ...]]:
        found = re.findall(r"\w+", text.casefold())
        return zip(*(found[at:] for at in range(NGRAM)), strict=False)

    with engine(folder) as db:
        held = {
            gram
            for (text,) in db.rows(f"SELECT q FROM {parquet(folder / 'items' / 'rows.parquet')}")
            for gram in grams(text)
        }
        rows = db.rows(f"SELECT q || ' ' || a FROM {parquet(folder / 'rows' / 'rows.parquet')}")
    return sum(any(gram in held for gram in grams(text)) for (text,) in rows)


def peak() -> int:
    """The most memory that this process had, in MB; the kernel's `ru_maxrss` would begin with what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def measured(side: str, folder: Path) -> None:
    before = peak()
    clock, processor = time.perf_counter(), time.process_time()
    dropped = run_step(folder) if side == "step" else run_sets(folder)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(
        f"{dropped:,} rows found, {clock:.1f} s by the clock, {processor:.1f} s of processor, "
        f"{peak():,} MB ({before} before)"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if len(sys.argv) == 3:
        measured(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
