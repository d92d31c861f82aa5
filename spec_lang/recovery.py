"""Cut a token stream at its top-level items, so that every block reports its own mistake.

Brace depth says where items end. A missing ``}`` would swallow the rest of the file, so a block
header that starts a line at column 1 also starts an item, unless the enclosing block is written
without indentation. What follows a closed block and starts no item is a *stray* segment: after
a broken block it is part of the same mistake and is not reported again.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from spec_lang.lexing import OPERATORS
from spec_lang.source import SourceFile
from spec_lang.tokens import Token

_HEADERS = frozenset({"EDITION", "IMPORT", "PARAM"})
_BRACES = frozenset({"LBRACE", "RBRACE"})
_MARGIN = "\n\r\ufeff"  # what the first character of a line stands behind
_WORDS = frozenset({"NAME", "VERB", "CLAUSE", "FLAG", "NAMED"})
_CONTINUES = OPERATORS | {"_EQUAL", "LPAR", "LSQB", "COMMA", "DOT"}


class Segment(Struct, frozen=True):
    """The tokens of one item, or of what stands between items (``stray``)."""

    tokens: tuple[Token, ...]
    stray: bool

    def unclosed_brace(self, file: SourceFile) -> Token | None:
        """The ``{`` that most likely lacks its ``}``, by the indentation of the braces that are there."""
        open_tokens: list[Token] = []
        suspect: Token | None = None
        for token in self.tokens:
            if token.type == "LBRACE":
                open_tokens.append(token)
            elif token.type == "RBRACE" and open_tokens:
                opening = open_tokens.pop()
                own_line = not file.text[_line_start(file, token) : token.span.start].strip()
                if own_line and suspect is None and _indent(file, token) < _indent(file, opening):
                    suspect = opening
        return (suspect or open_tokens[-1]) if open_tokens else None

    def ends_early(self, file: SourceFile, following: Segment) -> bool:
        """Whether an entry of this block seems to stand behind it: the block ended in the middle of a line, so a ``{``
        is missing there or a ``}`` is too many."""
        end = self.tokens[-1]
        if (
            not following.stray
            or end.type != "RBRACE"
            or not file.text[_line_start(file, end) : end.span.start].strip()
        ):
            return False
        kinds = [token.type for token in following.tokens[:2]]
        return kinds[0] in ("VERB", "NAMED") or (kinds[0] in ("NAME", "QUOTED") and kinds[1:] == ["_EQUAL"])

    @property
    def unclosed_bracket(self) -> Token | None:
        """The innermost ``(`` or ``[`` that nothing closes."""
        return _unclosed(self.tokens, "LPAR", "RPAR") or _unclosed(self.tokens, "LSQB", "RSQB")


def _unclosed(tokens: tuple[Token, ...], opening: str, closing: str) -> Token | None:
    open_tokens: list[Token] = []
    for token in tokens:
        if token.type == opening:
            open_tokens.append(token)
        elif token.type == closing and open_tokens:
            open_tokens.pop()
    return open_tokens[-1] if open_tokens else None


def _line_start(file: SourceFile, token: Token) -> int:
    return file.text.rfind("\n", 0, token.span.start) + 1


def _indent(file: SourceFile, token: Token) -> int:
    line = file.text[_line_start(file, token) : token.span.start] + "|"
    return len(line) - len(line.lstrip(" \t"))


def segments(file: SourceFile, tokens: list[Token]) -> Iterator[Segment]:
    """Every token in exactly one segment, in order. Linear in the number of tokens."""
    text = file.text
    current: list[Token] = []
    stray = False
    depth = 0
    indented = True  # whether the body of the block that is open now is indented
    for index, token in enumerate(tokens):
        # Inside a block nothing but braces, and what stands at the margin, can begin or end anything.
        if depth and token.type not in _BRACES and text[token.span.start - 1] not in _MARGIN:
            current.append(token)
            continue
        margin = at_margin(file, token)
        if depth == 0:
            # Between items, a word at the margin or a header anywhere starts an item.
            goes_on = bool(current) and (current[-1].type in _CONTINUES or _in_a_head(file, current, token))
            header = _is_header(tokens, index) and (margin or not goes_on)
            starts = header or (margin and token.type in _WORDS and not goes_on)
        else:
            starts = margin and indented and _is_header(tokens, index)
        closed = depth == 0 and bool(current) and current[-1].type == "RBRACE" and current[0].type not in _HEADERS
        if current and (starts or (closed and not stray)):
            yield Segment(tuple(current), stray)
            current, depth = [], 0
        if not current:
            stray = not starts
        current.append(token)
        if token.type == "LBRACE":
            if depth == 0:
                following = tokens[index + 1] if index + 1 < len(tokens) else None
                indented = following is None or following.type == "RBRACE" or not at_margin(file, following)
            depth += 1
        elif token.type == "RBRACE":
            depth = max(0, depth - 1)
    if current:
        yield Segment(tuple(current), stray)


def _in_a_head(file: SourceFile, current: list[Token], token: Token) -> bool:
    """Whether only words stand before a token in its line: ``train my`` before ``tuned {``, ``from "./x"`` before
    ``import``."""
    words = all(before.type in ("NAME", "QUOTED", "STRING") for before in current)
    return words and _line_start(file, current[0]) == _line_start(file, token)


def at_margin(file: SourceFile, token: Token) -> bool:
    """Whether a token is the first character of its line (a byte-order mark does not count)."""
    start = token.span.start
    return start == 0 or file.text[start - 1] in _MARGIN


def _is_header(tokens: list[Token], index: int) -> bool:
    kind = tokens[index].type
    if kind in _HEADERS:
        return True
    following = [token.type for token in tokens[index + 1 : index + 3]]
    return kind == "NAME" and following == ["NAME", "LBRACE"]
