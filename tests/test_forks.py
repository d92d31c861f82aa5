"""The process that forks for the tests leaves none behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forks import ROOT

SERVES = "from tests import forks; forks.IMPORTED = (); forks._serve()"
LISTENS = ("--bind", "127.0.0.1", "0")


def test_forks_end_with_the_one_who_asked_for_them(tmp_path: Path) -> None:
    """A test that fails waits for none: it would sleep on for minutes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", SERVES], cwd=ROOT, text=True, **pipes) as server:
        assert server.stdin is not None and server.stdout is not None
        asked = {"module": "http.server", "words": LISTENS, "cwd": str(tmp_path), "streams": str(tmp_path)}
        print(json.dumps({**asked, "environment": dict(os.environ)}), file=server.stdin, flush=True)
        pid = int(server.stdout.readline())
        os.kill(pid, 0)
        server.stdin.close()
        assert server.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
