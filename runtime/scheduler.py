"""Runs a plan: every step whose result is not there yet, in order, each kept as it ends.

A step is cached when its object folder is whole and the store has its result; both are written
before the step counts as done, the store first, so a kill between the two costs one step's tail
and never a wrong answer. A lock a step lets two runs share a store: the second waits for the
first one's result instead of computing it again.
"""

from __future__ import annotations

import errno
import shlex
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

from compiler.plan import Plan, Step, StepKind
from runtime import run_record
from runtime.artifacts import Objects
from runtime.balance import check_balance
from runtime.context import Interrupted, StepContext, StepResult, StopFlag
from runtime.environment import OPTIONS, SPEC_FOLDER, capture
from runtime.events import EVENTS, STOPPING, Event, EventWriter
from runtime.places import Files, placed, spec_files
from runtime.preflight import preflight
from runtime.run_record import Result
from runtime.skipping import Skipping, notices, overall_verdict
from runtime.stopping import statements_again, stop_statements
from runtime.store import Store
from spec_lang.diagnostics import Diagnostic, DiagnosticError, fatal


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended: ``status`` done, failed or interrupted; ``verdict`` the worst of its gates, None without one.
    ``findings`` are what stopped it, and warnings of the loops in it."""

    run_id: str
    status: str
    verdict: str | None
    computed: int
    cached: int
    findings: tuple[Diagnostic, ...] = ()


def run_plan(
    plan: Plan,
    spec_dir: Path,
    store: Store,
    *,
    only: str | None = None,
    reasons: Mapping[str, str] | None = None,
    listeners: Sequence[Callable[[Event], None]] = (),
    run_id: str | None = None,
    options: Sequence[str] = (),
) -> RunOutcome:
    """Execute a plan against a store. ``only`` limits it to one step and what that step needs; ``run_id`` names the run
    where whoever started it has done so; ``options`` of the command line are recorded, to continue it with.

    Never raises for user mistakes or interruption: they are in the outcome. Raises DiagnosticError only
    when the store itself cannot be opened.
    """
    store.create()
    files = spec_files(plan, spec_dir)
    with store.reading():
        dead, known = run_record.dead_runs(store), run_record.known_results(store)
    run_record.mark_interrupted(store, dead)
    steps = wanted_steps(plan, only)
    objects = Objects(store.root / "objects")
    results = {h: r for h, r in known.items() if objects.has(h)}
    run_id = run_id or run_record.new_run_id()
    environment = capture(spec_dir) | {SPEC_FOLDER: str(spec_dir.resolve())}
    environment |= {OPTIONS: shlex.join(options)} if options else {}
    texts = {name: file.text for name, file in files.items()}
    run_record.begin(store, run_id, plan, results, reasons or {}, environment, texts)
    events = EventWriter(store.root / "runs" / run_id / EVENTS, list(listeners))
    states = [{"id": s.id, "status": "cached" if s.hash in results else "pending"} for s in plan.steps]
    events.emit("run_started", run_id=run_id, spec=plan.spec, steps=states)
    with stop_on_signals(events) as stop:
        run = _Run(plan, spec_dir, store, objects, run_id, events, stop, results, frozenset(results), files)
        try:
            outcome = run.execute(steps)
        finally:
            events.close()
    return outcome


def wanted_steps(plan: Plan, only: str | None) -> list[Step]:
    """All steps, or one step and everything upstream of it, in plan order. Raises SFT0910 for an unknown id."""
    if only is None:
        return list(plan.steps)
    ids = {step.id for step in plan.steps}
    if only not in ids:
        from spec_lang.suggest import closest

        near = closest(only, sorted(ids))
        raise fatal(
            "SFT0910", f"the plan has no step `{only}`", f"did you mean `{near[0]}`?" if near else "see `sft plan`"
        )
    return list(plan.behind([only]))


@dataclass
class _Run:
    """One run in progress."""

    plan: Plan
    spec_dir: Path
    store: Store
    objects: Objects
    run_id: str
    events: EventWriter
    stop: StopFlag
    results: dict[str, Result]
    known_before: frozenset[str]
    files: Files
    computed: int = 0
    cached: int = 0
    skipping: Skipping = field(default_factory=Skipping)

    def execute(self, steps: Sequence[Step]) -> RunOutcome:
        status: str = "done"
        findings: tuple[Diagnostic, ...] = ()
        running: Step | None = None
        try:
            missing = [step for step in steps if step.hash not in self.results]
            preflight(missing, self.spec_dir, self.store, self.files)
            for running in steps:
                self.stop.check()
                self._step(running)
        except (Interrupted, KeyboardInterrupt):
            status = "interrupted"
        except DiagnosticError as error:
            status = "failed"
            findings = placed(error, running, self.files) if running is not None else error.diagnostics
        except OSError as error:
            if error.errno != errno.ENOSPC:
                findings = (self._crash(),)
            else:
                findings = fatal("SFT0904", "the disk is full", _DISK_HELP).diagnostics
            status = "failed"
        except Exception:  # our own bug: keep the traceback in a file, tell the user where
            status, findings = "failed", (self._crash(),)
        return self._end(status, findings, running, steps)

    def _step(self, step: Step) -> None:
        reason = self.skipping.reason(step)
        if reason is not None:
            run_record.step_skipped(self.store, self.run_id, step, reason)
            self.events.emit("step_skipped", step.id, reason=reason)
            return
        if step.hash in self.results:
            self.cached += 1
            self.skipping.ended(step, self.results[step.hash].summary)
            if step.hash not in self.known_before:  # another step of this run did the same work under its own name
                self._finished(step, "cached", self.results[step.hash])
            return
        waiting = partial(self.events.emit, "note", step.id, text="another run computes this step; waiting")
        with self.objects.locked(step.hash, waiting, self.stop.check):
            known = run_record.known_results(self.store).get(step.hash) if self.objects.has(step.hash) else None
            if known is not None:  # another run finished it while we waited
                self.cached += 1
                self._finished(step, "cached", known)
                return
            self._compute(step)

    def _compute(self, step: Step) -> None:
        run_record.step_started(self.store, self.run_id, step)
        self.events.emit("step_started", step.id)
        started = time.monotonic()
        lacking = self.skipping.lacking(step)
        there = {role: self.plan.step(source) for role, source in step.inputs.items() if role not in lacking}
        context = StepContext(
            step=step,
            run_id=self.run_id,
            spec_dir=self.spec_dir,
            inputs={role: self.objects.path(source.hash) for role, source in there.items()},
            input_steps=there,
            out=self.objects.partial(step.hash),
            store=self.store,
            events=self.events,
            stop=self.stop,
            lacking=lacking,
        )
        given = step_runner(step.kind)(context)
        check_balance(self.store, step, given)
        seconds = time.monotonic() - started
        run_record.result_kept(self.store, self.run_id, step, given, seconds)
        meta = {"kind": str(step.kind), "name": step.name, "seconds": round(seconds, 3), "summary": given.summary}
        self.objects.publish(step.hash, meta)
        self.computed += 1
        self._finished(step, "done", Result(given.rows_in, given.rows_out, given.rows_dropped, seconds, given.summary))

    def _finished(self, step: Step, status: str, result: Result) -> None:
        self.results[step.hash] = result
        self.skipping.ended(step, result.summary)
        run_record.step_ended(self.store, self.run_id, step, status, result, None)
        self.events.emit(
            "step_finished",
            step.id,
            status=status,
            seconds=round(result.seconds, 3),
            rows_in=result.rows_in,
            rows_out=result.rows_out,
            rows_dropped=result.rows_dropped,
            summary=result.summary,
        )

    def _end(
        self, status: str, findings: tuple[Diagnostic, ...], running: Step | None, steps: Sequence[Step]
    ) -> RunOutcome:
        ran = [(step, self.results[step.hash].summary) for step in steps if self._has_run(step)]
        verdict = overall_verdict(self.plan, ran)
        error = findings[0].message if findings else None
        if status != "done":
            if running is not None:
                run_record.step_ended(self.store, self.run_id, running, status, None, error)
                self.events.emit("step_failed", running.id, status=status, error=error)
            verdict = None
        told = (*findings, *notices(iter(ran), self.files))
        run_record.end(self.store, self.run_id, status, verdict, told, running)
        self.events.emit("run_finished", status=status, verdict=verdict, computed=self.computed, cached=self.cached)
        return RunOutcome(self.run_id, status, verdict, self.computed, self.cached, told)

    def _has_run(self, step: Step) -> bool:
        return step.hash in self.results and step.id not in self.skipping.reasons

    def _crash(self) -> Diagnostic:
        path = self.store.root / "runs" / self.run_id / "crash.txt"
        text = traceback.format_exc()
        with suppress(OSError):
            path.write_text(text, encoding="utf-8")
        last = text.strip().splitlines()[-1]
        message = f"internal error: {last}"
        return fatal(
            "SFT0911", message, f"this is a bug in sft; the details are in `{path}`. finished steps are kept"
        ).diagnostics[0]


_DISK_HELP = "free some space and run the command again: finished steps are kept"


def step_runner(kind: StepKind) -> Callable[[StepContext], StepResult]:
    """The ``run`` function of a step kind's module, imported only when a step of that kind has to run."""
    from importlib import import_module

    runner: Callable[[StepContext], StepResult] = import_module(f"runtime.steps.{kind}").run
    return runner


@contextmanager
def stop_on_signals(events: EventWriter) -> Iterator[StopFlag]:
    """Ctrl-C and SIGTERM ask for a stop at the next safe point, which the end of a statement over rows is at once; a
    second Ctrl-C does not wait for one."""
    stop = StopFlag()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.requested = True
        events.emit("note", text=f"{STOPPING}; press Ctrl-C again to stop at once")
        stop_statements()

    try:
        previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: the caller handles signals
        yield stop
        return
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        statements_again()
