"""Compare two models item by item: which answers got worse or better, by how much, and whether it is more than chance.

FIRST and SECOND are models of the last run, or RUN:MODEL, where RUN is a run id, the beginning of one, `last`, or the
name of a blessed run. The change is second minus first on the same items. What else than the model differs makes it
inconclusive, and is named. Exit code 0 when compared, whatever came out, 3 inconclusive, 1 an error.
"""

from __future__ import annotations

import argparse
import json
import sys

from sft.commands.common import add_format, add_store, find_store

SUMMARY = "compare two models item by item, in one run or two"
INCONCLUSIVE = 3
BUCKETS = ("regressed", "fixed", "failing", "passing", "lower", "higher", "same", "incomparable")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="FIRST", help="MODEL or RUN:MODEL")
    parser.add_argument("second", metavar="SECOND", help="MODEL or RUN:MODEL")
    parser.add_argument("--eval", help="only this eval")
    parser.add_argument("--metric", help="only this metric")
    parser.add_argument("--items", action="store_true", help="list the items with what was asked and both answers")
    parser.add_argument("--bucket", action="append", choices=BUCKETS, default=[], help="list these; may be given again")
    parser.add_argument("--limit", type=_count, default=20, metavar="N", help="items to list (default 20)")
    add_store(parser)
    add_format(parser, "text", "json", "markdown")


def _count(text: str) -> int:
    """Items to list. Raises ArgumentTypeError, which argparse words."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of items, at least 1")
    return int(text)


def execute(args: argparse.Namespace) -> int:
    from sft.compare_page import page
    from sft.comparing_models import Wanted, compare_models
    from sft.plain_tables import as_markdown, as_text, terminal_width

    items = args.items or bool(args.bucket)
    wanted = Wanted(args.first, args.second, args.eval, args.metric, items, args.bucket, args.limit)
    found = compare_models(wanted, find_store(args.store))
    made = page(found)
    if args.format == "json":
        print(json.dumps(made.data, ensure_ascii=True))
    else:
        sys.stdout.write(as_markdown(made) if args.format == "markdown" else as_text(made, terminal_width()))
    return INCONCLUSIVE if any(item.result.outcome == "inconclusive" for item in found) else 0
