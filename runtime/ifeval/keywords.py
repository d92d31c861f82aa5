"""Words and letters that have to occur, or must not. Linear in the answer.

Keywords are texts and no patterns, letters of either case are one, and a keyword may stand inside a longer word
(``cat`` in ``concatenate``). Only forbidden words are looked for as whole words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def meets(found: int, relation: str, wanted: int) -> bool:
    """``at least`` or ``less than`` a number; the two relations that there are."""
    return found >= wanted if relation == "at least" else found < wanted


def has_all(answer: str, *, keywords: Sequence[str]) -> bool:
    return all(_anywhere(word).search(answer) for word in keywords)


def has_often(answer: str, *, keyword: str, frequency: int, relation: str) -> bool:
    found = sum(1 for _ in _anywhere(keyword.strip()).finditer(answer))
    return meets(found, relation, frequency)


def has_none(answer: str, *, forbidden_words: Sequence[str]) -> bool:
    whole = (re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in forbidden_words)
    return not any(word.search(answer) for word in whole)


def has_letter(answer: str, *, letter: str, let_frequency: int, let_relation: str) -> bool:
    """How often one character occurs: any, also ``#`` and ``!``."""
    return meets(answer.lower().count(letter.lower()), let_relation, let_frequency)


def has_capital_words(answer: str, *, capital_frequency: int, capital_relation: str) -> bool:
    return meets(_capital_words(answer), capital_relation, capital_frequency)


def _anywhere(keyword: str) -> re.Pattern[str]:
    return re.compile(re.escape(keyword), re.IGNORECASE)


# Tokens of the Penn Treebank end at white space, brackets, quotes and most punctuation, and at dashes and dots in a
# row, but not at `-`, `'`, `/`, `*` or a single dot. Contractions are two tokens: DO N'T, I 'm, CAN NOT.
_ENDS = re.compile(
    r"""[\s?!;:,#$%&@()\[\]{}<>"“”«»„‘’]|--+|\.\.+|''|``"""
    r"|(?<=\w)(?=N'T\b|'(?:S|M|D|LL|RE|VE)\b)"
    r"|(?<=\bCAN)(?=NOT\b)|(?<=\bGOT)(?=TA\b)|(?<=\b[GW][OA]N)(?=NA\b)|(?<=\bLEM|\bGIM)(?=ME\b)",
    re.IGNORECASE,
)


def _capital_words(answer: str) -> int:
    """Tokens that have a letter and no small one: ``I`` and ``NASA-ESA`` are one each, ``DON'T`` is two."""
    return sum(token.isupper() for token in _ENDS.split(answer))
