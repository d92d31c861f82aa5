"""Arguments and endings that several commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.plan import Plan
    from compiler.resolved import ResolvedSpec
    from runtime.store import Store
    from spec_lang.diagnostics import Diagnostics

# Forms of findings: for people, one JSON object a line, annotations of GitHub Actions, a SARIF log.
FINDING_FORMATS = ("text", "json", "github", "sarif")


def add_format(parser: argparse.ArgumentParser, *choices: str) -> None:
    parser.add_argument("--format", choices=choices or ("text", "json"), default="text", help="form of the output")


def add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="the value of a param, as the language writes it (rounds=3, share=70%%); may be given again",
    )


def add_locked(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--locked", action="store_true", help="refuse anything that is not as `sft.lock` pins it")


def add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store (default: .sft beside the spec)")


def report(diagnostics: Diagnostics, form: str = "text") -> None:
    """Findings in one of ``FINDING_FORMATS``: text to standard error, the others to standard output."""
    if form == "text":
        if len(diagnostics):
            from spec_lang.render import print_diagnostics

            print_diagnostics(diagnostics, sys.stderr)
    elif form == "json":
        from spec_lang.records import render_json_lines

        sys.stdout.write(render_json_lines(diagnostics))
    elif form == "github":
        from sft.repository import in_repository
        from spec_lang.github import render_github

        sys.stdout.write(render_github(diagnostics, in_repository))
    else:
        from sft import __version__
        from sft.repository import in_repository
        from spec_lang.sarif import render_sarif

        sys.stdout.write(render_sarif(diagnostics, __version__, in_repository))


def compiled(path: Path, form: str = "text", settings: Sequence[str] = (), *, locked: bool = False) -> Plan | None:
    """The plan of a spec with its findings shown; None when there are errors."""
    from sft.project import compile

    seen: list[ResolvedSpec] = []
    plan, diagnostics = compile(path, settings=settings, locked=locked, seen=seen)
    report(diagnostics, form if plan is None else "text")
    if plan is not None:
        narrate_power(seen)
    return plan


def narrate_power(seen: Iterable[ResolvedSpec]) -> None:
    """A line for each comparison of a gate: what its items can show. Nothing is loaded for a spec without gates."""
    for spec in seen:
        if spec.gates:
            from compiler.gate_outlook import gate_outlooks

            for outlook in gate_outlooks(spec):
                narrate(outlook.told)


def find_store(named: Path | None, place: Path = Path()) -> Store:
    """The store that was named, or the one in a folder. Raises DiagnosticError when there is none."""
    from sft.project import open_store

    return open_store(named if named is not None else place)


def narrate(text: str) -> None:
    """One line to standard error, with control characters shown as symbols."""
    from spec_lang.plain_text import visible

    print(visible(text), file=sys.stderr)
