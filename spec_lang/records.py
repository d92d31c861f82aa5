"""Findings for programs: JSON, one object a line.

Lines and columns count from 1, columns in characters, the end is exclusive; what has no place in
a file has null. ``fix`` holds edits that mend the finding, ``related`` further places such as a declaration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from spec_lang.diagnostics import Diagnostic, Label
from spec_lang.source import SourceFile, Span


def render_json_lines(diagnostics: Iterable[Diagnostic]) -> str:
    """One JSON object a finding and line, in ASCII."""
    return "".join(json.dumps(record(diagnostic)) + "\n" for diagnostic in diagnostics)


def record(diagnostic: Diagnostic) -> dict[str, Any]:
    """A finding as plain data."""
    primary = diagnostic.primary
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place(primary),
        "help": diagnostic.help,
        "fix": [{**region(primary.file, e.span), "text": e.text} for e in diagnostic.fix] if primary else [],
        "related": [{**_place(label), "message": label.text} for label in diagnostic.secondary],
    }


def region(file: SourceFile, span: Span) -> dict[str, int]:
    """A span as lines and columns."""
    line, column = file.position(span.start)
    end_line, end_column = file.position(span.end)
    return {"start_line": line, "start_column": column, "end_line": end_line, "end_column": end_column}


def _place(label: Label | None) -> dict[str, Any]:
    if label is None:
        return dict.fromkeys(("path", "line", "column", "end_line", "end_column"))
    at = region(label.file, label.span)
    start = {"path": label.file.path, "line": at["start_line"], "column": at["start_column"]}
    return start | {"end_line": at["end_line"], "end_column": at["end_column"]}
