"""A run as one page to hand around: verdicts with their intervals drawn, flips, funnel, curves, failures, spec.

RUN is a run id, the beginning of one, or `last` (the default). The HTML holds no script and fetches nothing. `--format
md` is for a pull request. Without `-o` the page goes to standard output.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sft.commands.common import add_store, find_store

SUMMARY = "write a run as one HTML file, or as Markdown for a pull request"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", default="last", metavar="RUN")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write; a report that is there is replaced"
    )
    parser.add_argument(
        "--format", choices=("html", "md"), help="form of the page (default: by the name of FILE, else html)"
    )
    parser.add_argument(
        "--failures",
        type=_count,
        default=200,
        metavar="N",
        help="failures of an eval that the page shows (default 200)",
    )
    add_store(parser)


def _count(text: str) -> int:
    """Failures to show. Raises ArgumentTypeError, which argparse words."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of failures")
    return int(text)


def execute(args: argparse.Namespace) -> int:
    from runtime.baselines import find_run
    from sft.reports.writing import refuse_foreign, unwritable
    from sft.run_report.facts import run_facts

    output: Path | None = args.output
    form = args.format or ("md" if output is not None and output.suffix == ".md" else "html")
    if output is not None:
        try:
            refuse_foreign({"md": "markdown"}.get(form, form), output)
        except OSError as error:
            raise unwritable(output, error) from error
    store = find_store(args.store)
    # A file that is handed around names no folder of a machine; a pull request has its files by their paths.
    folder = None if form == "md" else Path()
    facts = run_facts(store, find_run(store, args.run)[0], args.failures, folder)
    if form == "md":
        from sft.run_report.markdown_page import markdown_page

        page = markdown_page(facts)
    else:
        from sft.run_report.html_page import html_page
        from sft.run_report.spec_files import spec_files

        page = html_page(facts, spec_files(store, facts.run.run_id))
    if output is None:
        sys.stdout.write(page)
        return 0
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(output, error) from error
    return 0
