"""A line of a spec with what came of it, fitted to a width: the text left, results from the middle on. Pure.

Where both have no room the results keep two fifths of the line, and what is cut ends in an ellipsis: the line under the
cursor stands in full below the list.
"""

from __future__ import annotations

from rich.text import Text

from spec_lang.plain_text import one_line, visible
from tui.themes import Ink
from tui.view_models.spec import Ink as Colour
from tui.view_models.spec import SpecLine
from tui.view_models.spec_notes import Look

SEVERITY_MARKS = {"error": "✗", "warning": "!", "": ""}
MOST = 400  # characters of a line that are drawn
GAP = 2


def spec_line(line: SpecLine, width: int, ink: Ink) -> Text:
    """The line in at most ``width`` cells."""
    text, beside = _text(line, ink), _beside(line, ink)
    if not beside.cell_len:
        text.truncate(width, overflow="ellipsis")
        return text
    least = min(beside.cell_len, width * 2 // 5)
    start = min(max(text.cell_len + GAP, width // 2), width - least)
    text.truncate(start - GAP, overflow="ellipsis")
    text.append(" " * (start - text.cell_len))
    beside.truncate(width - start, overflow="ellipsis")
    return text.append_text(beside)


def _text(line: SpecLine, ink: Ink) -> Text:
    text, room = Text(no_wrap=True, end=""), MOST
    for run in line.runs:
        if room > 0:
            text.append(visible(run.text[:room]), style=colour_of(run.ink, ink))
        room -= len(run.text)
    return text


def _beside(line: SpecLine, ink: Ink) -> Text:
    text = Text(no_wrap=True, end="")
    several = len({one.owner for one in line.beside}) > 1
    for one in line.beside:
        text.append(" · " if text else "", style=ink.faint)
        text.append(one_line(one.owner, 40) + " " if one.owner and several else "", style=ink.faint)
        text.append(one_line(one.text, MOST), style=look_of(one.look, ink))
    for finding in line.findings:
        text.append(" · " if text else "", style=ink.faint)
        style = ink.bad if finding.severity == "error" else ink.unsure
        text.append(one_line(finding.message, MOST), style=style)
    return text


def colour_of(colour: Colour, ink: Ink) -> str:
    """Words of the language are bold too, so that they stand out without colours."""
    return {
        "plain": ink.text,
        "word": f"bold {ink.primary}",
        "name": f"bold {ink.text}",
        "field": ink.text,
        "call": ink.secondary,
        "text": ink.good,
        "number": ink.accent,
        "comment": f"italic {ink.faint}",
    }[colour]


def look_of(look: Look, ink: Ink) -> str:
    return {
        "text": ink.text,
        "faint": ink.faint,
        "good": ink.good,
        "bad": ink.bad,
        "unsure": ink.unsure,
        "accent": ink.accent,
        "running": ink.primary,
    }[look]
