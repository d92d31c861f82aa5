"""Content-addressed results: ``objects/<hash>/``, written under a temporary name and renamed.

A folder under its final name is whole, always. ``meta.json`` inside says what the step said of
itself. Killing a writer leaves a temporary folder that the next writer of the same step clears
(or continues from, when it holds a checkpoint). A lock file a step keeps two processes from
doing the same work: the second waits, then finds the result.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

META = "meta.json"


@dataclass(frozen=True)
class Objects:
    """The ``objects`` folder of a store."""

    root: Path

    def path(self, step_hash: str) -> Path:
        """Where a finished step's files lie (or will lie)."""
        return self.root / step_hash

    def has(self, step_hash: str) -> bool:
        return (self.root / step_hash / META).exists()

    def meta(self, step_hash: str) -> dict[str, Any]:
        """What a finished step said of itself. Raises FileNotFoundError."""
        loaded: dict[str, Any] = json.loads((self.root / step_hash / META).read_text(encoding="utf-8"))
        return loaded

    def partial(self, step_hash: str) -> Path:
        """The folder in which an unfinished step works; what is in it survives a kill, for continuation."""
        folder = self.root / f"{step_hash}.partial"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def discard(self, step_hash: str) -> None:
        """Throw away an unfinished step's files."""
        shutil.rmtree(self.root / f"{step_hash}.partial", ignore_errors=True)

    def publish(self, step_hash: str, meta: dict[str, Any]) -> Path:
        """Write the meta file, bring everything to the disk, and give the partial folder its final name."""
        partial = self.partial(step_hash)
        target = self.path(step_hash)
        write_file(partial / META, json.dumps(meta, sort_keys=True, indent=1, default=str))
        for path in [*partial.rglob("*"), partial]:
            sync(path)
        if target.exists():  # an older, unfinished publish; a finished one is never replaced
            if self.has(step_hash):
                shutil.rmtree(partial)
                return target
            shutil.rmtree(target)
        partial.rename(target)
        sync(self.root)
        return target

    @contextmanager
    def locked(
        self, step_hash: str, waiting: Callable[[], None] | None = None, between: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        """Hold the step's lock. While another process has it: ``waiting`` once, ``between`` before each new try."""
        import fcntl

        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{step_hash}.lock").open("w") as handle:
            told = False
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not told and waiting is not None:
                        waiting()
                    told = True
                    between()
                    time.sleep(0.1)
            yield


def sync(path: Path) -> None:
    """Bring a file's content, or a folder's list of names, to the disk: no name survives a crash without its bytes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, text: str, mode: int | None = None) -> None:
    """Write a small file so that it is either the old one or the whole new one, also after a crash."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        if mode is not None:
            os.fchmod(handle.fileno(), mode)
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
