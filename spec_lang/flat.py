"""Pieces on one line, with the spaces that belong between their tokens."""

from __future__ import annotations

from collections.abc import Sequence

from spec_lang import ast
from spec_lang.comments import Gap
from spec_lang.literals import dedent, read_string
from spec_lang.pieces import Braces, Bracket, Piece, Run, Word
from spec_lang.tokens import Token

BETWEEN_ENTRIES = "   "
_VALUE_ENDS = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE"})
_TIGHT = frozenset({"DOT", "DOTDOT"})


class Flat:
    """The one-line text of pieces, or None where a comment, a string over lines or the author's layout forbids one."""

    def __init__(self, tokens: Sequence[Token], gaps: Sequence[Gap]) -> None:
        self.tokens = tokens
        self.gaps = gaps
        self._remarks_before = [0]
        for gap in gaps:
            self._remarks_before.append(self._remarks_before[-1] + len(gap.remarks))

    def has_comment(self, first: int, last: int) -> bool:
        """Whether a comment stands between two tokens."""
        return self._remarks_before[last + 1] > self._remarks_before[first + 1]

    def run(self, run: Run) -> str | None:
        if run and self.has_comment(run[0].first, run[-1].last):
            return None
        texts = [self.piece(piece) for piece in run]
        text = ""
        for at, piece_text in enumerate(texts):
            if piece_text is None:
                return None
            text += (" " if at and self.spaced(run, at) else "") + piece_text
        return text

    def piece(self, piece: Piece) -> str | None:
        if isinstance(piece, Word):
            text = self.word(piece.first)
            return None if "\n" in text else text
        if self.has_comment(piece.first, piece.last):
            return None
        if isinstance(piece, Bracket):
            items = [self.run(item) for item in piece.items]
            inside = [item for item in items if item is not None]
            return f"{self.word(piece.first)}{', '.join(inside)}{self.word(piece.last)}" if inside == items else None
        if not piece.entries:
            return "{}"
        rules = sum(isinstance(entry.node, ast.Rule | ast.NamedRule) for entry in piece.entries)
        if self.opened(piece) or rules > 1 or self._would_join(piece):
            return None
        entries = [self.run(entry.pieces) for entry in piece.entries]
        inside = [entry for entry in entries if entry is not None]
        return f"{{ {BETWEEN_ENTRIES.join(inside)} }}" if inside == entries else None

    def opened(self, braces: Braces) -> bool:
        """Whether the author began a new line after the brace."""
        return bool(braces.entries) and self.gaps[braces.first + 1].breaks > 0

    def _would_join(self, braces: Braces) -> bool:
        """A number and a block called `rows` after it would become a quantity on one line."""
        return any(
            self.tokens[entry.first].text == "rows" and self.tokens[entry.first - 1].type == "NUMBER"
            for entry in braces.entries
        )

    def word(self, index: int) -> str:
        token = self.tokens[index]
        text = token.text
        if token.type == "NUMBER":
            return text.replace("E", "e")
        if token.type == "QUANTITY" and text.endswith("rows"):
            return text.removesuffix("rows").rstrip(" \t") + " rows"
        return text

    def spaced(self, run: Run, at: int) -> bool:
        """Whether a space stands between a piece of a run and the one before it."""
        before, piece = run[at - 1], run[at]
        if isinstance(piece, Bracket) and piece.listed and self.tokens[piece.first].type == "LPAR":
            return False
        kinds = {self.tokens[before.last].type, self.tokens[piece.first].type}
        if kinds & _TIGHT:
            return False
        return not (self.tokens[before.last].type == "MINUS" and self._is_sign(run, at - 1))

    def _is_sign(self, run: Run, at: int) -> bool:
        if at == 0:
            return True
        before = run[at - 1]
        return isinstance(before, Word) and self.tokens[before.first].type not in _VALUE_ENDS


def relaid(text: str, margin: str) -> str:
    """A string token over several lines, with its lines at a margin if that leaves its value as it is."""
    if not text.startswith('"""'):
        return text
    last = text[3:-3].rsplit("\n", 1)[-1]
    closing = f'\n{margin}"""' if not last.strip(" \t") else '"""'
    lines = dedent(text[3:-3].replace("\r\n", "\n")).split("\n")
    moved = '"""\n' + "\n".join(margin + line if line else "" for line in lines) + closing
    return moved if _value(moved) == _value(text) else text


def _value(text: str) -> str | None:
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.source import SourceFile, Span

    return read_string(text, Span(0, len(text)), SourceFile("", text), Diagnostics())
