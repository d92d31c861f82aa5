"""Content hashes of files, remembered by the file's identity, so that hashing 100 MB again costs nothing.

The identity is path, size, modification and change time in nanoseconds, and inode. A file that was
changed within two seconds of being hashed is not remembered: a second change in the same tick of the
file system's clock would go unseen. What is remembered lies in one small JSON file in the user's
cache folder, replaced by rename; two processes at once may forget an entry and never mix two.
"""

from __future__ import annotations

import os
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec.json import decode

from compiler.hashing import hash_file

CACHE_VARIABLE = "SFT_CACHE_DIR"
_SETTLED_NS = 2_000_000_000
_MOST = 4096


def cache_folder() -> Path:
    """Where what can be computed again is kept between runs; ``SFT_CACHE_DIR`` names another place."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "sft"
    return Path(os.environ.get("XDG_CACHE_HOME", "").strip() or Path.home() / ".cache") / "sft"


def content_hash(path: Path, cache: Path | None = None) -> str:
    """Hash of the file's bytes (:func:`compiler.hashing.hash_file`). Raises OSError."""
    memory = (cache or cache_folder()) / "file-hashes.json"
    key = str(path.resolve())
    before = _identity(path)
    entry = _known(memory).get(key)
    if isinstance(entry, list) and entry[:-1] == before and isinstance(entry[-1], str):
        return entry[-1]
    started = time.time_ns()
    digest = hash_file(path)
    if _identity(path) == before and started - max(before[1], before[2]) > _SETTLED_NS:
        _remember(memory, key, [*before, digest])
    return digest


def read_json(path: Path) -> dict[str, Any]:
    """A cache file's object; empty when there is none or it is damaged, because a cache may always be forgotten."""
    try:
        found = _value(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _value(text: bytes) -> Any:
    try:
        return decode(text)
    except ValueError:  # the slower reader also takes names of files that are no valid Unicode
        import json

        return json.loads(text)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a cache file. A cache that cannot be written (read-only home, full disk) costs time and nothing else."""
    import json

    from runtime.artifacts import write_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(value))  # names of files need not be valid Unicode; ASCII holds any
    except OSError:
        return


def _known(memory: Path) -> dict[str, Any]:
    """What is remembered of all files, parsed once as long as the file stays what it is: a spec may have many sources,
    and thousands of files may be remembered."""
    try:
        return _parsed(memory, tuple(_identity(memory)))
    except OSError:
        return {}


@lru_cache(maxsize=1)
def _parsed(memory: Path, identity: tuple[int, ...]) -> dict[str, Any]:
    return read_json(memory)


def _identity(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _remember(memory: Path, key: str, entry: list[Any]) -> None:
    known = read_json(memory)
    known.pop(key, None)
    known[key] = entry  # newest last, so that the oldest are the first to go
    for old in list(known)[: max(0, len(known) - _MOST)]:
        del known[old]
    write_json(memory, known)
