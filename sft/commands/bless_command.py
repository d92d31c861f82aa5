"""Make a finished run a named baseline. A baseline never changes by itself and never moves in silence.

RUN is a run id, the beginning of one, or `last`.
"""

from __future__ import annotations

import argparse

from sft.commands.common import add_format, add_store, find_store

SUMMARY = "make a run a named baseline"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--note", help="why this run is the baseline")
    parser.add_argument("--replace", action="store_true", help="move a name that is already given")
    parser.add_argument("--anyway", action="store_true", help="bless a run whose gates did not pass")
    add_store(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    import json

    from runtime.baselines import bless

    baseline = bless(
        find_store(args.store), args.run, args.name, note=args.note, replace=args.replace, anyway=args.anyway
    )
    if args.format == "json":
        print(json.dumps({"name": baseline.name, "run": baseline.run_id, "plan": baseline.plan_hash}))
    else:
        print(f"{baseline.name} is run {baseline.run_id} (plan {baseline.plan_hash[:12]})")
    return 0
