"""Compile a spec to its plan: canonical JSON, the same bytes for the same inputs on every machine.

Without -o a table of the steps is printed (with --format json the plan itself). A model that comes
as a GGUF file is converted once, which takes some seconds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sft.commands.common import FINDING_FORMATS, add_format, add_locked, add_settings, compiled, narrate

SUMMARY = "compile a spec to a content-hashed plan"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("-o", "--output", type=Path, metavar="PLAN", help="write the plan here")
    add_settings(parser)
    add_locked(parser)
    add_format(parser, *FINDING_FORMATS)


def execute(args: argparse.Namespace) -> int:
    from compiler.step_params import IngestParams
    from runtime.artifacts import write_file

    plan = compiled(args.file, args.format, args.settings, locked=args.locked)
    if plan is None:
        return 1
    if args.output is not None:
        from spec_lang.diagnostics import fatal

        try:
            write_file(args.output, plan.to_json())
        except OSError as error:
            raise fatal("SFT0913", f"`{args.output}` cannot be written: {error.strerror}") from None
        narrate(f"wrote {args.output}: {len(plan.steps)} steps, plan {plan.hash}")
        return 0
    if args.format == "json":
        sys.stdout.write(plan.to_json())
        return 0
    width = max((len(step.id) for step in plan.steps), default=0)
    for step in plan.steps:
        needs = ", ".join(sorted(set(step.inputs.values())))
        print(f"{step.id:<{width}}  {step.hash[:12]}  {'<- ' + needs if needs else ''}".rstrip())
    for step in plan.steps:
        if isinstance(step.params, IngestParams) and step.params.layout is not None:
            shape = step.local.get("shape")
            told = (
                f"as `shape = {shape}` says" if shape else "as their columns tell; `shape = rows` takes them for rows"
            )
            narrate(f"{step.id}: its rows are conversations, {told}")
    narrate(f"{len(plan.steps)} steps, plan {plan.hash}")
    return 0
