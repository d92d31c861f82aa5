"""Runs an answer's code with its tests in a process of its own, and says whether the tests passed.

The process is started anew for every program, in a session of its own, with an empty environment, an empty folder and
no input, and confines itself (:mod:`runtime.code_execution.confinement`). What it prints goes nowhere. It has passed
when it gave back a secret that it was told after the tests, and then ended with 0; anything else has not (see
:mod:`runtime.code_execution.child` for the conversation). At a limit it is killed with all of its group. The
limit is of processor time. The clock has one too, far off, so that nothing waits for ever; a program that meets it
first was kept waiting, by the machine or by itself, and that is no verdict.

About 80 ms of processor time a program, most of it Python's start. Programs run beside each other, one a core.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spec_lang.plain_text import one_line

_CHILD = Path(__file__).with_name("child.py")
_ROOT = Path(__file__).parents[2]
_LARGEST_FRAME = 4_096
_STARTING = 30.0  # seconds for Python to start in, on a machine that is busy
_LEAST_CLOCK, _CLOCK_TIMES = 30.0, 10.0  # by the clock: at least so many seconds, and so many times those of the limit
_OVER = "the time was over"
_SHOWN = 200


@dataclass(frozen=True)
class Program:
    """An answer's code, and the tests that are run after it in the same module."""

    code: str
    tests: str


@dataclass(frozen=True)
class Limits:
    """``seconds`` of processor time. ``memory``: address space in bytes."""

    seconds: int = 5
    memory: int = 1 << 30

    @property
    def clock(self) -> float:
        """Seconds by the clock that the code has, and then its tests."""
        return max(_LEAST_CLOCK, _CLOCK_TIMES * self.seconds)


_DEFAULT = Limits()


@dataclass(frozen=True)
class Outcome:
    """``passed`` is None where the code was never started, or had less processor time than it may use when the clock
    ran out; ``reason`` says why it was not, or did not pass.

    ``held`` names what confined it: ``files``, ``privileges``, ``calls``.
    """

    passed: bool | None
    reason: str = ""
    held: tuple[str, ...] = ()


def run_programs(
    programs: Sequence[Program], limits: Limits = _DEFAULT, check: Callable[[], None] = lambda: None
) -> list[Outcome]:
    """The outcomes in order; as many programs at a time as this process may use cores.

    ``check`` is called after each; what it raises ends the rest, once those that are under way are over.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max(1, min(cores, len(programs))), thread_name_prefix="sft-code") as pool:
        try:
            for outcome in pool.map(lambda program: run_program(program, limits), programs):
                outcomes.append(outcome)
                check()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return outcomes


def run_program(program: Program, limits: Limits = _DEFAULT) -> Outcome:
    """Run one program to its end, or to its limits. Raises nothing that the program could cause."""
    with _scratch() as folder:
        try:
            child = _Conversation(folder)
        except OSError as error:
            return Outcome(None, f"no process could be started: {one_line(str(error), _SHOWN)}")
        with child:
            try:
                return _judge(child, program, limits, folder)
            except _Ended as end:
                if end.reason == _OVER and child.confined:
                    return child.late(limits)
                return Outcome(False if child.confined else None, child.ending(end.reason, limits), child.held)


def _judge(child: _Conversation, program: Program, limits: Limits, folder: str) -> Outcome:
    child.deadline = time.monotonic() + _STARTING
    request = {
        "code": program.code,
        "folder": folder,
        "memory": limits.memory,
        "packages": [path for path in site.getsitepackages() if Path(path).is_dir()],
        "parent": os.getpid(),
        "root": str(_ROOT),
        "seconds": limits.seconds,
    }
    child.send(json.dumps(request).encode())
    child.begin(child.receive(), limits.clock)
    child.expect(b"ready")
    child.deadline = time.monotonic() + limits.clock
    child.send(program.tests.encode(errors="replace"))
    child.expect(b"done")
    secret = secrets.token_bytes(16)
    child.send(secret)
    child.expect(secret)
    return Outcome(True, "", child.held) if child.ended_well() else Outcome(False, "it did not end", child.held)


class _Ended(Exception):
    """The conversation is over before its end; ``reason`` is empty where the process's own end tells it."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class _Conversation:
    """The process and its frames. It may stop reading, never answer, or send what it likes; nothing here waits for it
    beyond the deadline."""

    def __init__(self, folder: str) -> None:
        self.deadline, self.confined = 0.0, False
        self.held: tuple[str, ...] = ()
        # -S and -s: no packages but those that are handed over, -P: no folder of the program's on the path
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-S", "-P", "-B", str(_CHILD)],
            cwd=folder,
            env={"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.into, self.out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self.into, False)

    def __enter__(self) -> _Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def begin(self, frame: bytes, seconds: float) -> None:
        """Take what holds, and start the clock of the program."""
        state, _, rest = frame.decode(errors="replace").partition(" ")
        if state != "confined":
            raise _Ended(f"it could not be confined: {one_line(rest, _SHOWN)}")
        self.confined, self.held = True, tuple(rest.split())
        self.deadline = time.monotonic() + seconds

    def expect(self, wanted: bytes) -> None:
        frame = self.receive()
        if frame != wanted:
            state, _, text = frame.decode(errors="replace").partition(" ")
            raise _Ended(one_line(text, _SHOWN) if state == "failed" else "it said something out of turn")

    def send(self, data: bytes) -> None:
        rest = memoryview(len(data).to_bytes(4, "big") + data)
        while rest:
            self._wait(self.into, selectors.EVENT_WRITE)
            try:
                rest = rest[os.write(self.into, rest) :]
            except BlockingIOError:
                continue
            except OSError as error:  # the process is gone
                raise _Ended from error

    def receive(self) -> bytes:
        size = int.from_bytes(self._take(4), "big")
        if size > _LARGEST_FRAME:
            raise _Ended("it said something out of turn")
        return self._take(size)

    def _take(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            self._wait(self.out, selectors.EVENT_READ)
            piece = os.read(self.out, size - len(got))
            if not piece:
                raise _Ended
            got += piece
        return got

    def _wait(self, pipe: int, event: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            left = self.deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise _Ended(_OVER)

    def ended_well(self) -> bool:
        try:
            return self.process.wait(max(0.0, self.deadline - time.monotonic())) == 0
        except subprocess.TimeoutExpired:
            return False

    def late(self, limits: Limits) -> Outcome:
        """End it, since the clock ran out. It has failed only if the processor time that it may use was used up."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        seconds = used.ru_utime + used.ru_stime
        if seconds >= limits.seconds:
            return Outcome(False, f"it used its {limits.seconds} s of processor time", self.held)
        why = f"{limits.clock:g} s by the clock were over, and it had only {seconds:.1f} s of processor time"
        return Outcome(None, f"{why}: it waited, or the machine was too busy", self.held)

    def ending(self, reason: str, limits: Limits) -> str:
        """Why it is over, by the process's own end where nothing else tells it."""
        if reason:
            return reason
        try:
            code = self.process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return "it closed its streams"
        if code == -signal.SIGXCPU:
            return f"it used its {limits.seconds} s of processor time"
        if code < 0:
            return f"it was ended by signal {-code}"
        return f"it ended itself with {code} before its tests were over"


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="sft-code-")
    try:
        yield folder
    finally:
        try:
            Path(folder).rmdir()
        except OSError:  # rm goes down as deep as folders were made, which Python's own way does not
            subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
