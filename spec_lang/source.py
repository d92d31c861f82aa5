"""Source text and places in it.

A span is two character offsets; lines and columns are computed only when somebody looks at
them, so that building a tree of a few thousand nodes costs nothing for positions. Lines and
columns count from 1, columns in characters (not bytes, not UTF-16 units).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from msgspec import Struct

_PLACES = frozenset({"span", "op_span"})


class Span(Struct, frozen=True, gc=False):
    """A half-open range ``[start, end)`` of character offsets in one source file."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class Spanned(Struct, frozen=True, eq=False):
    """What stands at a place of a file: equal to what says the same elsewhere, so places take no part."""

    def _said(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name not in _PLACES)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._said() == other._said()

    def __ne__(self, other: object) -> bool:  # Struct has one of its own, which knows nothing of the one above
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), self._said()))

    def __repr__(self) -> str:
        named = zip((name for name in self.__struct_fields__ if name not in _PLACES), self._said(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in named)})"


class SourceFile(Struct, frozen=True, dict=True):
    """The text of one ``.sft`` file and the path it is shown under (never an absolute path of ours).

    ``name`` is its path relative to the folder of the main spec, in the form of POSIX; a main spec has none, and stands
    under the last part of its path.
    """

    path: str
    text: str
    name: str = ""

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return (0, *(found.end() for found in re.finditer("\n", self.text)))

    @property
    def line_count(self) -> int:
        return len(self._line_starts)

    def position(self, offset: int) -> tuple[int, int]:
        """``(line, column)`` of a character offset, both from 1; offsets past the end give the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The character offset of a line and column, both from 1: the other way round of ``position``."""
        start = self._line_starts[min(max(line, 1), self.line_count) - 1]
        return min(start + column - 1, len(self.text))

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line break; empty when there is no such line."""
        if not 1 <= number <= self.line_count:
            return ""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < self.line_count else len(self.text)
        return self.text[start:end].rstrip("\r")

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]
