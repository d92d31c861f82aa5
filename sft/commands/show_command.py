"""What the store holds, as text, JSON or Markdown: the same views as the dashboard.

RUN is a run id, the beginning of one, or `last` (the default). VIEW is one of: runs, run, spec, sources,
ledger, duplicates, decontamination, mixture, generated, scores, thresholds, templates, row, judges,
training, rounds, verdicts, metrics, predictions, marks, environment.
Verdicts also come as JUnit XML, SARIF and annotations of GitHub Actions, as `sft run` writes them; marks
as JSON lines that a source can read.
"""

from __future__ import annotations

import argparse
import sys

from sft.commands.common import add_format, add_store, find_store

SUMMARY = "show runs, ledgers, scores, curves, verdicts, predictions"
VIEWS = (
    "runs",
    "run",
    "spec",
    "sources",
    "ledger",
    "duplicates",
    "decontamination",
    "mixture",
    "generated",
    "scores",
    "thresholds",
    "templates",
    "row",
    "judges",
    "training",
    "rounds",
    "verdicts",
    "metrics",
    "predictions",
    "marks",
    "environment",
)

REPORTS = ("junit", "sarif", "github")  # forms that only verdicts have
LIMIT = 20
AS_SOURCE = "jsonl"  # the form that only marks have
CAUSES = ("error", "empty", "refusal", "truncated", "wrong format", "wrong value")
OUTCOMES = ("all", "failed", "lost", "gained", "still", "incomparable", "unmeasured", "passed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", default="last", metavar="RUN")
    parser.add_argument("view", nargs="?", choices=VIEWS, metavar="VIEW", help=", ".join(VIEWS))
    parser.add_argument(
        "--step",
        help="only this step (run, ledger, duplicates, decontamination, mixture, generated, scores, thresholds, row, "
        "judges, training)",
    )
    parser.add_argument("--rule", help="only this rule: its number or name (ledger, thresholds)")
    parser.add_argument(
        "--row", metavar="ROW", help="a row by its place from 0 (row, templates) or its id (row, predictions)"
    )
    parser.add_argument("--at", type=_limit, metavar="LIMIT", help="what this limit would keep (thresholds)")
    parser.add_argument("--eval", help="this eval, of several (predictions)")
    parser.add_argument("--model", help="only this model (metrics, predictions)")
    parser.add_argument("--template", help="only this template (metrics, predictions)")
    parser.add_argument("--metric", help="only this metric (metrics), failures by it (predictions)")
    parser.add_argument("--baseline", metavar="MODEL", help="the model beside which it is seen (predictions)")
    parser.add_argument(
        "--outcome",
        choices=OUTCOMES,
        metavar="OUTCOME",
        help=f"{', '.join(OUTCOMES)}: against the baseline, lost is regressed and gained is fixed (predictions)",
    )
    parser.add_argument(
        "--cause",
        choices=CAUSES,
        metavar="CAUSE",
        help=f"only what failed because of it: {', '.join(CAUSES)} (predictions)",
    )
    parser.add_argument("--tag", help="only items that carry it (predictions)")
    parser.add_argument("--marked", action="store_true", help="only items that somebody marked (predictions)")
    parser.add_argument("--slice", metavar="NAME=VALUE", help="only items of this slice (predictions)")
    parser.add_argument("--text", help="only items with this text in prompt, output or expected text (predictions)")
    parser.add_argument("--where", metavar="SQL", help="only items for which this is true (predictions)")
    parser.add_argument("--all", action="store_true", help="also what passed; all slices (predictions, metrics)")
    parser.add_argument(
        "--limit", type=_count, metavar="N", help=f"rows of a long list (default {LIMIT}; of metrics all)"
    )
    add_store(parser)
    add_format(parser, "text", "json", "markdown", *REPORTS, AS_SOURCE)


def _limit(text: str) -> float:
    """A limit as a spec writes it: a number, or a share such as `93.5%`. Raises ArgumentTypeError."""
    from decimal import Decimal

    try:
        return float(Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1))
    except ArithmeticError as error:
        raise argparse.ArgumentTypeError(f"`{text}` is no number, nor a share such as 93.5%") from error


def _count(text: str) -> int:
    """Rows to show. Raises ArgumentTypeError, which argparse words."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows, at least 1")
    return int(text)


def execute(args: argparse.Namespace) -> int:
    from runtime.baselines import LAST, find_run
    from sft.show import show
    from spec_lang.diagnostics import fatal
    from spec_lang.suggest import closest

    store = find_store(args.store)
    run, view = args.run, args.view
    if view is None and run in VIEWS:  # `sft show ledger` means the last run's ledger
        run, view = "last", run
    elif view is None and (near := closest(run, VIEWS)) and run != LAST:
        raise fatal("SFT0910", f"there is no view `{run}`", f"did you mean `{near[0]}`?")
    view = view or "run"
    if args.format in REPORTS and view != "verdicts":
        raise fatal("SFT0920", f"`{view}` has no form `{args.format}`", f"verdicts have it: `sft show {run} verdicts`")
    if args.format == AS_SOURCE and view != "marks":
        raise fatal("SFT0920", f"`{view}` has no form `{AS_SOURCE}`", f"marks have it: `sft show {run} marks`")
    run_id = None if view == "runs" else find_run(store, run)[0]
    if run_id is not None and view == "verdicts" and args.format in (*REPORTS, "markdown"):
        from sft.reports.forms import FORMS
        from sft.reports.of_run import report_of_run

        sys.stdout.write(FORMS[args.format](report_of_run(store, run_id)))
        return 0
    if run_id is not None and args.format == AS_SOURCE:
        from sft.predictions_page import marks_as_source

        sys.stdout.write(marks_as_source(store, run_id))
        return 0
    names = (
        "step",
        "rule",
        "row",
        "at",
        "eval",
        "model",
        "template",
        "metric",
        "baseline",
        "outcome",
        "slice",
        "text",
        "where",
        "cause",
        "tag",
    )
    filters = {name: getattr(args, name) for name in (*names, "marked", "all")} | {
        "limit": args.limit or LIMIT,
        "most": args.limit,
    }
    sys.stdout.write(show(store, run_id, view, args.format, **filters))
    return 0
