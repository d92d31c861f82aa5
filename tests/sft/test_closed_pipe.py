"""What happens when nobody reads the output any more, as with ``| head -1``: real processes and real pipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.store import Store
from tests.sft.test_plan import SPEC, save


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data.sft").write_text(SPEC)
    save(tmp_path, 100)
    return tmp_path


def unread(*args: str, cwd: Path) -> int:
    """The exit code of a command whose output and narration go into a pipe that is closed at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "sft", *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        return process.wait(timeout=120)


def test_a_run_goes_on_and_ends_as_it_would(project: Path) -> None:
    assert unread("run", "data.sft", cwd=project) == 0
    assert Store(project / ".sft").query("SELECT status FROM runs") == [("done",)]


def test_a_run_that_fails_says_so_in_its_exit_code(project: Path) -> None:
    text = SPEC.replace("in 2..80", "> 1000")
    (project / "data.sft").write_text(text)
    assert unread("run", "data.sft", cwd=project) == 1


def test_other_commands_never_end_with_0(project: Path) -> None:
    (project / "data.sft").write_text(SPEC.replace("keep words", "keep wrods"))
    assert unread("check", "data.sft", cwd=project) in (1, 141)
    (project / "data.sft").write_text(SPEC)
    assert unread("compile", "data.sft", cwd=project) == 141
