"""The dashboard, also while a run is going on: it reads, and writes what one asks it to (a mark, a blessing).

DIR is the folder of a spec, or a store. Press ? inside for the keys. `--demo` opens a small store that comes along.
`--serve` shows it in a browser on this machine; that needs the extra `serve`: pip install 'sft-lang[serve]'.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

SUMMARY = "open the dashboard"
THEMES = ("dark", "light", "ansi-dark", "ansi-light")
PORT = 8765
IN_BROWSER = "TEXTUAL_DRIVER"  # is set where textual-serve draws, which is no terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--demo", action="store_true", help="open a small finished store, from a copy of it")
    colours = "colours; the ansi ones are the terminal's own 16 (default: SFT_THEME, else dark)"
    parser.add_argument("--theme", choices=THEMES, help=colours)
    parser.add_argument("--serve", action="store_true", help="in a browser, on this machine only")
    parser.add_argument("--port", type=int, default=PORT, help=f"where --serve listens (default {PORT})")


def execute(args: argparse.Namespace) -> int:
    import sys

    from spec_lang.diagnostics import fatal

    if args.serve:
        from tui.serving import serve_dashboard

        root = None if args.demo else _root(args.dir)
        where = ["--demo"] if root is None else [str(root.resolve())]
        serve_dashboard([*where, *(["--theme", args.theme] if args.theme else [])], args.port)
        return 0
    if not sys.stdout.isatty() and IN_BROWSER not in os.environ:
        raise fatal("SFT0917", "the dashboard needs a terminal", "`sft show` prints the same views as text")
    from tui import starting

    starting.begin()
    if args.demo:
        return _show_demo(args.theme)
    root = _root(args.dir)
    from tui.ahead import read_ahead

    ahead = read_ahead(root)
    from tui.app import run_dashboard

    return run_dashboard(root, theme=args.theme, ahead=ahead)


def _root(folder: Path) -> Path:
    from sft.project import STORE_FOLDER, open_store
    from spec_lang.diagnostics import DiagnosticError

    try:
        return open_store(folder).root
    except DiagnosticError:
        if not folder.is_dir():
            raise
        return folder / STORE_FOLDER  # nothing ran yet: the dashboard waits for the first run


def _show_demo(theme: str | None) -> int:
    from tui.app import run_dashboard
    from tui.demo import demo_copy

    with demo_copy() as store:
        return run_dashboard(store.root, theme=theme)
