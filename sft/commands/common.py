"""Arguments and endings that several commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.plan import Plan
    from runtime.store import Store
    from spec_lang.diagnostics import Diagnostics


def add_format(parser: argparse.ArgumentParser, *choices: str) -> None:
    parser.add_argument("--format", choices=choices or ("text", "json"), default="text", help="form of the output")


def add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store (default: .sft beside the spec)")


def report(diagnostics: Diagnostics, *, as_json: bool = False) -> None:
    """Findings to standard output as JSON lines, or to standard error as text."""
    from spec_lang.render import print_diagnostics, render_json_lines

    if as_json:
        sys.stdout.write(render_json_lines(diagnostics))
    elif len(diagnostics):
        print_diagnostics(diagnostics, sys.stderr)


def compiled(path: Path, *, as_json: bool = False) -> Plan | None:
    """The plan of a spec with its findings shown; None when there are errors."""
    from sft.project import compile

    plan, diagnostics = compile(path)
    report(diagnostics, as_json=as_json and plan is None)
    return plan


def find_store(named: Path | None, place: Path = Path()) -> Store:
    """The store that was named, or the one in a folder. Raises DiagnosticError when there is none."""
    from sft.project import open_store

    return open_store(named if named is not None else place)


def narrate(text: str) -> None:
    """One line to standard error, with control characters shown as symbols."""
    from spec_lang.plain_text import visible

    print(visible(text), file=sys.stderr)
