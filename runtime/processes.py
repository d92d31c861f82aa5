"""Whether a process is still at work: one that has ended and that nobody has waited for yet is not.

A killed run whose parent never asks for it (a container without an init) stays in the table of processes, where a
signal still reaches it. Linux tells the state in ``/proc``, which costs 20 µs; elsewhere it is only asked whether the
number is taken.
"""

from __future__ import annotations

import os
from pathlib import Path

_ENDED = ("Z", "X")  # a zombie, and one that is being removed


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


def _state(pid: int) -> str:
    """The letter that Linux has for it; empty where there is none. The name before it may hold anything."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return told[0].decode("ascii", "replace") if told else ""
