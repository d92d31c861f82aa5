"""Real processes: code that passes, code that does not, and code that would rather not be judged."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.code_execution import running
from runtime.code_execution.running import Limits, Outcome, Program, run_program, run_programs

ROOT = Path(__file__).parents[3]
TESTS = "assert square(2) == 4\nassert square(3) == 9\n"
GOOD = "def square(x):\n    return x * x\n"
EVERYWHERE = """
import os
for pipe in range(64):
    try:
        os.write(pipe, {})
    except OSError:
        pass
"""
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is held back here needs Linux")


def run(code: str, tests: str = TESTS, seconds: int = 1, memory: int = 1 << 30) -> Outcome:
    return run_program(Program(code, tests), Limits(seconds, memory))


def left_behind() -> set[str]:
    return {entry.name for entry in Path(tempfile.gettempdir()).glob("sft-code-*")}


@pytest.mark.parametrize(
    "code",
    [
        GOOD,
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int\ndef square(x): return A(x).x ** 2",
        "import threading\ndef square(x):\n    got = []\n    one = threading.Thread(target=got.append, args=(x * x,))\n"
        "    one.start()\n    one.join()\n    return got[0]",
        "open('a.txt', 'w').write('2')\ndef square(x): return x ** int(open('a.txt').read())",
        "print('x' * 10_000_000)\n" + GOOD,
        GOOD + "if __name__ == '__main__':\n    raise SystemExit(1)",
        "def square(x):\n    try:\n        input()\n    except EOFError:\n        return x * x",
    ],
    ids=["plain", "dataclass", "thread", "file", "output", "main", "input"],
)
def test_code_that_passes(code: str) -> None:
    before = left_behind()
    assert run(code).passed is True
    assert left_behind() <= before


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def square(x):\n    return x + 2\n", "line 2 of the tests: AssertionError"),
        ("def square(x) return x", "line 1 of the answer: SyntaxError"),
        ("x = 1\nraise ValueError('\\x1b[2Jno')", "line 2 of the answer: ValueError: ␛[2Jno"),
        ("def square(x): return square(x)", "RecursionError"),
        ("", "line 1 of the tests: NameError"),
        ("\0", "the answer: "),
        ("\ud800", "the answer: UnicodeEncodeError"),
    ],
)
def test_code_that_does_not_pass_and_why(code: str, reason: str) -> None:
    found = run(code)
    assert found.passed is False
    assert reason in found.reason


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "import os\ndef square(x): os._exit(0)",
        "import atexit, os\natexit.register(os._exit, 0)\nraise SystemExit",
        EVERYWHERE.format(r"b'\0\0\0\4done'"),
        EVERYWHERE.format(r"b'\xff' * 5000"),
        "import os\nos.closerange(0, 64)",
        "class Any(Exception):\n    def __str__(self): raise self\nraise Any",
    ],
    ids=["exit", "sys-exit", "exit-in-a-call", "atexit", "marker", "long-frame", "closed", "exception-that-raises"],
)
def test_an_end_of_its_own_making_is_no_pass(code: str) -> None:
    assert run(code).passed is False


def test_code_sees_neither_tests_nor_secret_before_it_has_run() -> None:
    """What a program could find: its own source and the frames above it, at the time when its code runs."""
    code = (
        "import sys\nframe, seen = sys._getframe(), []\nwhile frame:\n    seen += map(repr, frame.f_locals.values())\n"
        "    frame = frame.f_back\nassert not any('assert' + ' square' in text for text in seen)\n"
        "assert any('frame.f_back' in text for text in seen)\n"
    )
    assert run(code + GOOD) == run(GOOD)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("while True: pass", "it used its 1 s of processor time"),
        ("import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", ""),
        ("x = bytearray(1 << 31)", "MemoryError"),
        ("open('big', 'wb').write(bytes(10 << 20))", "File too large"),
        (
            "import threading\nthreading.Thread(target=threading.Event().wait).start()\n" + GOOD + "square(",
            "SyntaxError",
        ),
    ],
    ids=["loop", "deaf-loop", "memory", "file", "waiting-thread"],
)
def test_limits(code: str, reason: str) -> None:
    found = run(code)
    assert found.passed is False
    assert reason in found.reason


SLEEP = "import time\ntime.sleep(600)"


@pytest.mark.parametrize(("code", "tests"), [(SLEEP, ""), (GOOD, SLEEP)])
def test_a_program_that_the_clock_ends_before_its_processor_time_is_no_verdict(
    code: str, tests: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that is too busy to run it."""
    assert (Limits(1).clock, Limits(5).clock) == (30.0, 50.0)
    monkeypatch.setattr(running, "_LEAST_CLOCK", 3.0)
    monkeypatch.setattr(running, "_CLOCK_TIMES", 0.0)
    found = run(code, tests, seconds=60)
    assert found.passed is None
    assert "3 s by the clock were over" in found.reason


