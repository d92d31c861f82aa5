"""What can be done with a run: bless it, run its spec again or continue it, stop it. Each asks before it does it.

Nothing is done here that a command does not do: `sft bless`, `sft run` in a process of its own, and the signal of
Ctrl-C. A run is started again with the options that it was started with, which it has recorded.
"""

from __future__ import annotations

import shlex
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from runtime.environment import OPTIONS
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible
from tui import queries
from tui.live import elsewhere, state_of
from tui.queries import RunRow
from tui.view_models.runs import elsewhere_words
from tui.watching import asked_to_stop, last_sign

if TYPE_CHECKING:
    from runtime.baselines import Baseline
    from runtime.detached import Started
    from runtime.store import Store
    from tui.screens.view import View

# What becomes of a step that was under way when a run ended, by what it does.
GOES_ON = (
    "Of a step that was under way, a training goes on from its last checkpoint, and what models answered or scored is "
    "kept; work on the data (filters, near-duplicates, overlaps) begins anew, and so does measuring (code that is run, "
    "too)."
)
TAKEN, NOT_BLESSABLE = "SFT0916", "SFT0915"


class Again(Struct, frozen=True):
    """How a run is started again: the words after ``sft run``, how many of its steps are kept, and when it said
    something last."""

    words: tuple[str, ...]
    options: tuple[str, ...]
    kept: int
    steps: int
    sign: float | None = None


def again(store: Store, run: RunRow) -> Again:
    """Raises DiagnosticError SFT0915 where the spec is not found any more, or the run was made for an export."""
    from compiler.plan import EXPORT_MARK
    from runtime.spec_place import spec_place

    if EXPORT_MARK in run.spec:
        raise fatal(NOT_BLESSABLE, "this run served an export", "give the `sft export` again")
    with store.reading():
        folder = spec_place(store, run.run_id)
        options = dict(queries.environment(store, run.run_id)).get(OPTIONS, "")
        kept = sum(step.status in ("done", "cached") for step in queries.steps(store, run.run_id))
    if folder is None:
        message = f"the spec `{run.spec}` is not beside the store, nor where it was run"
        raise fatal(NOT_BLESSABLE, message, "give its `sft run` again, with `--store`")
    try:
        given = tuple(_of_a_run(shlex.split(options)))
    except ValueError as error:  # a quotation without an end
        raise fatal(NOT_BLESSABLE, "the options of this run cannot be read", "give its `sft run` again") from error
    words = (str((folder / run.spec).resolve()), *given, "--store", str(store.root))
    return Again(words, given, kept, run.steps, last_sign(store.root / "runs", run.run_id))


def _of_a_run(words: list[str]) -> Iterator[str]:
    """The options that a run records. A store may come from anybody: no other word of it gets to a command line."""
    rest = iter(words)
    for word in rest:
        if word in ("--set", "--only"):
            yield from (word, next(rest, ""))
        elif word == "--locked":
            yield word


