"""Text of data and models as rich text: made visible, never parsed, differences marked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from spec_lang.plain_text import visible
from tui.themes import Ink
from tui.word_diff import Piece

MOST_CHARACTERS = 20_000


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


def labelled(pairs: Sequence[tuple[str, str]], ink: Ink) -> Text:
    """``name value   name value``, names faint."""
    text = Text()
    for position, (name, value) in enumerate(pairs):
        if position:
            text.append("   ")
        text.append(visible(name) + " ", style=ink.faint).append(visible(value), style=ink.text)
    return text


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
