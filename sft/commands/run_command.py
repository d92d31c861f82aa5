"""Compile a spec and run what is not there yet; ends with the verdict of each requirement.

An interrupted or killed run continues where it was when the command is given again. Exit code 0
every gate passed (or there is none), 1 an error, 2 a gate failed, 3 a gate is inconclusive, 130
interrupted. --inconclusive pass makes 0 of 3, --inconclusive fail 2; the verdict stays what it is.
With --tui the run has its own process, which goes on when the dashboard is left.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_locked, add_settings, add_store, narrate, report
from sft.reports.writing import Wanted, add_reports

if TYPE_CHECKING:
    from compiler.plan import Plan
    from runtime.scheduler import RunOutcome
    from runtime.store import Store

SUMMARY = "run a spec: data, training, evals, gates"
EXIT_CODES = {"pass": 0, None: 0, "fail": 2, "inconclusive": 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--only", metavar="STEP", help="run one step and what it needs (ids: see `sft plan`)")
    parser.add_argument("--plain", action="store_true", help="plain lines instead of a progress display")
    parser.add_argument("--tui", action="store_true", help="run in a process of its own, and open the dashboard on it")
    add_store(parser)
    add_settings(parser)
    add_locked(parser)
    add_format(parser)
    add_reports(parser)


def execute(args: argparse.Namespace) -> int:
    from spec_lang.diagnostics import DiagnosticError

    wanted = Wanted.of(args)
    wanted.prepare()
    try:
        return _run(args, wanted)
    except DiagnosticError as error:  # a store that cannot be opened, a spec that cannot be read
        if wanted.any:
            from sft.reports.of_run import report_of_findings

            wanted.write(report_of_findings(args.file, error.diagnostics, wanted.taken))
        raise


def _run(args: argparse.Namespace, wanted: Wanted) -> int:
    from sft.progress import progress_display
    from sft.project import compile, store_beside
    from sft.project import execute as execute_plan

    plan, found = compile(args.file, settings=args.settings, locked=args.locked)
    report(found, args.format if plan is None else "text")
    if plan is None:
        if wanted.any:
            from sft.reports.of_run import report_of_findings

            wanted.write(report_of_findings(args.file, found, wanted.taken))
        return 1
    if args.require_gate:
        _need_a_gate(plan, args)
    store = store_beside(args.file, args.store)
    if args.tui:
        from sft.run_in_dashboard import run_in_dashboard

        return run_in_dashboard(store, again_words(args), lambda status, verdict: exit_code(status, verdict, wanted))
    from runtime.detached import given_run_id

    with progress_display(plain=args.plain) as listener:
        outcome = execute_plan(
            plan,
            args.file,
            store=store,
            only=args.only,
            listeners=(listener,),
            run_id=given_run_id(),
            options=_of_the_plan(args),
        )
    if args.inconclusive:
        from runtime.run_record import count_inconclusive_as

        count_inconclusive_as(store, outcome.run_id, args.inconclusive)
    with suppress(OSError):  # a closed or full stream: the verdict stands in the store, and in the exit code
        _report(outcome, store, args)
        sys.stdout.flush()
    if wanted.any:
        from sft.reports.of_run import report_of_run

        wanted.write(report_of_run(store, outcome.run_id, args.file.parent))
    return exit_code(outcome.status, outcome.verdict, wanted)


def _need_a_gate(plan: Plan, args: argparse.Namespace) -> None:
    """Refuse a run that decides nothing, which ends with 0 like one that passed. Raises DiagnosticError SFT0931."""
    from runtime.scheduler import wanted_steps
    from spec_lang.diagnostics import fatal

    if not any(step.kind == "gate" for step in wanted_steps(plan, args.only)):
        what = f"`{args.only}` needs no gate" if args.only else f"`{args.file}` has no gate"
        raise fatal("SFT0931", f"{what}, and `--require-gate` asks for one", "add a `gate` with what has to hold")


def exit_code(status: str, verdict: str | None, wanted: Wanted) -> int:
    codes = {"interrupted": 130, "failed": 1}
    return codes.get(status, EXIT_CODES[wanted.taken if verdict == "inconclusive" else verdict])


def again_words(args: argparse.Namespace) -> list[str]:
    """The words after `sft run` that go on with what was interrupted: all that tells which plan and which store, and
    what is to be made of its verdict."""
    words = [str(args.file), *_of_the_plan(args)]
    words += ["--store", str(args.store)] if args.store else []
    words += [word for name in ("junit", "sarif", "markdown") for word in _option(args, name)]
    words += ["--github"] if args.github else []
    words += ["--require-gate"] if args.require_gate else []
    words += _option(args, "inconclusive")
    return words


def _of_the_plan(args: argparse.Namespace) -> list[str]:
    """The words that tell which plan it is."""
    words = [word for setting in args.settings for word in ("--set", setting)]
    words += ["--only", args.only] if args.only else []
    return words + (["--locked"] if args.locked else [])


def _option(args: argparse.Namespace, name: str) -> list[str]:
    value = getattr(args, name)
    return [f"--{name}", str(value)] if value else []


def _report(outcome: RunOutcome, store: Store, args: argparse.Namespace) -> None:
    from sft.verdicts import verdict_table
    from spec_lang.diagnostics import Diagnostics

    if args.format == "json":
        data = {"run": outcome.run_id, "status": outcome.status, "verdict": outcome.verdict}
        print(json.dumps({**data, "computed": outcome.computed, "cached": outcome.cached}))
    if outcome.findings:
        report(Diagnostics(list(outcome.findings)))
    if outcome.status == "interrupted":
        narrate(f"interrupted; `{shlex.join(['sft', 'run', *again_words(args)])}` continues from here")
        return
    if outcome.status == "failed":
        narrate("finished steps are kept; mend the cause and run again")
        return
    if args.format == "text" and outcome.verdict is not None:
        sys.stdout.write(_table(verdict_table(store, outcome.run_id), args))
    narrate(
        f"run {outcome.run_id}{_verdict(outcome, args)} ({outcome.computed} steps computed, {outcome.cached} cached)"
    )


def _table(text: str, args: argparse.Namespace) -> str:
    """Names of slices come from data: no line of them may be a command of GitHub Actions."""
    if not args.github:
        return text
    from spec_lang.github import uncommanded

    return uncommanded(text)


def _verdict(outcome: RunOutcome, args: argparse.Namespace) -> str:
    if outcome.verdict == "inconclusive" and args.inconclusive:
        return f": inconclusive, which counts as {args.inconclusive}"
    return f": {outcome.verdict}" if outcome.verdict else ", no gate decided"
