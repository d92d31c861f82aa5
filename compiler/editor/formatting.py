"""The canonical form as one edit of the lines that differ, so that the cursor and the marks of an editor stay."""

from __future__ import annotations

from itertools import takewhile

from compiler.editor.document import Document
from spec_lang.diagnostics import Diagnostics, Edit
from spec_lang.format import format_file
from spec_lang.source import Span


def format_edits(document: Document) -> tuple[Edit, ...]:
    """What `sft fmt` would change; nothing in a file with syntax errors."""
    after = format_file(document.file, Diagnostics())
    return () if after is None else differing_lines(document.text, after)


def differing_lines(text: str, after: str) -> tuple[Edit, ...]:
    """One edit from the first line that differs to the last."""
    if after == text:
        return ()
    old, new = text.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start = len("".join(old[:head]))
    end = len(text) - len("".join(old[len(old) - tail :]))
    return (Edit(Span(start, end), "".join(new[head : len(new) - tail])),)


def _common(old: list[str], new: list[str]) -> int:
    """How many lines both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
