"""Make a finished run a named baseline. A baseline never changes by itself and never moves in silence.

RUN is a run id, the beginning of one, or `last`. The run's item-level values go to `baselines/NAME.json` beside the
spec, with a hash of everything in the file: commit it, and gates with `baseline = blessed("NAME")` compare with it on
any machine. --list shows what there is.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_store, find_store

if TYPE_CHECKING:
    from runtime.baselines import Listed

SUMMARY = "make a run a named baseline"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?")
    parser.add_argument("name", metavar="NAME", nargs="?")
    parser.add_argument("--list", action="store_true", help="the baselines that there are")
    parser.add_argument("--note", help="why this run is the baseline")
    parser.add_argument("--replace", action="store_true", help="move a name that is already given")
    parser.add_argument("--anyway", action="store_true", help="bless a run whose gates did not pass")
    parser.add_argument(
        "--beside", type=Path, metavar="DIR", help="the folder of the spec, where the store is elsewhere"
    )
    add_store(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from spec_lang.diagnostics import fatal

    if args.list:
        if args.run is not None:
            raise fatal("SFT0920", "`--list` shows all baselines, and blesses no run", "leave RUN and NAME out")
        return _list(args)
    if args.run is None or args.name is None:
        raise fatal("SFT0920", "say which run, and what it is to be called", "`sft bless last main`")
    return _bless(args)


def _bless(args: argparse.Namespace) -> int:
    import json

    from runtime.baselines import bless, spec_folder

    store = find_store(args.store)
    folder = args.beside if args.beside is not None else spec_folder(store, args.run)
    baseline = bless(store, args.run, args.name, folder, note=args.note, replace=args.replace, anyway=args.anyway)
    if args.format == "json":
        shown = {"name": baseline.name, "run": baseline.run_id, "plan": baseline.plan_hash, "file": str(baseline.path)}
        print(json.dumps(shown))
    else:
        print(f"{baseline.name} is run {baseline.run_id} (plan {baseline.plan_hash[:12]})")
        print(f"wrote {baseline.path}: commit it, so that gates compare with it everywhere")
    return 0


def _list(args: argparse.Namespace) -> int:
    import json
    from dataclasses import asdict

    from runtime.baselines import listed
    from spec_lang.diagnostics import DiagnosticError

    try:
        store = find_store(args.store)
    except DiagnosticError:  # a fresh clone has none, and the files are there
        store = None
    folder = args.beside or (store.root.parent if store is not None else Path())
    found = listed(store, folder)
    if args.format == "json":
        print(json.dumps([asdict(item) for item in found]))
        return 0
    for item in found:
        print(_line(item))
    if not found:
        print("no baseline; `sft bless RUN NAME` makes one")
    return 0


def _line(item: Listed) -> str:
    from spec_lang.plain_text import visible

    if not item.evals and item.problem:
        return visible(f"{item.name}: {item.problem}")
    where = "" if item.in_store else ", not from this store"
    odd = f"; {item.problem}" if item.problem else ""
    evals = ", ".join(item.evals)
    return visible(f"{item.name}: run {item.run_id} of {item.ended}, {evals}, {item.items:,} items{where}{odd}")
