"""The dashboard, also while a run is going on: it only reads.

DIR is the folder of a spec, or a store. Press ? inside for the keys.
"""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "open the dashboard"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", type=Path, default=Path(), metavar="DIR")


def execute(args: argparse.Namespace) -> int:
    import sys

    from sft.project import STORE_FOLDER, open_store
    from spec_lang.diagnostics import DiagnosticError, fatal

    if not sys.stdout.isatty():
        raise fatal("SFT0917", "the dashboard needs a terminal", "`sft show` prints the same views as text")
    try:
        root = open_store(args.dir).root
    except DiagnosticError:
        if not args.dir.is_dir():
            raise
        root = args.dir / STORE_FOLDER  # nothing ran yet: the dashboard waits for the first run
    from tui.app import run_dashboard

    run_dashboard(root)
    return 0
