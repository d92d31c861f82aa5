"""Runs in a process of their own: the dashboard and ``sft run --tui`` start them and leave them alone.

The process has a session of its own, so that no hangup or Ctrl-C of the terminal reaches it, nor the end of whoever
started it. It reads nothing, and what it says goes to ``output.txt`` in the folder of the run. Who starts it also names
the run, so that both know from the beginning which one it is. A thread waits for its end, because a child that nobody
waits for would stay as a zombie. Starting costs a millisecond; the process itself what ``sft run`` costs.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from runtime.own_process import WORDS, surroundings
from runtime.processes import is_still
from runtime.run_record import new_run_id

OUTPUT = "output.txt"
RUN_ID = "SFT_RUN_ID"  # in the environment of such a process: the id that its run gets


@dataclass(frozen=True)
class Started:
    """A run that was started here. ``output`` is the file that has what it says."""

    run_id: str
    output: Path
    process: subprocess.Popen[bytes]

    @property
    def code(self) -> int | None:
        """Its exit code; None while it goes on."""
        return self.process.poll()

    def said(self, most: int = 4000) -> str:
        """The end of what it said."""
        try:
            text = self.output.read_bytes()
        except OSError:
            return ""
        return text[-most:].decode("utf-8", "replace")


def start(words: Sequence[str], store_root: Path) -> Started:
    """``sft run`` with these words, for a run in this store. Raises OSError where nothing can be written or started."""
    run_id = new_run_id()
    output = store_root / "runs" / run_id / OUTPUT
    output.parent.mkdir(parents=True)
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*WORDS, "run", *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**surroundings(), RUN_ID: run_id},
        )
    Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()
    return Started(run_id, output, process)


def given_run_id() -> str | None:
    """The id that whoever started this process gave its run; taken once, so that nothing inherits it."""
    return os.environ.pop(RUN_ID, None) or None


def interrupt(pid: int, host: str, process: str) -> str:
    """Ask a run to stop as Ctrl-C does; what stands in the way, or nothing. ``process`` is the identity of its process
    that the run has recorded: no signal goes to one that has only got its number."""
    import psutil

    if host != socket.gethostname():
        return f"it runs on {host}: stop it there"
    if not process:
        return (
            f"an earlier version began it, which does not say which process it is: `kill -INT {pid}` if it is this one"
        )
    try:
        found = psutil.Process(pid)
        if not is_still(pid, process, 0.0):
            return f"its process has ended, whatever has the number {pid} by now"
        found.send_signal(signal.SIGINT)
    except psutil.NoSuchProcess:
        return "its process is gone already"
    except psutil.AccessDenied:
        return f"process {pid} belongs to somebody else, who has to stop it"
    return ""
