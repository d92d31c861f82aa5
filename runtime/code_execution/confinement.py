"""Takes from this process what model-written code has no business with, before any of that code runs.

In this order: death with its parent, limits of the kernel, no new privileges, files (Landlock: reads Python and the
system's libraries, writes its own folder), the capabilities of root, and calls (seccomp). None of it needs root; what
the platform lacks is left out and not named in the answer. It is care and no security boundary: the kernel is shared,
and so is the user.

About 1 ms. Nothing of it can be undone by the process.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.code_execution.syscalls import refuse_calls

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_FILES_OPEN = 64
_FILE_BYTES = 8 << 20  # a file
_PROCESSES = 64  # of all that the user runs, and only where the filter of calls is missing: threads count too

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every processor
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # bits that a version of Landlock knows; 16 from the fifth on
_SIGNALS_AND_SOCKETS = 3  # from the sixth version on: no signal leaves, no abstract socket is reached
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("/dev/urandom", "/dev/random", "/dev/zero")


def confine(folder: str, readable: Sequence[str], seconds: int, memory: int, parent: int) -> list[str]:
    """Confine this process to ``folder``; the names of what holds: ``files``, ``privileges``, ``calls``.

    ``seconds`` are of processor time, ``memory`` is the address space in bytes. Exits when the parent is gone already.
    """
    _limit(
        {
            "RLIMIT_CPU": (seconds, seconds + 1),
            "RLIMIT_AS": (memory, memory),
            "RLIMIT_FSIZE": (_FILE_BYTES, _FILE_BYTES),
            "RLIMIT_NOFILE": (_FILES_OPEN, _FILES_OPEN),
            "RLIMIT_CORE": (0, 0),
        }
    )
    held = _of_linux(folder, readable, parent) if sys.platform.startswith("linux") else []
    if "calls" not in held:
        _limit({"RLIMIT_NPROC": (_PROCESSES, _PROCESSES)})
    return held


def _of_linux(folder: str, readable: Sequence[str], parent: int) -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    held = []
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        held += ["files"] if _restrict_files(libc, folder, readable) else []
        held += ["privileges"] if _drop_capabilities(libc) else []
        held += ["calls"] if refuse_calls(libc, os.getpid()) else []
    return held


def _limit(limits: Mapping[str, tuple[int, int]]) -> None:
    """Soft and hard limits, none above what holds already."""
    for name, (soft, hard) in limits.items():
        which = getattr(resource, name, None)
        if which is None:
            continue
        _, most = resource.getrlimit(which)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        try:
            resource.setrlimit(which, (soft, hard))
        except (OSError, ValueError):  # macOS has the name RLIMIT_AS and refuses it
            continue


def _restrict_files(libc: ctypes.CDLL, folder: str, readable: Sequence[str]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return False
    all_rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    wanted = [all_rights] + ([0] if version >= 4 else []) + ([_SIGNALS_AND_SOCKETS] if version >= 6 else [])
    attributes = (ctypes.c_uint64 * len(wanted))(*wanted)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(8 * len(wanted)), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    rules = [(path, _EXECUTE | _READ | _LIST) for path in (*_SYSTEM, *readable)]
    rules += [(path, _READ) for path in _DEVICES]
    rules += [("/dev/null", _READ | _WRITE | _TRUNCATE), (folder, all_rights)]
    try:
        for path, rights in rules:
            _allow(libc, ruleset, path, rights & all_rights)
        return bool(libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0)
    finally:
        os.close(ruleset)


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Allow rights beneath a path; one that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= _EXECUTE | _WRITE | _READ | _TRUNCATE
        rule = _PathRule(rights, place)
        libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint(0))
    finally:
        os.close(place)


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    """Root without its privileges: for an ordinary user this changes nothing."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # the third version of the interface, this process
    nothing: Any = (ctypes.c_uint32 * 6)()
    return bool(libc.capset(ctypes.byref(header), ctypes.byref(nothing)) == 0)
