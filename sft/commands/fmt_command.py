"""Write specs in their canonical form. There are no options about form.

Files are rewritten in place, whole or not at all; what changed is told on standard error. `-` takes
standard input to standard output. Comments, blank lines between entries and the spelling of
literals stay. A file with syntax errors is not touched. Before anything is written it is proven that the
result reads back as the same spec with the same comments. Exit code 0, or 1 when a file could not be
formatted, or with --check when one is not in canonical form.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import narrate, report

if TYPE_CHECKING:
    from spec_lang.source import SourceFile

SUMMARY = "write specs in their canonical form; comments stay"

_STANDARD_INPUT = "<standard input>"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="specs, or - for standard input to standard output")
    parser.add_argument("--check", action="store_true", help="name the files that are not in canonical form; exit 1")
    parser.add_argument("--diff", action="store_true", help="show what would change and write nothing")


def execute(args: argparse.Namespace) -> int:
    return max(_format(name, check=args.check, diff=args.diff) for name in args.files)


def _format(name: str, *, check: bool, diff: bool) -> int:
    """Format one file and give its exit code. Raises nothing for a mistake of the user, so that all files are done."""
    from sft.project import read_spec
    from spec_lang.diagnostics import DiagnosticError, Diagnostics
    from spec_lang.format import format_file

    found = Diagnostics()
    try:
        piped = name == "-"
        before = b"" if piped or not Path(name).is_file() else Path(name).read_bytes()
        file = _standard_input() if piped else read_spec(Path(name))
        text = format_file(file, found)
        if text is None:
            report(found)
            return 1
        changed = text != file.text
        if diff:
            _print_diff(file.path, file.text, text)
        if check:
            if changed:
                narrate(f"not in canonical form: {file.path}")
            return int(changed)
        if not diff:
            _write(name, before, text, changed)
    except DiagnosticError as error:
        report(Diagnostics(list(error.diagnostics)))
        return 1
    return 0


def _standard_input() -> SourceFile:
    from spec_lang.diagnostics import fatal
    from spec_lang.source import SourceFile

    try:
        return SourceFile(_STANDARD_INPUT, sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise fatal("SFT0912", f"standard input is not UTF-8 text (byte {error.start})") from None


def _write(name: str, before: bytes, text: str, changed: bool) -> None:
    from sft.rewriting import rewrite

    if name == "-":
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    elif changed:
        rewrite(Path(name), before, text)
        narrate(f"formatted {name}")


def _print_diff(path: str, before: str, after: str) -> None:
    from difflib import unified_diff

    from spec_lang.plain_text import visible

    for line in unified_diff(before.split("\n"), after.split("\n"), path, path, lineterm=""):
        print(visible(line, newlines=True))
