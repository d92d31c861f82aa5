"""The language server, for editors: findings while you type, hover, completion, rename, fixes.

An editor starts it and talks to it over standard input and output. It needs the extra `lsp`:
pip install 'sft-lang[lsp]'. How to set up VS Code, Neovim, Helix and Emacs: docs/editors.md.
"""

from __future__ import annotations

import argparse
import os
import sys

SUMMARY = "the language server, which editors start"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", help="what editors pass; there is no other way to talk")


def execute(args: argparse.Namespace) -> int:
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        from spec_lang.diagnostics import fatal

        help = "pip install 'sft-lang[lsp]'"
        raise fatal("SFT0930", "the language server needs the package `pygls`, which is not installed", help) from None
    from sft.lsp.server import server

    # Whatever a library prints goes to standard error: standard output belongs to the protocol.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as wire:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        server.start_io(stdout=wire)
    return 0
