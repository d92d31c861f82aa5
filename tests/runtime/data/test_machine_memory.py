"""What a container may have, as files of control groups say it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.machine_memory import machine_memory

ALL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
GB = 1 << 30


@pytest.mark.parametrize(
    ("own", "limits", "expected"),
    [
        ("0::/", {"memory.max": "max"}, ALL),
        ("0::/", {"memory.max": str(GB)}, GB),
        ("0::/job/step", {"job/memory.max": str(GB), "job/step/memory.max": "max"}, GB),
        ("0::/job/step", {"job/memory.max": str(GB), "job/step/memory.max": str(GB // 2)}, GB // 2),
        ("0::/not/seen", {"memory.max": str(GB)}, GB),
        ("4:cpu,memory:/job", {"memory/job/memory.limit_in_bytes": str(GB)}, GB),
        ("4:cpu,memory:/job", {"memory/memory.limit_in_bytes": "9223372036854771712"}, ALL),
        ("4:cpu:/job", {"memory/job/memory.limit_in_bytes": str(GB)}, ALL),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, own: str, limits: dict[str, str], expected: int) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(f"9:name=systemd:/\n{own}\n")
    for name, limit in limits.items():
        path = tmp_path / "sys" / "fs" / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(limit + "\n")
    assert machine_memory(tmp_path) == expected


def test_a_system_without_groups_has_its_machine(tmp_path: Path) -> None:
    assert machine_memory(tmp_path) == ALL
