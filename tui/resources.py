"""What a runner takes of the machine, and a store of the disk: a sample at a time, in a worker thread.

A share of a processor is what was used since the sample before, so the first sample has none. A sample costs a
millisecond; the size of a store is counted file by file and kept for half a minute (10 ms for 2,000 files).
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from tui.formats import data_size

SIZE_HOLDS_S = 30.0


class Resources(Struct, frozen=True):
    """``cpu`` is in processors (1.9 of ``cores``); None where it is not known. Sizes are bytes."""

    pid: int | None
    cpu: float | None
    memory: int | None
    cores: int
    machine_cpu: float | None
    machine_memory: int
    machine_used: int
    store: int
    free: int


class Sampler(Struct):
    """Samples of one store's folder and of the process that runs in it."""

    root: Path
    _processes: dict[int, Any] = field(default_factory=dict)
    _begun: bool = False
    _size: tuple[float, int] | None = None

    def sample(self, pid: int | None, host: str | None) -> Resources:
        import psutil

        here = pid if host == socket.gethostname() else None
        cpu, memory = self._of_process(here) if here is not None else (None, None)
        whole = psutil.virtual_memory()
        cores = os.cpu_count() or 1
        busy = psutil.cpu_percent(interval=None) if self._begun else None
        self._begun = True
        return Resources(
            here,
            cpu,
            memory,
            cores,
            None if busy is None else busy * cores / 100,
            int(whole.total),
            int(whole.total - whole.available),
            self._store_size(),
            self._free(),
        )

    def _of_process(self, pid: int) -> tuple[float | None, int | None]:
        """Processors and memory of a process with those that it started."""
        import psutil

        try:
            first = self._processes.get(pid) or psutil.Process(pid)
            family = {pid: first, **{child.pid: self._processes.get(child.pid, child) for child in _children(first)}}
        except psutil.Error:
            self._processes = {}
            return None, None
        known, self._processes = self._processes, family
        cpu, memory = 0.0, 0
        for number, process in family.items():
            with suppress(psutil.Error):
                used = process.cpu_percent(interval=None)
                cpu += used if number in known else 0.0
                memory += int(process.memory_info().rss)
        return (cpu / 100 if pid in known else None), memory

    def _store_size(self) -> int:
        now = time.monotonic()
        if self._size is None or now - self._size[0] > SIZE_HOLDS_S:
            self._size = (now, sum(_sizes(self.root)))
        return self._size[1]

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self.root).free
        except OSError:
            return 0


def _children(process: Any) -> list[Any]:
    return list(process.children(recursive=True))


def _sizes(folder: Path) -> Iterator[int]:
    """What the files under a folder take; links and what goes away meanwhile are left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry.stat(follow_symlinks=False).st_size


def resource_words(found: Resources) -> tuple[tuple[str, str], ...]:
    """Name and value of each figure."""
    words = []
    if found.pid is not None and found.memory is not None:
        cpu = "…" if found.cpu is None else f"{found.cpu:.1f} of {found.cores} cores"
        words.append(("runner", f"{cpu}, {data_size(found.memory)}"))
    busy = "" if found.machine_cpu is None else f"{found.machine_cpu:.1f} of {found.cores} cores, "
    words.append(("machine", f"{busy}{data_size(found.machine_used)} of {data_size(found.machine_memory)}"))
    words.append(("store", f"{data_size(found.store)}, {data_size(found.free)} free"))
    return tuple(words)
