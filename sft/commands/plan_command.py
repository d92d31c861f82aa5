"""The plan against the store: what is cached, what would run, and because of which field, file or step.

Runs nothing. Exit code 0 when the plan could be made.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sft.commands.common import add_format, add_settings, add_store, compiled, narrate

SUMMARY = "show what a run would do, and why"
MARKS = {"cached": "=", "run": "+", "rerun": "~"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    add_store(parser)
    add_settings(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.project import diff, store_beside
    from spec_lang.plain_text import visible

    plan = compiled(args.file, args.format, args.settings)
    if plan is None:
        return 1
    changes = diff(plan, store_beside(args.file, args.store))
    if args.format == "json":
        for change in changes:
            print(json.dumps({"step": change.step_id, "state": change.state, "reasons": list(change.reasons)}))
        return 0
    width = max(len(change.step_id) for change in changes)
    for change in changes:
        why = "; ".join(change.reasons) if change.state != "cached" else ""
        print(visible(f"{MARKS[change.state]} {change.step_id:<{width}}  {change.state:<6}  {why}".rstrip()))
    counts = {state: sum(change.state == state for change in changes) for state in MARKS}
    narrate(f"{counts['cached']} cached, {counts['run']} to run, {counts['rerun']} to rerun")
    return 0
