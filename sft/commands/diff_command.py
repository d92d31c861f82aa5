"""Compare two specs, two runs, or a spec and a run, by meaning: formatting, comments and order are no difference.

A and B are spec files, run ids or beginnings of them, `last`, or names of blessed runs. Specs are compared block
by block and then by the hashes of their steps; runs also by verdicts and metrics, with a paired comparison where
both measured the same rows. Exit code 0 the same, 2 different, 1 an error.
"""

from __future__ import annotations

import argparse
import json
import sys

from sft.commands.common import add_format, add_settings, add_store, report

SUMMARY = "compare two specs or runs by meaning"
DIFFERENT = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="A")
    parser.add_argument("second", metavar="B")
    add_store(parser)
    add_settings(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.coloured import print_lines
    from sft.comparing import compare, side
    from sft.diff_page import diff_lines, record
    from sft.plain_tables import terminal_width

    first, second = (side(text, args.store, args.settings) for text in (args.first, args.second))
    found = compare(first, second, args.store)
    for item in (first, second):
        if item.findings is not None:
            report(item.findings)
    if args.format == "json":
        print(json.dumps(record(found)))
    else:
        print_lines(diff_lines(found, terminal_width()), sys.stdout)
    return 0 if found.is_same else DIFFERENT
