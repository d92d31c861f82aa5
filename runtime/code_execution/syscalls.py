"""What the kernel is asked to refuse to the code: a seccomp filter, which any user may put on a process of their own.

Refused are the network, other processes (starting, seizing or signalling one), what outlives a process (shared memory,
queues, keys) and changes of owners, modes and times of files, which Landlock does not cover. Threads are allowed. A
refused call fails with "operation not permitted", so that Python raises OSError. Numbers are those of Linux' own
headers for x86-64 and arm64; on another processor there is no filter.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from typing import Final

# name: numbers on x86-64 and arm64, -1 where there is none
_REFUSED: Final = {
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "fchown": (93, 55),
    "lchown": (94, -1),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
}
# Allowed where the first argument is the process itself, or 0 for the limits.
_KILL, _TGKILL, _PRLIMIT = (62, 129), (234, 131), (302, 261)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x10000

_ARCHITECTURES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # calls of the 32-bit interface of x86-64 have this bit

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in the record that the kernel shows

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse_calls(libc: ctypes.CDLL, pid: int) -> bool:
    """Put the filter on this process, for good. False where the kernel or the processor has none of it."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    text = _filter(*known, pid)
    buffer = ctypes.create_string_buffer(text, len(text))
    program = _Program(len(text) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(column: int, architecture: int, pid: int) -> bytes:
    """The filter as instructions of 8 bytes: code, jump if true, jump if false, value."""
    refused, missing = _FAIL | errno.EPERM, _FAIL | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_ABOVE, 0, 1, _X32),
        (_RETURN, 0, 0, refused),
    ]
    for numbers in _REFUSED.values():
        if numbers[column] >= 0:
            steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, refused)]
    # without clone3, whose flags a filter cannot see, the C library starts its threads by clone
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, missing)]
    steps += _by_argument(_CLONE[column], [(_ANY_BIT, 1, 0, _CLONE_THREAD)], refused)
    for numbers in (_KILL, _TGKILL):
        steps += _by_argument(numbers[column], [(_EQUAL, 1, 0, pid)], refused)
    steps += _by_argument(_PRLIMIT[column], [(_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, pid)], refused)
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _by_argument(number: int, tests: list[tuple[int, int, int, int]], refused: int) -> list[tuple[int, int, int, int]]:
    """Allow a call where one of the tests of its first argument holds; each test jumps over the refusal."""
    inner = [(_LOAD, 0, 0, _FIRST_ARGUMENT), *tests, (_RETURN, 0, 0, refused), (_RETURN, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(inner), number), *inner]
