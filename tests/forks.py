"""Processes that train and answer, for tests that kill them: real ones, without the seconds of processor that importing
torch and transformers takes each time.

One process that has imported what a run needs, and has computed nothing, forks for every start; the fork runs a module
as ``python -m`` does. What a kill does to it, what it does when it is interrupted, and the code that it exits with hold
of a process that began with Python. Its beginning and its end do not: variables that libraries read when they are
imported are those of the first process, and a fork leaves without ``atexit``, without joining threads and without
taking libraries down, so that what hangs or aborts there is not seen. A KeyboardInterrupt that nobody takes ends it
with 1, not with the signal. What that is about needs ``subprocess``; of ``tests/e2e/test_interruptions.py`` the run
that is interrupted in its training is such a process.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
IMPORTED = (
    "sft.project",
    "runtime.training.preflight",
    "runtime.training.loop",
    "runtime.models.local_generator",
    "peft",
)
STREAMS = ((1, "out"), (2, "err"))
WRITTEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Forked:
    """Of ``subprocess.Popen`` what tests ask for. What it prints goes to files."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._folder = folder

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _asked(ended=self.pid)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float = 300.0) -> tuple[str, str]:
        """Wait for its end; both streams."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"process {self.pid} did not end within {timeout} s: {self._said()}")
            time.sleep(0.005)
        return self._said()

    def _said(self) -> tuple[str, str]:
        out, err = ((self._folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return out, err


def start(module: str, *words: str, cwd: Path = ROOT, **environment: str) -> Forked:
    """Run a module with these words, in a folder."""
    folder = Path(tempfile.mkdtemp(prefix="forked-", dir=_server()[1].name))
    told = {"module": module, "words": words, "cwd": str(cwd), "streams": str(folder)}
    return Forked(folder, _asked(**told, environment={**os.environ, "PYTHONPATH": str(ROOT), **environment}))


@cache
def _server() -> tuple[subprocess.Popen[str], tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory(prefix="sft-forks-")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command, environment = [sys.executable, "-m", "tests.forks"], {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)

    def leave() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
        folder.cleanup()

    atexit.register(leave)
    return process, folder


def _asked(**what: Any) -> Any:
    process = _server()[0]
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


# --- the process that forks ----------------------------------------------------------------------


def _serve() -> None:
    """Fork on request, and tell who has ended how, until nobody can ask any more."""
    for module in IMPORTED:
        import_module(module)
    gc.freeze()  # else a collection in a fork copies the pages of all libraries
    going: set[int] = set()
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            told = os.waitstatus_to_exitcode(status) if pid else None
            going.discard(pid)
        elif (told := os.fork()) == 0:
            _become(**asked)
        else:
            going.add(told)
        print(json.dumps(told), flush=True)
    for pid in going:  # of a test that failed
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become(module: str, words: list[str], cwd: str, streams: str, environment: dict[str, str]) -> NoReturn:
    """What ``python -m`` does in a process that is there already; it ends with it."""
    for number, name, how in ((0, os.devnull, os.O_RDONLY), *((n, f"{streams}/{s}", WRITTEN) for n, s in STREAMS)):
        os.dup2(os.open(name, how), number)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv[1:] = words
    code: object = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as left:
        code = left.code
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve()
