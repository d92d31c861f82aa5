"""Diagnostics for people (for programs: `records`, `github`, `sarif`).

A finding is laid out once, as lines of pieces with a style each; plain text joins the pieces,
a terminal gets them coloured. Source text is untrusted: control characters are shown as
symbols, and carets are placed by the width of what is shown, so they stay aligned under wide
characters, tabs and symbols. Rich is imported only when there is a terminal to colour (20 ms).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from spec_lang.diagnostics import Diagnostic, Severity
from spec_lang.frames import Line, Piece, frame_lines
from spec_lang.plain_text import visible

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "message": "bold",
    "gutter": "blue",
    "secondary": "blue",
    "help": "cyan",
}


def render_plain(diagnostics: Iterable[Diagnostic]) -> str:
    """Findings as rustc lays them out, a blank line between two; ends with a line break unless empty."""
    blocks = ["\n".join("".join(piece.text for piece in line).rstrip() for line in _lines(d)) for d in diagnostics]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Write findings, coloured on a terminal unless ``NO_COLOR`` is set or the terminal is dumb."""
    found = list(diagnostics)
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if not coloured:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        # A stream that cannot show a character gets an escape instead of an exception.
        stream.write(render_plain(found).encode(encoding, "backslashreplace").decode(encoding))
        return
    _print_coloured(found, stream)


def _print_coloured(diagnostics: list[Diagnostic], stream: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for number, diagnostic in enumerate(diagnostics):
        if number:
            console.print()
        for line in _lines(diagnostic):
            console.print(Text.assemble(*((piece.text, _STYLES.get(piece.style, "")) for piece in line)))


def _lines(diagnostic: Diagnostic) -> list[Line]:
    severity = diagnostic.severity.value
    title = [
        Piece(f"{severity}[{diagnostic.code}]", severity),
        Piece(f": {visible(diagnostic.message)}", "message"),
    ]
    lines: list[Line] = [title]
    labels = [] if diagnostic.primary is None else [diagnostic.primary]
    frames, gutter = frame_lines([*labels, *diagnostic.secondary], "error" if _is_error(diagnostic) else "warning")
    lines.extend(frames)
    if diagnostic.help:
        first, *rest = visible(diagnostic.help, newlines=True).split("\n")
        if frames:
            lines.append([Piece(" " * gutter + " |", "gutter")])
        lines.append([Piece(" " * gutter + " = ", "gutter"), Piece("help: ", "help"), Piece(first)])
        lines.extend([Piece(" " * (gutter + 9) + line)] for line in rest)
    return lines


def _is_error(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR
