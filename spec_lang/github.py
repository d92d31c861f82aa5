"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

``::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message``. The runner reads a command a
line and undoes percent-encoding: ``%``, CR and LF everywhere, ``:`` and ``,`` in properties too. All text
is encoded so, and other control characters are shown as symbols, so that no spec can forge a command of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from spec_lang.diagnostics import Diagnostic
from spec_lang.plain_text import visible


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One command a finding and line; findings without a place have no file."""
    return "".join(_command(diagnostic) + "\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties: dict[str, str] = {}
    if label := diagnostic.primary:
        line, column = label.file.position(label.span.start)
        end_line, end_column = label.file.position(label.span.end)
        properties = {"file": label.file.path.replace("\\", "/"), "line": str(line)}
        properties |= {"col": str(column), "endLine": str(end_line)}
        if end_line == line:  # GitHub refuses columns of a range over lines
            properties["endColumn"] = str(end_column)
        else:
            del properties["col"]
    properties["title"] = f"{diagnostic.code} {diagnostic.name}"
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{diagnostic.severity.value} {shown}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text.replace("\r", ""), newlines=True).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