@LINUX
@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "import os\nwhile True: os.fork()",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.execv('/bin/true', ['true'])",
        "import os\nos.setsid()",
        "import os\nos.kill(os.getppid(), 9)",
        "import os\nos.kill(-1, 9)",
        "import os\nos.chmod('.', 0)",
        "import resource, os\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    ],
    ids=["network", "unix-socket", "fork-bomb", "subprocess", "exec", "session", "kill", "kill-all", "chmod", "limits"],
)
def test_calls_that_the_kernel_refuses(code: str) -> None:
    found = run(code)
    if "calls" not in found.held:
        pytest.skip("this kernel has no filter of calls")
    assert found.passed is False
    assert "Operation not permitted" in found.reason


@LINUX
def test_files_outside_of_its_folder_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    for code in (
        f"open({str(secret)!r})",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"import os\nos.unlink({str(secret)!r})",
    ):
        found = run(code)
        if "files" not in found.held:
            pytest.skip("this kernel has no Landlock")
        assert "Permission denied" in found.reason
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert run("import os\nassert 'HF_TOKEN' not in os.environ and 'HOME' not in os.environ\n" + GOOD).passed is True


def test_a_deep_tree_of_folders_is_cleared_away() -> None:
    before = left_behind()
    run("import os\nfor _ in range(1100):\n    os.mkdir('d')\n    os.chdir('d')\n")
    assert left_behind() <= before


def test_no_process_outlives_its_program() -> None:
    """A thread that waits for ever, and where processes can be started one that does too."""
    mark = f"sft-mark-{os.getpid()}"
    run(
        "import os, threading\nthreading.Thread(target=threading.Event().wait).start()\n"
        f"try:\n    os.spawnlp(os.P_NOWAIT, 'sh', {mark!r}, '-c', 'sleep 600')\nexcept OSError:\n    pass\n" + GOOD
    )
    if Path("/proc/self/cmdline").exists():
        running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert not any(mark.encode() in line for line in running)


@pytest.mark.parametrize("python", ["/no/python", "/bin/true"])
def test_code_that_cannot_be_started_is_not_measured(python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", python)
    found = run(GOOD)
    assert found.passed is None
    assert found.reason


def test_outcomes_keep_their_order_and_a_stop_ends_the_rest() -> None:
    programs = [Program(f"n = {n}", "assert n % 2, n\n") for n in range(8)]
    assert [found.passed for found in run_programs(programs)] == [bool(n % 2) for n in range(8)]
    assert run_programs([]) == []

    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop):
        run_programs([*programs, *[Program("while True: pass", "")] * 200], Limits(1), stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sft-code")]


@LINUX
def test_a_killed_run_leaves_no_program_behind(tmp_path: Path) -> None:
    started = "import time\nfrom runtime.code_execution.running import *\n"
    started += "run_program(Program('import time\\ntime.sleep(600)', ''), Limits(300))"
    run = subprocess.Popen([sys.executable, "-c", started], cwd=ROOT)
    program = wait_for(lambda: next(iter(children_of(run.pid)), None))
    wait_for(lambda: "runtime" in Path(f"/proc/{program}/cmdline").read_text(encoding="utf-8") or None)
    run.kill()
    run.wait()
    assert wait_for(lambda: not Path(f"/proc/{program}").exists() or None)


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="utf-8").split()]


def wait_for(what: Callable[[], Any]) -> Any:
    for _ in range(600):
        if (found := what()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")
