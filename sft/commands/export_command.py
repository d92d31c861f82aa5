"""Write rows or a trained model to a folder that other tools load, with a card that says what is in it.

NAME is a task (triage), a part of one (triage.train), a mixture or a train of the spec. Data steps that are missing
run first; training is never started. The layouts of rows: jsonl (messages), parquet, hf (datasets), trl, axolotl,
llamafactory. A trained model leaves as a PEFT adapter, or with --merge as whole weights that transformers loads. With
--as lm-eval, NAME is an eval of a run, whose results and samples are written as lm-evaluation-harness writes them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_locked, add_settings, add_store, find_store, narrate, report

if TYPE_CHECKING:
    from sft.exporting import Outcome

SUMMARY = "export rows or a trained model for other tools, with a card"
LAYOUTS = ("jsonl", "parquet", "hf", "trl", "axolotl", "llamafactory")
OF_EVALS = "lm-eval"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a task, a part of one, a mixture or a train of the spec")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder to write")
    layouts = (*LAYOUTS, OF_EVALS)
    parser.add_argument("--as", choices=layouts, dest="layout", metavar="LAYOUT", help=", ".join(layouts))
    parser.add_argument("--part", metavar="PART", help="only this part of a task's split")
    parser.add_argument("--file", type=Path, metavar="SPEC", help="the spec (default: the only one in this folder)")
    parser.add_argument("--run", metavar="RUN", help="what a run had, instead of what the spec says now")
    parser.add_argument("--merge", action="store_true", help="whole weights instead of the adapter (a train)")
    parser.add_argument("--replace", action="store_true", help="replace an export that is there already")
    add_store(parser)
    add_settings(parser)
    add_locked(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.exporting import Wanted, export, only_spec
    from sft.progress import progress_display
    from sft.project import store_beside
    from spec_lang.diagnostics import Diagnostics, fatal

    if args.run is not None and (args.file is not None or args.settings or args.locked):
        raise fatal("SFT0920", "`--run` takes the plan of a run, so the spec is not read", "leave one of them out")
    if args.layout == OF_EVALS:
        return _evaluation(args)
    spec = None if args.run is not None else args.file or only_spec(Path())
    store = find_store(args.store) if spec is None else store_beside(spec, args.store)
    names = ("name", "to", "layout", "part", "run", "replace", "merge", "settings", "locked")
    wanted = Wanted(**{name: getattr(args, name) for name in names})
    with progress_display(plain=args.format == "json") as listener:
        outcome = export(wanted, spec, store, listeners=(listener,))
    if outcome.findings is not None:  # the lints of trainings and gates are nothing of an export
        report(Diagnostics([item for item in outcome.findings if not item.code.startswith("SFT07")]))
    _say(outcome, args.format)
    return 0


def _evaluation(args: argparse.Namespace) -> int:
    from sft.exporting_evals import export_evaluation
    from spec_lang.diagnostics import fatal

    given = [name for name in ("part", "merge", "file", "settings", "locked") if getattr(args, name)]
    if given:
        option = "--set" if given[0] == "settings" else f"--{given[0]}"
        raise fatal("SFT0920", f"`--as {OF_EVALS}` takes what a run measured, and no `{option}`", "leave it out")
    store = find_store(args.store)
    rows = export_evaluation(args.name, args.to, store, run=args.run, replace=args.replace)
    if args.format == "json":
        print(json.dumps({"folder": str(args.to), "rows": rows, "notes": [], "run": None}))
    narrate(f"wrote {args.to}: {', '.join(f'{name} {count:,} samples' for name, count in rows.items())}")
    return 0


def _say(outcome: Outcome, form: str) -> None:
    if form == "json":
        data = {"folder": str(outcome.folder), "rows": outcome.rows, "notes": outcome.notes}
        print(json.dumps({**data, "run": outcome.run.run_id if outcome.run else None}))
    for note in outcome.notes:
        narrate(note)
    rows = ", ".join(f"{name} {count:,} rows" for name, count in outcome.rows.items())
    narrate(f"wrote {outcome.folder}" + (f": {rows}" if rows else ""))
