"""Sentences of a text, by rules: what ends with ``.``, ``!``, ``?``, ``…`` or a mark of another script.

The published program has Punkt of NLTK, a model whose data is downloaded. Here a mark ends a sentence when white space
or the end follows (closing quotes, brackets and asterisks may stand between), unless the dot belongs to an
abbreviation, to an initial (``J. Smith``) or to the number of a list's item (``1. Eggs``), or dots trail off before a
small letter. Marks of Chinese, Japanese and Indic scripts need no white space. As in Punkt an end of line alone ends
nothing, and what follows the last mark is a sentence if it has a letter or digit. Linear in the text; how often the two
agree is in ``docs/ifeval.md``.
"""

from __future__ import annotations

import re

_TITLES = "adm brig capt cf col dr e.g ft gen gov hon i.e lt maj messrs mr mrs ms mt prof rep rev sen sgt st v viz vs"
_NUMBERED = "apr art aug ch dec eq feb fig figs jan jul jun mar no nos nov oct p pp sec sep sept vol vols"
_FINAL = "a.d a.m al approx ave b.c blvd bros co corp dept ed est etc inc jr ltd p.m p.s ph.d sr u.k u.n u.s u.s.a"
_BEFORE_MORE, _BEFORE_NUMBERS, _BEFORE_SMALL = (frozenset(part.split()) for part in (_TITLES, _NUMBERED, _FINAL))
_LONGEST = 12  # characters; no word that is looked at here is longer, and a bound keeps the search linear
_MARKS = re.compile(
    # the run of marks from its beginning: from each of its places would take the square of its length
    r"(?<![.!?…])([.!?…]++)[)\]}\"'”’»*_`]*+(?=\s|\Z)"
    r"|[。！？｡؟।॥۔]++[」』）”’]*+"
)
_WORD = re.compile(r"\w")


def sentences(text: str) -> list[str]:
    """The sentences in order, without the white space around them."""
    found: list[str] = []
    start = 0
    for match in _MARKS.finditer(text):
        if match[1] is not None and _goes_on(text, match.start(), match[1], match.end()):
            continue
        _add(found, text[start : match.end()])
        start = match.end()
    _add(found, text[start:])
    return found


def _add(found: list[str], sentence: str) -> None:
    if _WORD.search(sentence):
        found.append(sentence.strip())


def _goes_on(text: str, place: int, marks: str, end: int) -> bool:
    """Whether dots end no sentence: the last ones of a text always do."""
    next_one = text[end : end + _LONGEST].lstrip()[:1]
    if not next_one or "!" in marks or "?" in marks:
        return False
    if marks != ".":
        return next_one.islower()
    before = text[max(0, place - _LONGEST) : place]
    if not before or before[-1].isspace():
        return False
    word = before.split()[-1].lstrip("([{\"'“‘*_")
    if word.isdecimal():
        return _begins_line(text, place - len(word))
    if len(word) == 1 and word.isupper() and word != "I":
        return next_one.isupper()
    word = word.lower()
    if word in _BEFORE_NUMBERS:
        return next_one.isdecimal()
    return word in _BEFORE_MORE or (word in _BEFORE_SMALL and not next_one.isupper())


def _begins_line(text: str, place: int) -> bool:
    """Whether nothing but white space and a few marks stands between a line's beginning and a place in it."""
    _, newline, before = text[max(0, place - _LONGEST) : place].rpartition("\n")
    return (newline == "\n" or place <= _LONGEST) and not before.strip(" \t>*_#-")
