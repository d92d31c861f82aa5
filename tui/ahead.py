"""The first list of runs, read by a process of its own while this one imports what draws it.

Importing DuckDB, starting it and asking for the runs takes 0.3 s of a processor, importing Textual and drawing the
first screen takes 0.6, and threads of one interpreter do hardly any of it side by side. So the process is forked before
either is imported, the child reads the store and writes what it found into a pipe, and on two processors the list is
there as soon as there is something to show it on.

Whatever goes wrong in the child (no store, one that is held, of an older version or moved, no memory, no end) is no
answer, and then the screen asks for itself, as it does later on; so it does where something was written to the store
since. Costs the import of the questions twice, 0.1 s of a processor.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.store import DATABASE

if TYPE_CHECKING:
    from tui.home_model import HomeModel

_PATIENCE_S = 0.2  # with a store that is held: the screen that asks for itself says so
_ENDS_WITHIN_S = 3.0  # the child, on a machine that is busy; a disk may keep it longer
_Signature = tuple[int, ...]


class Ahead:
    """The list that a child reads. ``take`` gives it once."""

    def __init__(self, root: Path) -> None:
        self._root, self._seen = root, _signature(root)
        self._answer, answer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._answer)
                _read(root, answer)
            finally:
                os._exit(0)  # nothing that was registered for the end of the parent
        os.close(answer)

    def take(self) -> HomeModel | None:
        """What the child read, waiting for it; None where it has none, where the store is another one by now, and at
        any time but the first. Not for the thread that draws."""
        from msgspec import DecodeError
        from msgspec.msgpack import decode

        from tui.home_model import HomeModel

        if self._pid == 0:
            return None
        said = self._said(time.monotonic() + _ENDS_WITHIN_S)
        os.close(self._answer)
        with suppress(ProcessLookupError, ChildProcessError):  # somebody else waits for all children
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._pid = 0
        if not said or _signature(self._root) != self._seen:
            return None
        with suppress(DecodeError):  # it was killed while it wrote
            return decode(said, type=HomeModel)
        return None

    def _said(self, until: float) -> bytes:
        """All that the child writes, or as much as it has written until then."""
        said = bytearray()
        while select.select([self._answer], [], [], max(0.0, until - time.monotonic()))[0]:
            more = os.read(self._answer, 1 << 16)
            if not more:
                break
            said += more
        return bytes(said)


def read_ahead(root: Path) -> Ahead | None:
    """Begin to read; None where a process cannot be forked, or not safely: with other threads, as DuckDB has them."""
    if sys.platform != "linux" or threading.active_count() > 1 or "duckdb" in sys.modules:
        return None
    try:
        return Ahead(root)
    except OSError:
        return None


def _read(root: Path, answer: int) -> None:
    from msgspec.msgpack import encode

    with suppress(Exception):
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # the terminal is the parent's
            os.dup2(nothing, stream)
        from runtime.store import Store
        from tui.home_model import FIRST_PAGE, home_model
        from tui.starting import modest

        modest()
        said = encode(home_model(Store(root, _PATIENCE_S, mends=False), FIRST_PAGE, None, None))
        with os.fdopen(answer, "wb") as pipe:
            pipe.write(said)


def _signature(root: Path) -> _Signature:
    """Of what the list is read from: it is written before a run's first event, and closed after each writing."""
    found: list[int] = []
    for path in (root / DATABASE, root / f"{DATABASE}.wal", root / "runs"):
        with suppress(OSError):
            state = path.stat()
            found += (state.st_ino, state.st_mtime_ns, state.st_size)
    return tuple(found)
