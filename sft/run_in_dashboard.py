"""``sft run --tui``: the run in a process of its own, and the dashboard on it.

Neither needs the other: the run goes on when the dashboard is left, hung up or crashes, and the dashboard shows what a
killed run has left. The spec was compiled before, so that its mistakes are told where they were typed; the run's own
process compiles it again (0.2 s).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from runtime.detached import Started, start
from runtime.store import Store
from sft.commands.common import narrate
from spec_lang.diagnostics import DiagnosticError, fatal


def run_in_dashboard(store: Store, words: Sequence[str], exit_code: Callable[[str, str | None], int]) -> int:
    """Start the run, show it until the dashboard is left, then say how it stands. The exit code is the run's, or 0
    while it goes on. Raises DiagnosticError SFT0917 without a terminal, SFT0905 where the run cannot be started."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise fatal(
            "SFT0917",
            "`--tui` needs a terminal",
            "leave it out: the run tells its steps in plain lines, and `sft tui` shows it from any terminal",
        )
    store.refuse_a_file()
    try:
        started = start(words, store.root)
    except OSError as error:
        raise fatal("SFT0905", f"the run cannot be started: {error.strerror or error}") from error
    from tui.app import run_dashboard

    crashed = run_dashboard(store.root, started.run_id, started=started)
    code = _told(store, started, exit_code)
    return code or crashed


def _told(store: Store, started: Started, exit_code: Callable[[str, str | None], int]) -> int:
    """What there is to say when the dashboard is left."""
    from tui import queries
    from tui.live import state_of

    try:
        run = queries.run(store, started.run_id)
    except DiagnosticError:  # it ended before it began, or has not come so far
        if started.code is None:
            return _goes_on(store, started)
        sys.stderr.write(_shown(started))
        return started.code or 1
    state = state_of(run)
    if state == "running":
        return _goes_on(store, started)
    if run.status == "running":  # killed: nobody could say so in the store
        narrate(f"run {run.run_id} was killed; `sft run` again continues it, and what it said is in {started.output}")
        return 1
    from sft.verdicts import verdict_table

    if run.verdict is not None:
        sys.stdout.write(verdict_table(store, run.run_id))
    narrate(f"run {run.run_id}: {run.verdict or run.status}" + (f": {run.error}" if run.error else ""))
    return exit_code(run.status, run.verdict)


def _goes_on(store: Store, started: Started) -> int:
    pid = started.process.pid
    narrate(f"run {started.run_id} goes on in process {pid}; what it says is in {started.output}")
    narrate(f"`sft tui {store.root}` shows it again, `kill -INT {pid}` stops it")
    return 0


def _shown(started: Started) -> str:
    from spec_lang.plain_text import visible

    return visible(started.said(), newlines=True)
