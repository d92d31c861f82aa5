"""A diagnostic's page, or what a step does: its SQL, inputs, and what its hash covers.

WHAT is a code (SFT0204, in any case), a diagnostic's name (unknown-field) or a step (filter:triage.clean).
Steps are looked up in FILE when it is given, otherwise in the last run of the store. Without WHAT all codes
are listed, one line each. With --format json codes come as objects.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_store, compiled, find_store

if TYPE_CHECKING:
    from compiler.plan import Plan

SUMMARY = "explain a diagnostic code or a step, or list all codes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", metavar="CODE|NAME|STEP")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the spec, to explain one of its steps")
    add_format(parser)
    add_store(parser)


def execute(args: argparse.Namespace) -> int:
    if args.what is None:
        from sft.explain_pages import list_json, list_text

        sys.stdout.write(list_json() if args.format == "json" else list_text())
        return 0
    return _explain_step(args) if ":" in args.what else _explain_code(args)


def _explain_code(args: argparse.Namespace) -> int:
    import json

    from sft.explain_pages import code_of, near, record
    from spec_lang.codes import page

    code = code_of(args.what)
    if code is None:
        raise _unknown(args.what, near(args.what))
    sys.stdout.write(json.dumps(record(code, whole=True)) + "\n" if args.format == "json" else page(code) or "")
    return 0


def _explain_step(args: argparse.Namespace) -> int:
    import json

    from spec_lang.suggest import closest

    plan = _plan(args)
    if plan is None:
        return 1
    from compiler.explain import explain_step

    try:
        step = plan.step(args.what)
    except KeyError:
        raise _unknown(args.what, closest(args.what, [step.id for step in plan.steps], 2)) from None
    text = explain_step(plan, step)
    sys.stdout.write(json.dumps({"step": step.id, "text": text}) + "\n" if args.format == "json" else text)
    return 0


def _plan(args: argparse.Namespace) -> Plan | None:
    if args.file is not None:
        return compiled(args.file)
    from compiler.plan import Plan
    from runtime.baselines import find_run

    store = find_store(args.store)
    run_id = find_run(store, "last")[0]
    return Plan.from_json(store.query("SELECT plan FROM runs WHERE run_id = ?", [run_id])[0][0])


def _unknown(what: str, near: tuple[str, ...]) -> Exception:
    from spec_lang.diagnostics import fatal

    meant = " or ".join(f"`{name}`" for name in near)
    help = f"did you mean {meant}?" if near else "`sft explain` lists all codes"
    return fatal("SFT0910", f"nothing is called `{what}`", help)
