"""The source lines of a finding with carets under the places that matter.

::

      --> triage.sft:41:3
       |
    41 |   lerning_rate = 1e-3
       |   ^^^^^^^^^^^^

Labels in one file share a frame, in the order of their lines; other files get frames of their
own. Long lines are cut to a window around the place, so a megabyte on one line prints as one.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct

from spec_lang.diagnostics import Label
from spec_lang.plain_text import visible
from spec_lang.source import SourceFile

_TAB = "    "
_WINDOW = 120  # Characters of a source line that are shown at most.


class Piece(Struct, frozen=True):
    """Text without line breaks and what it is, which a terminal turns into a colour."""

    text: str
    style: str = ""


Line: TypeAlias = list[Piece]


def frame_lines(labels: list[Label], primary_style: str) -> tuple[list[Line], int]:
    """Frames for labels, of which the first is the primary one, and the width of the gutter."""
    if not labels:
        return [], 1
    numbers = [label.file.position(label.span.start)[0] for label in labels]
    gutter = len(str(max(numbers)))
    files = list(dict.fromkeys(label.file for label in labels))
    lines: list[Line] = []
    for file in files:
        here = [label for label in labels if label.file == file]
        styles = {id(label): primary_style if label is labels[0] else "secondary" for label in here}
        line, column = file.position(here[0].span.start)
        arrow = "-->" if file == files[0] else ":::"
        place = f"{visible(file.path)}:{line}:{column}"
        lines.append([Piece(" " * gutter + arrow + " ", "gutter"), Piece(place)])
        lines.append([Piece(" " * gutter + " |", "gutter")])
        lines.extend(_source_lines(file, here, styles, gutter))
    return lines, gutter


def _source_lines(file: SourceFile, labels: list[Label], styles: dict[int, str], gutter: int) -> list[Line]:
    by_line: dict[int, list[Label]] = {}
    for label in sorted(labels, key=lambda label: label.span.start):
        by_line.setdefault(file.position(label.span.start)[0], []).append(label)
    lines: list[Line] = []
    for previous, number in pairwise([0, *sorted(by_line)]):
        if previous and number > previous + 1:
            lines.append([Piece("..." if gutter < 3 else "." * gutter, "gutter")])
        lines.extend(_one_line(file, number, by_line[number], styles, gutter))
    return lines


def _one_line(file: SourceFile, number: int, labels: list[Label], styles: dict[int, str], gutter: int) -> list[Line]:
    """A source line and, for every label on it, a line of carets."""
    text = _without_hidden(file, number, labels)
    offset = file.position(labels[0].span.start)[1] - 1
    start = max(0, min(offset - _WINDOW // 3, len(text) - _WINDOW)) if len(text) > _WINDOW else 0
    window = text[start : start + _WINDOW]
    before, after = "…" if start else "", "…" if start + _WINDOW < len(text) else ""
    shown = before + "".join(_shown(char) for char in window) + after
    lines: list[Line] = [[Piece(f"{number:>{gutter}} | ", "gutter"), Piece(shown)]]
    for label in labels:
        column = file.position(label.span.start)[1] - 1 - start
        # A span over several lines is marked to the end of its first.
        length = min(label.span.end - label.span.start, len(window) - column)
        padding = " " * (len(before) + _width(window[:column]))
        mark = "-" if styles[id(label)] == "secondary" else "^"
        carets = mark * max(1, _width(window[column : column + length]))
        text_after = f" {visible(label.text)}" if label.text else ""
        lines.append(
            [Piece(" " * gutter + " | ", "gutter"), Piece(padding), Piece(carets + text_after, styles[id(label)])]
        )
    return lines


def _without_hidden(file: SourceFile, number: int, labels: list[Label]) -> str:
    """The line, with a dot for every character at a hidden place."""
    text = file.line(number)
    for hidden in {label.hidden for label in labels if label.hidden is not None}:
        line, column = file.position(hidden.start)
        if line == number:
            end = min(len(text), column - 1 + hidden.end - hidden.start)
            text = text[: column - 1] + "•" * (end - column + 1) + text[end:]
    return text


def _shown(char: str) -> str:
    return _TAB if char == "\t" else visible(char)


def _width(text: str) -> int:
    """Terminal cells of the shown text: wide characters take two, combining marks none."""
    cells = 0
    for char in "".join(_shown(char) for char in text):
        if unicodedata.category(char) not in ("Mn", "Me", "Cf"):
            cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return cells
