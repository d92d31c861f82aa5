"""Text of data and models as rich text: made visible, never parsed, differences marked."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from spec_lang.plain_text import visible
from tui.themes import Ink
from tui.word_diff import Piece

MOST_CHARACTERS = 20_000
BETWEEN = "   "  # two facts on a line


def shown(text: str, style: str = "") -> Text:
    """A text with its line breaks; very long ones are cut and say so."""
    cut = text[:MOST_CHARACTERS]
    more = len(text) - len(cut)
    return Text(visible(cut, newlines=True) + (f" … ({more:,} characters more)" if more else ""), style=style)


def marked(pieces: Sequence[Piece], ink: Ink, *, wrong: bool = True) -> Text:
    """Pieces of a comparison: extra words underlined, missing ones struck through. What differs has the colour of a
    fault where the answer is ``wrong``; of an answer that a metric takes for right it is none."""
    fault = ink.bad if wrong else ink.text
    looks = {
        "same": ink.text,
        "extra": f"bold underline {fault}" if wrong else f"underline {fault}",
        "missing": f"strike {ink.faint}",
        "unlike": fault,
    }
    result, cut = Text(), {"": 0, "missing ": 0}
    room = dict.fromkeys(cut, MOST_CHARACTERS)  # what is missing takes nothing from the text itself
    for piece in pieces:
        whose = "missing " if piece.kind == "missing" else ""
        result.append(visible(piece.text[: room[whose]], newlines=True), style=looks[piece.kind])
        cut[whose] += max(0, len(piece.text) - room[whose])
        room[whose] = max(0, room[whose] - len(piece.text))
    for whose, left in cut.items():
        if left:
            result.append(f" … ({left:,} {whose}characters more)", style=ink.faint)
    return result


def labelled(pairs: Sequence[tuple[str, str]], ink: Ink, width: int = 0) -> Text:
    """``name value   name value``, names faint. In ``width`` cells a name and its value stay on one line as long as
    that holds both."""
    text, used = Text(), 0
    for position, pair in enumerate(pairs):
        name, value = map(visible, pair)
        size = cell_len(name) + 1 + cell_len(value)
        if position and width and used + len(BETWEEN) + size > width:
            text.append("\n")
            used = 0
        elif position:
            text.append(BETWEEN)
            used += len(BETWEEN)
        text.append(name + " ", style=ink.faint).append(value, style=ink.text)
        used = (used + size) % width if width else 0
    return text


def hanging(line: str, indent: int, width: int) -> str:
    """A line that begins in cell ``indent`` of ``width``; where it goes on below, it stands deeper than it began."""
    room = max(16, width - indent)
    begin = min(len(line) - len(line.lstrip(" ")), room // 2)
    lines = wrap(
        line.strip(" "),
        room,
        initial_indent=" " * begin,
        subsequent_indent=" " * min(begin + 2, room // 2),
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return ("\n" + " " * indent).join(lines)


def marked_line(pieces: Sequence[Piece], ink: Ink, most: int, *, wrong: bool) -> Text:
    """A comparison on one line for a list: what only the text has is marked, what it lacks is left out. Colours as in
    ``marked``."""
    fault = ink.bad if wrong else ink.text
    looks = {"same": ink.text, "extra": f"underline {fault}", "unlike": fault}
    text = Text()
    for piece in pieces:
        if piece.kind != "missing" and len(text) < most:
            text.append(visible(piece.text[:most]), style=looks[piece.kind])
    return text
