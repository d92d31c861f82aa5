"""Reduce finished stores to the demo of the dashboard: ``python docs/make_demo.py triage/.sft star/.sft``.

Trained weights, checkpoints and locks stay behind; rows, curves, predictions and verdicts come along, and of what names
the machine nothing. So do the files beside the specs that a check of them reads: data, baselines, and a model of the
project's own, which also renders the rows that it was trained on. Run it on the demo's own store (``sft tui --demo``
says where that is) to bring it to a new schema. Fails when the archive is larger than ``MOST_BYTES``: take a smaller
run then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from compiler.plan import Plan
from runtime.blessed_file import file_of
from runtime.events import EVENTS
from runtime.row_files import EXAMPLES, RENDERS
from runtime.store import Store
from tui.demo import ARCHIVE, BESIDE, TABLES

MOST_BYTES = 2_000_000
KEPT_FILES = (EXAMPLES, RENDERS, "rows.parquet", "meta.json")
SMALL_ENOUGH = 400_000  # bytes of one such file; larger ones are weights under another name
# What tells of the machine: run on "demo" by nobody, and only versions and counts of the environment.
HOST = "demo"
KEPT_ENVIRONMENT = "key LIKE 'package:%' OR key IN ('python', 'cores', 'threads', 'sft')"
MOMENT = (2026, 1, 1, 0, 0, 0)  # of every file, so that the same store gives the same archive


def make(sources: Sequence[Store], archive: Path) -> int:
    """Write the archive of the runs of some stores; its size in bytes."""
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        path = Path(name) / "table.parquet"
        for number, source in enumerate(sources):
            for table in _tables(source):
                if _copy(source, table, path):
                    _put(bundle, f"{TABLES}{number}/{table}.parquet", path.read_bytes())
            for file in _files(source):
                _put(bundle, file.relative_to(source.root).as_posix(), file.read_bytes())
            for name in _beside(source):
                _put(bundle, f"{BESIDE}{name}", (source.root.parent / name).read_bytes())
    return archive.stat().st_size


def _beside(source: Store) -> list[str]:
    """The files that the specs name, from their folder, as far as they are there and small."""
    folder = source.root.parent
    names = {name for (name,) in source.query("SELECT DISTINCT path FROM sources")}
    names |= {file_of(name) for (name,) in source.query("SELECT name FROM baselines")}
    for (plan,) in source.query("SELECT plan FROM runs"):
        weights = {str(step.local.get("weights")) for step in Plan.from_json(plan).steps}
        own = (folder / model for model in weights if model.startswith("./"))
        names |= {file.relative_to(folder).as_posix() for model in own for file in model.glob("*")}
    return sorted(name for name in names if _small(folder / name))


def _small(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= SMALL_ENOUGH


def _put(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    bundle.writestr(entry, content)


def _tables(source: Store) -> list[str]:
    """All tables but the one that says of which version the store is."""
    rows = source.query(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal"
        " AND table_name <> 'meta' ORDER BY table_name"
    )
    return [row[0] for row in rows]


def _copy(source: Store, table: str, path: Path) -> bool:
    """A table as Parquet; whether it had a row."""
    chosen = f'SELECT * FROM "{table}"'
    if table == "runs":
        chosen = f"SELECT * REPLACE ('{HOST}' AS host, 0 AS pid) FROM runs"
    elif table == "environment":
        chosen = f"SELECT * FROM environment WHERE {KEPT_ENVIRONMENT}"
    with source.reading() as con:
        found = con.execute(f"SELECT count(*) FROM ({chosen})").fetchone()
        if not found or not found[0]:
            return False
        con.execute(f"COPY ({chosen}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return True


def _files(source: Store) -> Iterator[Path]:
    """Row files of finished steps, and the events of the runs."""
    for path in sorted(source.root.glob("objects/*/*")):
        if path.name in KEPT_FILES and len(path.parent.name) == 32 and _small(path):
            yield path
    yield from sorted(source.root.glob(f"runs/*/{EVENTS}"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "stores", type=Path, nargs="+", help="store folders (.sft) with finished runs, of different specs"
    )
    given = parser.parse_args()
    size = make([Store(store) for store in given.stores], ARCHIVE)
    print(f"{ARCHIVE}: {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"more than {MOST_BYTES:,} bytes: take a smaller run")


if __name__ == "__main__":
    main()
