"""Write a small working project: a spec, its data and a .gitignore. `sft run` in it works at once.

With --ci also a workflow of GitHub Actions that checks every spec and runs this one to its verdict;
in a folder that has a spec already, the workflow and a .gitignore alone. Files that are there are never overwritten.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sft.commands.common import narrate

SUMMARY = "start a project: spec, data, .gitignore; --ci: a workflow"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR")
    parser.add_argument("--ci", action="store_true", help="also a workflow of GitHub Actions, at the repository's root")


def execute(args: argparse.Namespace) -> int:
    from sft.starter import write_starter
    from sft.starter.ci import workflow_place, write_workflow

    place = workflow_place(args.dir) if args.ci else None
    written: list[Path] = []
    if place is None or not _has_a_spec(args.dir):
        written = write_starter(args.dir)
        for path in written:
            print(path)
    if place is not None:
        _keep_store_out(args.dir)
        spec = write_workflow(args.dir, place)
        print(place)
        narrate(f"it runs {spec}; commit both, and the next pull request has a verdict")
    if written:
        narrate(f"next: sft run {next(path for path in written if path.suffix == '.sft')}")
    return 0


def _keep_store_out(folder: Path) -> None:
    """A workflow runs in a checkout, and a store that is in the repository would come with it."""
    from sft.starter import keep_store_out
    from sft.starter.ci import repository_root

    there = (folder / ".gitignore").exists()
    place, kept_out = keep_store_out(folder, repository_root(folder.resolve()))
    if not kept_out:
        narrate(f"add `.sft/` to {place}: the store of a run is not for git")
    elif not there and place.parent == folder:
        print(place)


def _has_a_spec(folder: Path) -> bool:
    return any(path.is_file() for path in folder.glob("*.sft"))  # `.sft` is the folder of a store
