"""Near-duplicate search beside datatrove's MinHash pipeline and datasketch, on the same rows in one run.

    python benchmarks/near_dedup.py [--rows N] [--texts DIR] [--only NAME ...]

Rows are instructions made by a chain of words over real texts (every string of the JSON and JSONL files in ``--texts``,
or of this project's pages), one in ten of them an earlier one with up to two words changed. Each side runs in a process
of its own, and is told in seconds on the clock, processor seconds, and the
peak memory of its largest process (datatrove's workers hide from both, so it is compared by the clock alone):

* sft at 90% and 80%: character trigrams, every pair verified by its exact Jaccard similarity;
* datasketch at 80%: character trigrams, ``MinHash`` of 128 permutations and ``MinHashLSH``, asked and then filled row
  by row; what it proposes is taken for a duplicate;
* datatrove: its four stages with their defaults (5-word shingles, 14 buckets of 8) in its local executor with as many
  workers as there are cores; what shares a bucket is taken for a duplicate.

Peers live in an environment of their own: ``make .venv-bench/.installed``. The clock means something only on a machine
that does nothing else; processor seconds mean something always.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-bench" / "bin" / "python"
SIDES = ("sft-90", "sft-80", "datasketch", "datatrove")


def texts_of(folder: Path | None) -> Iterator[str]:
    """Every string of the JSON files of a folder, or every paragraph of the project's pages."""
    if folder is None:
        for page in sorted((ROOT / "docs").glob("*.md")):
            yield from page.read_text(encoding="utf-8").split("\n\n")
        return
    for path in sorted(folder.rglob("*.json*")):
        if path.suffix in (".json", ".jsonl"):
            text = path.read_text(encoding="utf-8")
            for row in json.loads(text) if path.suffix == ".json" else map(json.loads, text.splitlines()):
                yield from _strings(row)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def make_rows(count: int, folder: Path | None, seed: int = 7) -> list[str]:
    """Instructions of 3 to 60 words, by a chain of words of second order; one in ten repeats another."""
    draw = random.Random(seed)
    follows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text in texts_of(folder):
        words = ["", "", *text.split()[:200], "\n"]
        for one, two, three in zip(words, words[1:], words[2:], strict=False):
            follows[one, two].append(three)
    rows: list[str] = []
    while len(rows) < count:
        if rows and draw.random() < 0.1:
            words = draw.choice(rows).split()
            for _ in range(draw.randint(0, 2)):
                words[draw.randrange(len(words))] = draw.choice(draw.choice(rows).split())
        else:
            one, two, words = "", "", []
            longest = draw.choice([8, 12, 20, 30, 60])
            while len(words) < longest and (word := draw.choice(follows[one, two])) != "\n":
                words.append(word)
                one, two = two, word
        if len(words) >= 3:
            rows.append(" ".join(words))
    return rows


def run_sft(rows: list[str], percent: int) -> int:
    from fractions import Fraction

    from runtime.near_duplicates import near_duplicates

    return len(near_duplicates(rows, Fraction(percent, 100)).rows)


def run_datasketch(rows: list[str]) -> int:
    from datasketch import MinHash, MinHashLSH

    index, dropped = MinHashLSH(threshold=0.8, num_perm=128), 0
    for number, text in enumerate(rows):
        padded = f" {' '.join(text.casefold().split())} "
        pieces = {padded[start : start + 3].encode() for start in range(len(padded) - 2)}
        sketch = MinHash(num_perm=128)
        sketch.update_batch(list(pieces))
        if index.query(sketch):
            dropped += 1
        else:
            index.insert(number, sketch)
    return dropped


def run_datatrove(rows: list[str]) -> int:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        root, config = Path(folder), MinhashConfig()
        for shard in range(workers):
            lines = [json.dumps({"text": text, "id": str(n)}) for n, text in enumerate(rows) if n % workers == shard]
            (root / "in").mkdir(exist_ok=True)
            (root / "in" / f"{shard}.jsonl").write_text("\n".join(lines), encoding="utf-8")

        def stage(name: str, tasks: int, *steps: Any) -> None:
            LocalPipelineExecutor(
                list(steps), tasks=tasks, workers=workers, logging_dir=str(root / "logs" / name)
            ).run()

        names = {name: str(root / name) for name in ("in", "signatures", "buckets", "remove", "out")}
        reader = JsonlReader(names["in"])
        stage("1", workers, reader, MinhashDedupSignature(names["signatures"], config=config))
        stage("2", config.num_buckets, MinhashDedupBuckets(names["signatures"], names["buckets"], config=config))
        stage("3", 1, MinhashDedupCluster(names["buckets"], names["remove"], config=config))
        writer = JsonlWriter(names["out"], compression=None)
        stage("4", workers, reader, MinhashDedupFilter(names["remove"]), writer)
        kept = sum(len(path.read_text("utf-8").splitlines()) for path in Path(names["out"]).glob("*.jsonl"))
    return len(rows) - kept


RUN: dict[str, Callable[[list[str]], int]] = {
    "sft-90": lambda rows: run_sft(rows, 90),
    "sft-80": lambda rows: run_sft(rows, 80),
    "datasketch": run_datasketch,
    "datatrove": run_datatrove,
}


def measure(side: str, path: Path) -> None:
    """Run one side in this process and print what it took."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    began, before = time.perf_counter(), _processor_seconds()
    dropped = RUN[side](rows)
    seconds, busy = time.perf_counter() - began, _processor_seconds() - before
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    peak = max(_own_peak(), workers)
    print("RESULT " + json.dumps({"dropped": dropped, "seconds": seconds, "processor": busy, "peak_mb": peak}))


def _own_peak() -> int:
    """The most memory of this process, in MB. (What getrusage says begins with what its parent had.)"""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def _processor_seconds() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--only", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--made", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        sys.path.insert(0, str(ROOT))
        measure(args.side, args.made)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        rows = make_rows(args.rows, args.texts)
        path.write_text(json.dumps(rows), encoding="utf-8")
        print(f"{len(rows):,} rows, {sum(map(len, rows)) / len(rows):.0f} characters each")
        found = {side: taken for side in args.only if (taken := _side(side, path)) is not None}
    for ours in ("sft-90", "sft-80"):
        for peer in ("datasketch", "datatrove"):
            if ours in found and peer in found:
                clock, processor = (found[peer][key] / found[ours][key] for key in ("seconds", "processor"))
                more = "" if peer == "datatrove" else f" (processor seconds: {processor:.1f} times)"
                print(f"{ours} is {clock:.1f} times as fast as {peer}{more}")


def _side(side: str, path: Path) -> dict[str, float] | None:
    python = sys.executable if side.startswith("sft") else str(PEERS)
    if not Path(python).exists():
        print(f"{side:12} not run: there is no {python}")
        return None
    command = [python, __file__, "--side", side, "--made", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        print(f"{side:12} did not run: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
        return None
    taken: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    print(
        f"{side:12} {taken['seconds']:8.1f} s  {taken['processor']:8.1f} processor s  {taken['peak_mb']:6,} MB"
        f"  {taken['dropped']:7,} dropped",
        flush=True,
    )
    return taken


if __name__ == "__main__":
    main()
