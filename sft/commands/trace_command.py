"""A row through every step of a run: its line, what dropped it, what trained on it, what was answered.

ROW is FILE:LINE (tickets.jsonl:17; of a .json list the number of the row), a row id or its beginning,
STEP@N for the N-th row of a step (render:triage.train@0, from 0), or train:NAME@N for the rows of an
optimiser step (from 1).
"""

from __future__ import annotations

import argparse
import json
import sys

from sft.commands.common import add_format, add_store, find_store

SUMMARY = "follow a row from its file through every step, and back"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("row", metavar="ROW", help="FILE:LINE, a row id, STEP@N")
    parser.add_argument("--run", default="last", metavar="RUN", help="the run to look in (default: the last)")
    add_store(parser)
    add_format(parser, "text", "json", "markdown")


def execute(args: argparse.Namespace) -> int:
    from sft.plain_tables import as_markdown, as_text, terminal_width
    from sft.tracing import trace

    page = trace(find_store(args.store), args.run, args.row)
    if args.format == "json":
        text = json.dumps(page.data, ensure_ascii=True, indent=2, default=str) + "\n"
    else:
        text = as_markdown(page) if args.format == "markdown" else as_text(page, terminal_width())
    sys.stdout.write(text)
    return 0
