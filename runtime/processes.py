"""Which process is at work: whether one is, and whether it still is the one that it was.

One that has ended and that nobody has waited for yet is at work no more: a killed run whose parent never asks for it (a
container without an init) stays in the table of processes, where a signal still reaches it. A number says little: after
a restart another process has it, in a container often this very one. So a run records the **identity** of its process:
the boot of the machine, the number, and the tick at which the process began, which no later one has and no change of
the clock moves. On Linux all of that stands in ``/proc`` and costs 0.1 ms; elsewhere psutil tells when a process began.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

_ENDED = ("Z", "X")  # a zombie, and one that is being removed
_BEGAN = 19  # the place of the starting tick behind the name, in `/proc/PID/stat`
_LATER_S = 60.0  # a clock that was set may say that a process began so much later than what it has written itself


def is_alive(pid: int) -> bool:
    """Whether a process of this machine works under a number."""
    if pid <= 0:  # a group of processes, to a signal
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of somebody else
        pass
    return _state(pid) not in _ENDED


def identity(pid: int) -> str:
    """What tells a process from all that had its number before or will have it; empty where there is none."""
    told = _stat(pid)
    began = told[_BEGAN] if len(told) > _BEGAN else _began(pid)
    return hashlib.sha256(f"{_boot()} {pid} {began}".encode()).hexdigest()[:16] if began else ""


def is_still(pid: int, known: str, since: float) -> bool:
    """Whether the process of this number still is the one whose identity is known. What an earlier version began has
    recorded none: then it is one that had begun by a moment, in seconds since 1970."""
    if not is_alive(pid):
        return False
    if known:
        return identity(pid) == known
    began = _began(pid)
    return began is None or began <= since + _LATER_S


def _stat(pid: int) -> list[str]:
    """What Linux tells of a process from its state on; empty where there is none. The name before it may hold
    anything."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    return told.rpartition(b")")[2].decode("ascii", "replace").split()


def _state(pid: int) -> str:
    """The letter that Linux has for it; empty where there is none."""
    return "".join(_stat(pid)[:1])


@cache
def _boot() -> str:
    """What this boot of the machine is called; empty where nothing says so."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _began(pid: int) -> float | None:
    """When a process began by the clock; None where that is not told."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None
