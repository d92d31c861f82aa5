"""Pin what a spec reads in `sft.lock`: data, models and policies, as hashes, with a fingerprint of every row.

Writes the section of the spec in the `sft.lock` beside it and says what changed. With --check nothing is
written, and the exit code is 1 when the lock does not hold. `compile`, `plan` and `run` with --locked refuse
to work on anything else than what is pinned.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sft.commands.common import add_format, add_settings, narrate, report

if TYPE_CHECKING:
    from compiler.lock import Pins

SUMMARY = "pin data, models and policies in sft.lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when the lock does not hold")
    add_settings(parser)
    add_format(parser)


def execute(args: argparse.Namespace) -> int:
    from sft.coloured import print_lines
    from sft.locking import command, lock, write
    from spec_lang.frames import Piece
    from spec_lang.plain_text import visible

    locking, findings = lock(args.file, args.settings)
    report(findings)
    written = not args.check and write(locking)
    holds = locking.before is not None and not locking.drifts
    if args.format == "json":
        _print_json(locking.section, locking.path, locking.changes, holds, written)
    else:
        print_lines(([Piece(visible(line))] for line in locking.changes), sys.stdout)
    name, section, again = locking.path.name, locking.section, command(args.file, args.settings)
    if written:
        narrate(f"wrote {locking.path}: {_counts(locking.now)}")
    elif holds:
        narrate(f"{name} holds for {section}: {_counts(locking.now)}")
    elif locking.before is None:
        narrate(f"{name} has no section for {section}; `{again}` writes it")
    else:
        narrate(f"{name} does not hold for {section}; `{again}` accepts what is there now")
    return 1 if args.check and not holds else 0


def _print_json(spec: str, lock: Path, changes: tuple[str, ...], holds: bool, written: bool) -> None:
    import json

    data = {"spec": spec, "lock": str(lock), "holds": holds, "written": written, "changes": list(changes)}
    print(json.dumps(data))


def _counts(pins: Pins) -> str:
    rows = sum(pin.rows for pin in pins.files.values())
    named = [(len(pins.files), "file"), (rows, "row"), (len(pins.models), "model"), (len(pins.policies), "policy")]
    return ", ".join(f"{n:,} {_plural(word, n)}" for n, word in named if n or word == "file")


def _plural(word: str, n: int) -> str:
    return word if n == 1 else "policies" if word == "policy" else f"{word}s"
