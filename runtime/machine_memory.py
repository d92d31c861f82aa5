"""How much memory this process may have: that of the machine, or of its control group (a container, a batch job).

A container sees the whole machine in ``sysconf``, and is killed at the limit of its group. Groups lie inside each
other, and each limit counts. Read once, in half a millisecond.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath


@cache
def machine_memory(root: Path = Path("/")) -> int:
    """Bytes; ``root`` is where ``proc`` and ``sys`` lie."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits(root)])


def _limits(root: Path) -> Iterator[int]:
    groups = root / "sys" / "fs" / "cgroup"
    lines: list[str] = []
    with suppress(OSError):
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    for line in lines:  # `0::/user.slice` of version 2, `4:memory:/job` of version 1
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers == "":
            yield from _along(groups, name, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _along(groups / "memory", name, "memory.limit_in_bytes")


def _along(mount: Path, name: str, file: str) -> Iterator[int]:
    """The limits of a group and of those that it lies in; a container that does not see its own has the mount's."""
    own = PurePosixPath(name.lstrip("/"))
    for group in (own, *own.parents):
        with suppress(OSError, ValueError):  # `max` is no limit
            yield int((mount / group / file).read_text())
