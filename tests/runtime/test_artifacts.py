"""A folder under its final name is whole, and two processes do not do the same work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from runtime.artifacts import Objects


def test_nothing_counts_before_it_is_published(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    partial = objects.partial("h")
    (partial / "rows.parquet").write_bytes(b"half")
    assert not objects.has("h")
    objects.publish("h", {"rows": 1})
    assert objects.has("h") and objects.meta("h") == {"rows": 1}
    assert (objects.path("h") / "rows.parquet").read_bytes() == b"half"
    assert not partial.exists()


def test_a_published_result_is_never_replaced(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    for text in ("first", "second"):
        (objects.partial("h") / "x").write_text(text)
        objects.publish("h", {"from": text})
    assert (objects.path("h") / "x").read_text() == "first"


def test_an_unfinished_publish_is_replaced(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    objects.path("h").mkdir()  # a folder without its meta file
    (objects.partial("h") / "x").write_text("whole")
    objects.publish("h", {})
    assert (objects.path("h") / "x").read_text() == "whole"


def test_the_lock_waits_for_another_process(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from runtime.artifacts import Objects\n"
        "with Objects(Path(sys.argv[1])).locked('h'):\n"
        "    print('have', flush=True); sys.stdin.readline(); (Path(sys.argv[1]) / 'made').write_text('x')\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdin is not None
    assert other.stdout.readline().strip() == "have"
    told: list[bool] = []

    def waiting() -> None:
        told.append(True)
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()

    with Objects(tmp_path).locked("h", waiting):
        assert told == [True] and (tmp_path / "made").exists()
    other.wait()
