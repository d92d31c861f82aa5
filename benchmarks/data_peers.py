"""The other side of ``data.py``, run by the Python of ``.venv-bench``: three predicates with Hugging Face datasets.

    data_peers.py ROWS.jsonl FOLDER

One line of JSON a way of writing it: name, seconds of ``filter``, rows kept. Rows are loaded and converted to Arrow
before the clock starts. ``filter`` writes the numbers of the rows it keeps, not the rows.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

REFUSAL = re.compile(r"(?i)\bas an ai language model\b")


def kept(row: dict[str, Any]) -> bool:
    instruction, output = row["instruction"] or "", row["output"] or ""
    return 2 <= len(instruction.split()) <= 200 and 1 <= len(output) <= 8000 and REFUSAL.search(output) is None


def all_kept(rows: dict[str, list[Any]]) -> list[bool]:
    pairs = zip(rows["instruction"], rows["output"], strict=True)
    return [kept({"instruction": instruction, "output": output}) for instruction, output in pairs]


def main(source: Path, folder: Path) -> None:
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    folder.mkdir(parents=True, exist_ok=True)
    clean = folder / "clean.jsonl"  # its reader takes no broken line
    with source.open(encoding="utf-8") as lines, clean.open("w", encoding="utf-8") as out:
        out.writelines(line for line in lines if line.endswith("}\n"))
    data = Dataset.from_json(str(clean), cache_dir=str(folder / "cache"))
    ways: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("datasets.filter", kept, {}),
        ("datasets.filter, num_proc=2", kept, {"num_proc": 2}),
        ("datasets.filter, batched", all_kept, {"batched": True}),
        ("datasets.filter, batched, num_proc=2", all_kept, {"batched": True, "num_proc": 2}),
    )
    for name, predicate, options in ways:
        begun = time.perf_counter()
        result = data.filter(predicate, load_from_cache_file=False, **options)
        seconds = time.perf_counter() - begun
        print(json.dumps({"name": name, "seconds": seconds, "kept": len(result)}), flush=True)
        if not options:  # what the step of sft also does
            result.to_parquet(str(folder / "kept.parquet"))
            seconds = time.perf_counter() - begun
            print(json.dumps({"name": f"{name} and to_parquet", "seconds": seconds, "kept": len(result)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
