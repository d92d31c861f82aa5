"""Write a small working project: a spec, its data and a .gitignore. `sft run` in it works at once.

Files that are already there are never overwritten.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sft.commands.common import narrate

SUMMARY = "start a project: spec, data, .gitignore"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR")


def execute(args: argparse.Namespace) -> int:
    from sft.starter import write_starter

    written = write_starter(args.dir)
    for path in written:
        print(path)
    spec = next(path for path in written if path.suffix == ".sft")
    narrate(f"next: sft run {spec}")
    return 0
