"""Lines of pieces to a stream: coloured on a terminal, plain everywhere else.

``NO_COLOR`` and a dumb terminal switch colours off. Rich is imported only when there is something to colour.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TextIO

from spec_lang.frames import Line

STYLES: Mapping[str, str] = {
    "cached": "green",
    "run": "bold cyan",
    "rerun": "bold yellow",
    "orphan": "red",
    "skipped": "dim",
    "added": "green",
    "removed": "red",
    "changed": "yellow",
    "reason": "italic",
    "quiet": "dim",
    "title": "bold",
}


def print_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines. A stream that cannot show a character gets an escape instead of an exception."""
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        from rich.console import Console
        from rich.text import Text

        console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
        for line in lines:
            console.print(Text.assemble(*((piece.text, STYLES.get(piece.style, "")) for piece in line)))
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for line in lines:
        text = "".join(piece.text for piece in line).rstrip() + "\n"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
