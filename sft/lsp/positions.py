"""Lines and columns of the protocol, in the units that the editor chose, to character offsets and back.

Lines end at ``\\n``, ``\\r\\n`` and ``\\r``, and nowhere else: Python's ``splitlines`` also breaks at form
feeds and U+2028, which would shift every place after one. Columns count UTF-16 units unless the
editor asked for something else, so an emoji is two.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from lsprotocol import types

from spec_lang.source import Span

_BREAK = re.compile(r"\r\n|\n|\r")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Halves of characters, which JSON can hold and UTF-8 cannot, become U+FFFD of the same width."""
    return _LONE_SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of a text. ``encoding`` is utf-8, utf-16 or utf-32."""

    text: str
    encoding: str

    @cached_property
    def _bounds(self) -> tuple[list[int], list[int]]:
        """Where every line starts, and where its text ends."""
        starts, ends = [0], []
        for match in _BREAK.finditer(self.text):
            ends.append(match.start())
            starts.append(match.end())
        return starts, [*ends, len(self.text)]

    def offset(self, position: types.Position) -> int:
        """The character at a position; past the end of a line it is the end of the line."""
        starts, ends = self._bounds
        if position.line >= len(starts):
            return len(self.text)
        at, end = starts[position.line], ends[position.line]
        left = position.character
        if self.encoding == "utf-32" or self.text[at:end].isascii():
            return min(at + left, end)
        while at < end and left >= (width := self._width(self.text[at])):
            left -= width
            at += 1
        return at

    def position(self, offset: int) -> types.Position:
        starts, _ = self._bounds
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(starts, offset) - 1
        before = self.text[starts[line] : offset]
        units = len(before) if before.isascii() else sum(self._width(char) for char in before)
        return types.Position(line, units)

    def _width(self, char: str) -> int:
        if self.encoding == "utf-8":
            return len(char.encode())
        return 2 if self.encoding == "utf-16" and char > "\uffff" else 1

    def span(self, range: types.Range) -> Span:
        start, end = self.offset(range.start), self.offset(range.end)
        return Span(min(start, end), max(start, end))

    def range(self, span: Span) -> types.Range:
        return types.Range(self.position(span.start), self.position(span.end))

    @property
    def whole(self) -> types.Range:
        return self.range(Span(0, len(self.text)))


def changed(text: str, changes: list[types.TextDocumentContentChangeEvent], encoding: str) -> str:
    """A text after the editor's changes, each of which counts from the text that the one before left."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            span = Lines(text, encoding).span(change.range)
            text = text[: span.start] + clean(change.text) + text[span.end :]
        else:
            text = clean(change.text)
    return text