class ActsOnRuns:
    """For a screen that has a run chosen. A mixin of ``View``; the screens' keys are those of the scope ``act``."""

    def chosen_run(self) -> RunRow | None:
        raise NotImplementedError

    @property
    def _screen(self) -> View[Any]:
        return cast("View[Any]", self)

    def _done(self, text: str) -> None:
        self._screen.app.notify(visible(text), markup=False, timeout=10)

    def _confirm(self, question: str, lines: tuple[str, ...], does: str, then: Callable[[], None]) -> None:
        from tui.screens.confirm import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self._screen.app.push_screen(ConfirmScreen(question, lines, does), answered)

    # --- again -----------------------------------------------------------------------------------

    def action_again(self) -> None:
        run = self.chosen_run()
        if run is None:
            self._none_chosen()
            return
        if state_of(run) == "running" and not elsewhere(run):
            self._screen.say("this run is still going on: S stops it")
            return
        self._screen.ask("act", lambda: again(self._screen.board.store, run), partial(self._ask_again, run))

    def _ask_again(self, run: RunRow, how: Again) -> None:
        continues = state_of(run) in ("interrupted", "failed", "running")
        verb = "Continue" if continues else "Run again"
        kept = f"Steps whose results are there are not computed again: this run has {how.kept} of {how.steps}."
        if continues:
            kept += f" {GOES_ON}"
        lines: tuple[str, ...] = (
            shlex.join(["sft", "run", *how.words]),
            "",
            f"The spec as the file is now, {'with ' + shlex.join(how.options) if how.options else 'without options'}.",
            kept,
            "It gets a process of its own, which goes on when the dashboard is left.",
        )
        if elsewhere(run):
            lines = (elsewhere_words(run, how.sign, time.time()) + ", and nowhere else.", "", *lines)
        self._confirm(f"{verb}: {run.spec}?", lines, "starts it", partial(self._start, how))

    def _start(self, how: Again) -> None:
        def started(one: Started) -> None:
            self._screen.board.take_started(one)
            self._screen.board.open_run(one.run_id)

        self._screen.ask("act", lambda: _start(how.words, self._screen.board.store), started)

    # --- stop ------------------------------------------------------------------------------------

    def action_stop(self) -> None:
        run = self.chosen_run()
        if run is None:
            self._stop_starting()
            return
        if state_of(run) != "running":
            self._screen.say("this run is not going on: there is nothing to stop")
            return
        runs = self._screen.board.store.root / "runs"
        self._screen.ask("act", lambda: asked_to_stop(runs, run.run_id), partial(self._ask_stop, run))

    def _ask_stop(self, run: RunRow, asked: bool) -> None:
        lines = (
            f"Sends process {run.pid} the signal of Ctrl-C.",
            "It was asked before and has not come to a safe point yet: this stops it at once."
            if asked
            else "It stops at the next safe point: what is finished stays, a training has its last checkpoint.",
            f"R continues it. {GOES_ON}",
        )
        self._confirm(f"Stop run {run.run_id} of {run.spec}?", lines, "stops it", partial(self._stop, run, asked))

    def _stop(self, run: RunRow, asked: bool) -> None:
        from runtime.detached import interrupt

        done = "stopped at once, as it was asked before" if asked else "asked to stop; it ends at the next safe point"

        def told(problem: str) -> None:
            self._done(f"not stopped: {problem}" if problem else done)

        self._screen.ask("act", lambda: interrupt(run.pid, run.host, run.process), told)

    def _stop_starting(self) -> None:
        """The process of a run that is not in the store yet is known where it was started from here."""
        started = self._screen.board.started_run(self._screen.run_id)
        if started is None or started.code is not None:
            self._none_chosen()
            return
        lines = (f"Process {started.process.pid} still compiles the spec: the signal of Ctrl-C ends it.",)
        question = f"Stop run {started.run_id}, which is starting?"
        self._confirm(question, lines, "stops it", lambda: started.process.send_signal(signal.SIGINT))

    def _none_chosen(self) -> None:
        starting = self._screen.board.started_run(self._screen.run_id)
        if starting is not None and starting.code is None:
            self._done("the run is starting: S stops it, the rest can be done once it has begun")
        else:
            self._done("there is no run here to do that with")

    # --- bless -----------------------------------------------------------------------------------

    def action_bless(self) -> None:
        run = self.chosen_run()
        if run is None:
            self._none_chosen()
            return
        state = state_of(run)
        if state != "done":
            self._screen.say(f"run {run.run_id} is {state}: a baseline has to be a finished run")
            return
        self._screen.ask("act", lambda: _names(self._screen.board.store, run), partial(self._ask_name, run))

    def _ask_name(self, run: RunRow, names: list[str]) -> None:
        from tui.screens.ask import AskScreen

        known = f" There are: {', '.join(names)}." if names else ""
        hint = f"writes baselines/NAME.json beside {run.spec} and names run {run.run_id} in the store.{known}"
        screen = AskScreen("bless as", names[0] if names else "main", hint)
        self._screen.app.push_screen(screen, lambda name: self._bless(run, name.strip()) if name else None)

    def _bless(self, run: RunRow, name: str, *, replace: bool = False, anyway: bool = False) -> None:
        """Done as the command does it; what it refuses is asked about with the words of the refusal."""

        def work() -> Baseline | DiagnosticError:
            from runtime.baselines import bless, spec_folder

            store = self._screen.board.store
            folder = spec_folder(store, run.run_id)
            try:
                return bless(store, run.run_id, name, folder, note=None, replace=replace, anyway=anyway)
            except DiagnosticError as error:
                if error.diagnostics[0].code in (TAKEN, NOT_BLESSABLE):
                    return error
                raise

        def then(made: Baseline | DiagnosticError) -> None:
            if not isinstance(made, DiagnosticError):
                self._done(f"{made.name} is run {made.run_id}. Commit {made.path}: gates compare with it everywhere")
                self._screen.reload()
                return
            finding = made.diagnostics[0]
            if finding.code == TAKEN and not replace:
                lines = (finding.message + ".", f"This moves {name} to run {run.run_id}, in the file and in the store.")
                again = partial(self._bless, run, name, replace=True, anyway=anyway)
                self._confirm(f"Move the baseline {name}?", lines, "moves it", again)
            elif finding.code == NOT_BLESSABLE and not anyway and "--anyway" in (finding.help or ""):
                lines = (finding.message + ".", "Gates would compare later runs with what did not pass itself.")
                again = partial(self._bless, run, name, replace=replace, anyway=True)
                self._confirm(f"Bless a run that did not pass as {name}?", lines, "blesses it anyway", again)
            else:
                self._screen.say(f"{finding.message} · {finding.help or ''}")

        self._screen.ask("act", work, then)


def _names(store: Store, run: RunRow) -> list[str]:
    """The baselines of a run's spec, the one that was blessed last first."""
    rows = store.query(
        "SELECT b.name FROM baselines b JOIN runs r USING (run_id) WHERE r.spec = ? ORDER BY b.blessed_at DESC, b.name",
        [run.spec],
    )
    return [row[0] for row in rows]


def _start(words: tuple[str, ...], store: Store) -> Started:
    from runtime.detached import start

    try:
        return start(words, Path(store.root))
    except OSError as error:
        raise fatal("SFT0905", f"the run cannot be started: {error.strerror or error}") from error
