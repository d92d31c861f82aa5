"""Words with one slip of the hand: letters swapped, dropped, doubled, struck beside, or in the wrong case."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from spec_lang.source import Span
from spec_lang.vocabulary import RESERVED
from tests.mutations.mutant import Mutant, Original, mutant
from tests.mutations.vocabulary import Place, words_of

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _swapped(word: str, chance: random.Random) -> str:
    at = [i for i in range(len(word) - 1) if word[i] != word[i + 1]]
    i = chance.choice(at) if at else 0
    return word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]


def _dropped(word: str, chance: random.Random) -> str:
    i = chance.randrange(len(word))
    return word[:i] + word[i + 1 :]


def _doubled(word: str, chance: random.Random) -> str:
    i = chance.randrange(len(word))
    return word[: i + 1] + word[i:]


def _struck_beside(word: str, chance: random.Random) -> str:
    i = chance.randrange(len(word))
    row = next((row for row in _ROWS if word[i] in row), "ea")
    at = row.find(word[i])
    return word[:i] + chance.choice([c for c in row[max(0, at - 1) : at + 2] if c != word[i]]) + word[i + 1 :]


def _other_case(word: str, chance: random.Random) -> str:
    return chance.choice((word.capitalize(), word.upper()))


_SLIPS: tuple[Callable[[str, random.Random], str], ...] = (
    _swapped,
    _dropped,
    _doubled,
    _struck_beside,
    _other_case,
)


def misspellings(original: Original) -> Iterator[Mutant]:
    """Two slips at each distinct word of each role, and one at every placeholder of a template.

    Wrong, because the new word is in no vocabulary of its place and no word of the grammar.
    """
    seen: set[tuple[str, str]] = set()
    for place in words_of(original):
        if len(place.word) < 2 or (place.role, place.word) in seen:
            continue
        seen.add((place.role, place.word))
        yield from _slips(original, place, 2)
    for found in re.finditer(r"(?<!\{)\{(\w+)\}(?!\})", original.text):
        yield from _slips(original, _placeholder(original, found), 1)


def _placeholder(original: Original, found: re.Match[str]) -> Place:
    columns = {place.word for place in words_of(original) if place.role == "column"}
    return Place("placeholder", found[1], Span(*found.span(1)), frozenset({*columns, found[1]}))


def _slips(original: Original, place: Place, count: int) -> Iterator[Mutant]:
    chance = random.Random(f"{original.name} {place.role} {place.span.start}")
    for slip in chance.sample(_SLIPS, count):
        wrong = slip(place.word, chance)
        if wrong in place.allowed or wrong in RESERVED or not re.fullmatch(r"[A-Za-z_]\w*", wrong):
            continue
        yield mutant(f"misspelt {place.role}", original, place.span, wrong, meant=place.word)
