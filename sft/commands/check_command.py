"""Parse, resolve and type-check specs against the real columns of their sources.

No model is opened and nothing runs. Exit code 0 without errors, 1 with. Findings go to standard
error as text, or to standard output: json has one object a finding (code, name, severity, message, path,
line, column, end_line, end_column, help, fix, related), github annotates pull requests, sarif is SARIF 2.1.0.

--fix mends in place what can only be meant one way, such as a misspelt name with one near candidate,
and shows the change; what is left is reported. A file never has more errors afterwards than before,
but for those that a syntax error hid.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sft.commands.common import FINDING_FORMATS, add_format, add_settings, narrate, narrate_power, report

if TYPE_CHECKING:
    from compiler.resolved import ResolvedSpec
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.fixes import Mended

SUMMARY = "check specs: syntax, names, types, units; runs nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--fix", action="store_true", help="mend in place what can only be meant one way")
    parser.add_argument("--strict", action="store_true", help="lints that the spec sets no level for are errors")
    parser.add_argument("--diff", action="store_true", help="with --fix: show the change and write nothing")
    add_settings(parser)
    add_format(parser, *FINDING_FORMATS)


def execute(args: argparse.Namespace) -> int:
    from spec_lang.diagnostics import DiagnosticError, Diagnostics, Severity, fatal

    if args.diff and not args.fix:
        raise fatal("SFT0920", "`--diff` shows what `--fix` would change", "say both")
    found = Diagnostics()
    failed, mendable = False, 0
    shown: list[ResolvedSpec] = []
    for path in args.files:
        try:
            findings, sound, gone = _look(path, args, seen := [])
        except DiagnosticError as error:
            findings, sound, gone = Diagnostics(list(error.diagnostics)), False, 0
        mendable += gone
        failed = failed or not sound
        shown += seen if sound else []
        for finding in findings:
            found.report(finding)
    report(found, args.format)
    if args.format == "text":
        narrate_power(shown)
        errors = sum(finding.severity is Severity.ERROR for finding in found)
        hint = f"; `--fix` mends {mendable}" if mendable else ""
        counts = f"{errors} error{'s' * (errors != 1)}, {len(found) - errors} warning{'s' * (len(found) - errors != 1)}"
        narrate(f"{len(args.files)} checked: {counts}{hint}")
    return 1 if failed else 0


def _look(path: Path, args: argparse.Namespace, seen: list[ResolvedSpec]) -> tuple[Diagnostics, bool, int]:
    """What is found in a file, or left after its fixes; whether the file is sound now; and how many of its findings
    `--fix` would mend. That is found out by mending without writing: not every fix is taken. ``seen`` gets the spec."""
    from sft.project import check, mend

    if not args.fix and args.format != "text":
        findings = check(path, strict=args.strict, settings=args.settings)
        return findings, not findings.has_errors, 0
    mended = mend(path, write=args.fix and not args.diff, strict=args.strict, settings=args.settings, seen=seen)
    if not args.fix:
        return mended.found, not mended.found.has_errors, mended.gone
    # A diff is what `--diff` was asked for, and otherwise narration; no other form of output may be mixed with it.
    _show_change(mended, path, sys.stdout if args.diff and args.format == "text" else sys.stderr)
    now = mended.found if args.diff else mended.left
    return mended.left, not now.has_errors, 0


def _show_change(mended: Mended, path: Path, stream: TextIO) -> None:
    from difflib import unified_diff

    from spec_lang.plain_text import visible

    before, after = (file.text.splitlines() for file in (mended.before, mended.after))
    for line in unified_diff(before, after, str(path), str(path), lineterm=""):
        print(visible(line, newlines=True), file=stream)
