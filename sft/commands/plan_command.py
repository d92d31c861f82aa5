"""The plan against the store: what is cached, what would run, and because of which field, file or step.

Runs nothing. Steps that the last run had and this plan has not are orphans; their results stay in the store.
Rows with a `~` are expected, not counted; times are in proportion to earlier runs. Exit code 0 when there is
nothing to do, 2 when a run would compute something, 1 for an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sft.commands.common import add_format, add_locked, add_settings, add_store, compiled

SUMMARY = "show what a run would do, and why"
CHANGES = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    add_store(parser)
    add_settings(parser)
    add_locked(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    plan = compiled(args.file, args.format, args.settings, locked=args.locked)
    if plan is None:
        return 1
    from sft.coloured import print_lines
    from sft.plain_tables import terminal_width
    from sft.plan_page import plan_lines, records
    from sft.planning import outlook
    from sft.project import store_beside

    found = outlook(plan, args.file.resolve().parent, store_beside(args.file, args.store))
    if args.format == "json":
        for record in records(found):
            print(json.dumps(record))
    else:
        print_lines(plan_lines(found, terminal_width()), sys.stdout)
    return CHANGES if found.has_work else 0
