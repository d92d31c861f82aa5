"""Text to tokens, with the grammar's own terminals; comments and unreadable pieces are kept.

The grammar's terminals do the work (`shift_reduce.py`), so the whole token stream is there before parsing: recovery
cuts it at blocks, editors colour it. The lexer never fails, since the terminal ``WRONG`` takes
what nothing else takes. A spec of a hundred lines is cut into tokens in 2 ms.
"""

from __future__ import annotations

from msgspec import Struct

from spec_lang.shift_reduce import tokens_in
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token

# Reserved words that are plain names where nothing but a name can stand (see `sft.lark`).
_SOFT = frozenset({"VERB", "CLAUSE", "FLAG", "NAMED", "EDITION", "IMPORT", "AS", "PARAM"})
_WORDS = _SOFT | {"AND", "OR", "NOT", "IN", "MATCHES", "TRUE", "FALSE"}
OPERATORS = frozenset({"AND", "OR", "NOT", "IN", "MATCHES", "CMP", "PLUS", "MINUS", "STAR", "SLASH", "DOTDOT"})
_BEFORE_NAMES = OPERATORS | {"_EQUAL", "LPAR", "LSQB", "COMMA", "DOT", "CLAUSE", "NAMED", "PARAM", "AS"}
_BEFORE_OPERANDS = OPERATORS | {"_EQUAL", "DOT", "CLAUSE"}

# What stands behind the verb of a rule and never behind a name.
_BEHIND_VERBS = frozenset({"NAME", "QUOTED", "STRING", "NUMBER", "NOT", "LPAR", "FLAG", "CLAUSE"})
_OF_COLUMNS = frozenset({"because", "by", "per", "each", "at"})  # clauses that may follow a bare column


class Comment(Struct, frozen=True):
    """A comment with its ``#``, up to the end of the line."""

    text: str
    span: Span


def tokens_of(file: SourceFile) -> tuple[list[Token], tuple[Comment, ...]]:
    """All tokens in order, soft words as names where they are names, and the comments apart."""
    tokens: list[Token] = []
    comments: list[Comment] = []
    previous = ""
    cut = tokens_in(file.text)
    for index, token in enumerate(cut):
        if token.type == "COMMENT":
            comments.append(Comment(token.text, token.span))
            continue
        words = _WORDS if previous == "DOT" else _SOFT
        if token.type in words and previous in _BEFORE_NAMES and not _begins_entry(file, cut, index, previous):
            token.type = "NAME"
        tokens.append(token)
        previous = token.type
    return tokens, tuple(comments)


def _begins_entry(file: SourceFile, cut: list[Token], index: int, previous: str) -> bool:
    """Whether a soft word that could be a name begins a rule, metric, slice or clause, since no name is followed like
    that: by the rest of a rule in its line, which it begins, or by a value. The operand before it is then missing, and
    that is reported there, not as four mistakes in a rule that has none."""
    token = cut[index]
    if token.type == "CLAUSE" and previous in OPERATORS:  # `> at 95%`
        return index + 1 < len(cut) and cut[index + 1].type in ("STRING", "NUMBER", "QUANTITY")
    if token.type not in ("VERB", "NAMED") or previous not in _BEFORE_OPERANDS:
        return False
    start = token.span.start
    if file.text[file.text.rfind("\n", 0, start) + 1 : start].strip() or index + 1 == len(cut):
        return False
    following = cut[index + 1]
    if "\n" in file.text[start : following.span.start]:
        return False
    if token.type == "NAMED":
        return following.type in _SOFT | {"NAME"} and [after.type for after in cut[index + 2 : index + 3]] == ["_EQUAL"]
    return following.type in _BEHIND_VERBS and following.text not in _OF_COLUMNS
