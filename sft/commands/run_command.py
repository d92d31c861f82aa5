"""Compile a spec and run what is not there yet; ends with the verdict of each requirement.

An interrupted or killed run continues where it was when the command is given again. Exit code 0
every gate passed (or there is none), 1 an error, 2 a gate failed, 3 a gate is inconclusive, 130
interrupted.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_locked, add_settings, add_store, compiled, narrate

if TYPE_CHECKING:
    from runtime.scheduler import RunOutcome
    from runtime.store import Store

SUMMARY = "run a spec: data, training, evals, gates"
EXIT_CODES = {"pass": 0, None: 0, "fail": 2, "inconclusive": 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--only", metavar="STEP", help="run one step and what it needs (ids: see `sft plan`)")
    parser.add_argument("--plain", action="store_true", help="plain lines instead of a progress display")
    add_store(parser)
    add_settings(parser)
    add_locked(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.progress import progress_display
    from sft.project import execute as execute_plan
    from sft.project import store_beside

    plan = compiled(args.file, args.format, args.settings, locked=args.locked)
    if plan is None:
        return 1
    store = store_beside(args.file, args.store)
    with progress_display(plain=args.plain) as listener:
        outcome = execute_plan(plan, args.file, store=store, only=args.only, listeners=(listener,))
    with suppress(OSError):  # a closed or full stream: the verdict stands in the store, and in the exit code
        _report(outcome, store, args)
        sys.stdout.flush()
    return _exit_code(outcome)


def _exit_code(outcome: RunOutcome) -> int:
    codes = {"interrupted": 130, "failed": 1}
    return codes.get(outcome.status, EXIT_CODES[outcome.verdict])


def _again(args: argparse.Namespace) -> str:
    """The command that goes on with what was interrupted: all that tells which plan and which store."""
    words = ["sft", "run", str(args.file)]
    words += [word for setting in args.settings for word in ("--set", setting)]
    words += ["--only", args.only] if args.only else []
    words += ["--store", str(args.store)] if args.store else []
    words += ["--locked"] if args.locked else []
    return shlex.join(words)


def _report(outcome: RunOutcome, store: Store, args: argparse.Namespace) -> None:
    from sft.verdicts import verdict_table
    from spec_lang.diagnostics import Diagnostics

    if args.format == "json":
        data = {"run": outcome.run_id, "status": outcome.status, "verdict": outcome.verdict}
        print(json.dumps({**data, "computed": outcome.computed, "cached": outcome.cached}))
    if outcome.findings:
        from sft.commands.common import report

        report(Diagnostics(list(outcome.findings)))
    if outcome.status == "interrupted":
        narrate(f"interrupted; `{_again(args)}` continues from here")
        return
    if outcome.status == "failed":
        narrate("finished steps are kept; mend the cause and run again")
        return
    if args.format == "text" and outcome.verdict is not None:
        sys.stdout.write(verdict_table(store, outcome.run_id))
    verdict = f": {outcome.verdict}" if outcome.verdict else ""
    narrate(f"run {outcome.run_id}{verdict} ({outcome.computed} steps computed, {outcome.cached} cached)")
