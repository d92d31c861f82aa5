"""The scripts that the letters of a text are in, by the names that Unicode gives its characters.

Han, kana and their like count as one, since a Japanese sentence has them all, and a short one has any of them. Letters
that only look different (full width, mathematical) are those that they stand for. What is no letter has no script. Some
0.2 us a character; names are looked up once each.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache

_TOGETHER = {"CJK": "EAST ASIAN", "HIRAGANA": "EAST ASIAN", "KATAKANA": "EAST ASIAN", "BOPOMOFO": "EAST ASIAN"}
_NONE = {"MODIFIER", "FEMININE", "MASCULINE", "SUPERSCRIPT", "SUBSCRIPT"}  # letters of no script of their own
_FOREIGN = 0.5  # more of the letters than this
_FEW = 8  # letters: a symbol or two of physics is no other script


def scripts_of(text: str) -> Counter[str]:
    """How many letters of the text are in each script."""
    found = Counter(map(_script, unicodedata.normalize("NFKC", text)))
    del found[""]
    return found


def foreign_script(text: str, known: str) -> str | None:
    """The script that most letters of ``text`` are in, where more than half of them, and at least eight, are in scripts
    that ``known`` has no letter of; None otherwise, and where ``known`` has no letter at all."""
    there = scripts_of(known)
    given = scripts_of(text)
    foreign = {script: count for script, count in given.items() if script not in there}
    count = sum(foreign.values())
    if not there or count < _FEW or count <= _FOREIGN * given.total():
        return None
    return max(sorted(foreign), key=foreign.__getitem__)


@cache
def _script(char: str) -> str:
    if not char.isalpha():
        return ""
    first = unicodedata.name(char, "").partition(" ")[0].partition("-")[0]
    return "" if first in _NONE else _TOGETHER.get(first, first)
