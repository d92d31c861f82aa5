"""What lets the first screen come early, and what follows once it is there.

Half of the time to the first screen goes into importing and building objects that all stay, so looking for garbage
among them meanwhile (a tenth of the time) is put off; afterwards they are set apart, and no later look goes through
them. Screens that most readers open next are imported while they look at the first one.
"""

from __future__ import annotations

import atexit
import gc
from contextlib import suppress
from functools import cache
from threading import Thread

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 1 << 20
MEMORY_MB = 48  # of DuckDB; a larger question goes through a file beside the store


def begin() -> None:
    """Before anything of the dashboard is imported."""
    gc.disable()


def modest() -> None:
    """The dashboard of a store with millions of rows stays small: what it reads is read again when it is needed."""
    from runtime.attached_files import hold_at_most

    hold_at_most(MEMORY_MB)


@cache
def first_screen_is_there() -> None:
    gc.freeze()
    atexit.register(gc.unfreeze)  # else modules stay at the end, and DuckDB's tells the terminal of it
    gc.enable()
    Thread(target=_import_next, daemon=True).start()


def _import_next() -> None:
    _give_memory_back()
    from tui.screens.catalogue import VIEWS, screen_class

    for name in ("run", "predictions"):
        screen_class(VIEWS[name])
    import numpy  # noqa: F401 - lists of items are arrays

    gc.freeze()  # modules stay too; a look through them takes 80 ms, in the middle of what somebody does


def _give_memory_back() -> None:
    """Arrays of a megabyte and more go back to the system when they are dropped. Left alone glibc keeps some for the
    next one, in each thread: 30 MB with a million predictions. Other systems have other ways, and are left alone."""
    import ctypes

    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)
