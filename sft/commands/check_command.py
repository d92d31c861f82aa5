"""Parse, resolve and type-check specs against the real columns of their sources.

No model is opened and nothing runs. Exit code 0 without errors, 1 with. With --format json one
object a finding on standard output: code, name, severity, message, path, line, column, end_line,
end_column, help.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sft.commands.common import add_format, narrate, report

SUMMARY = "check specs: syntax, names, types, units; runs nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.project import check
    from spec_lang.diagnostics import DiagnosticError, Diagnostics, Severity

    found = Diagnostics()
    for path in args.files:
        try:
            findings = check(path)
        except DiagnosticError as error:
            findings = Diagnostics(list(error.diagnostics))
        for finding in findings:
            found.report(finding)
    report(found, as_json=args.format == "json")
    if args.format == "text":
        errors = sum(finding.severity is Severity.ERROR for finding in found)
        warnings = len(found) - errors
        narrate(
            f"{len(args.files)} checked: {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
        )
    return 1 if found.has_errors else 0
