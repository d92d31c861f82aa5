"""A diagnostic's page, or what a step does: its SQL, inputs, and what its hash covers.

WHAT is a code (SFT0204), a diagnostic's name (unknown-field) or a step (filter:triage.clean). Steps
are looked up in FILE when it is given, otherwise in the last run of the store.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_store, compiled, find_store

if TYPE_CHECKING:
    from compiler.plan import Plan

SUMMARY = "explain a diagnostic code or a step"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="CODE|STEP")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the spec, to explain one of its steps")
    add_store(parser)


def execute(args: argparse.Namespace) -> int:
    if ":" in args.what:
        plan = _plan(args)
        if plan is None:
            return 1
        from compiler.explain import explain_step

        try:
            step = plan.step(args.what)
        except KeyError:
            raise _unknown(args.what, sorted(step.id for step in plan.steps)) from None
        sys.stdout.write(explain_step(plan, step))
        return 0
    from spec_lang.codes import page, pages

    named = {path.stem[8:]: code for code, path in pages().items()}
    text = page(named.get(args.what, args.what))
    if text is None:
        raise _unknown(args.what, sorted([*pages(), *named]))
    sys.stdout.write(text)
    return 0


def _plan(args: argparse.Namespace) -> Plan | None:
    if args.file is not None:
        return compiled(args.file)
    from compiler.plan import Plan
    from runtime.baselines import find_run

    store = find_store(args.store)
    run_id = find_run(store, "last")[0]
    return Plan.from_json(store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0])


def _unknown(what: str, known: list[str]) -> Exception:
    from spec_lang.diagnostics import fatal
    from spec_lang.suggest import closest

    near = closest(what, known)
    return fatal("SFT0910", f"nothing is called `{what}`", f"did you mean `{near[0]}`?" if near else None)
