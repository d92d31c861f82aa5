"""Source text and places in it.

A span is two character offsets; lines and columns are computed only when somebody looks at
them, so that building a tree of a few thousand nodes costs nothing for positions. Lines and
columns count from 1, columns in characters (not bytes, not UTF-16 units).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range ``[start, end)`` of character offsets in one source file."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True)
class SourceFile:
    """The text of one ``.sft`` file and the path it is shown under (never an absolute path of ours).

    ``name`` is its path relative to the folder of the main spec, in the form of POSIX; a main spec has none, and stands
    under the last part of its path.
    """

    path: str
    text: str
    name: str = ""
    _line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        object.__setattr__(self, "_line_starts", tuple(starts))

    @property
    def line_count(self) -> int:
        return len(self._line_starts)

    def position(self, offset: int) -> tuple[int, int]:
        """``(line, column)`` of a character offset, both from 1; offsets past the end give the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line break; empty when there is no such line."""
        if not 1 <= number <= self.line_count:
            return ""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < self.line_count else len(self.text)
        return self.text[start:end].rstrip("\r")

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]
