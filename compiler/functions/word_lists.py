r"""Lists of words and phrases that a text may hold.

A list becomes alternations of at most 500 entries, which RE2 looks for all at once; the automaton of longer ones does
not fit its cache, and the search falls back to one that takes time by their number. So the time goes with the length of
the text and with each 500 entries: for 110 words of text 1 us, and 30 us more where they are told apart. Where matches
are counted, entries that have words in common stay in one alternation however many they are, so that ``new york`` and
``york`` in different ones do not count the same words of a text twice.

Whole words are told apart by making the text a row of its words with two spaces between them, so that letters of every
script have boundaries (RE2's ``\b`` knows those of ASCII alone) and no two words share a space. Entries are
changed in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

from compiler.functions.table import Built, Function, Parameter, Written, pattern, text

AT_ONCE = 500  # entries of one alternation
MOST_ENTRIES = 10_000

_LIST = Parameter("list", ("list",), "texts", most=MOST_ENTRIES)
_BETWEEN = pattern(r"[^\pL\pM\pN_]+")
_ROW = f"('  ' || regexp_replace(lower({{0}}), {_BETWEEN}, '  ', 'g') || '  ')"


def words_of(entry: str) -> list[str]:
    """The words of an entry, in lower case: what stands between characters that are no letter, mark, digit or ``_``."""
    import unicodedata  # a megabyte, for specs with lists of words alone

    letters = (char if char == "_" or unicodedata.category(char)[0] in "LMN" else " " for char in _lower(entry))
    return "".join(letters).split(" ")


def _lower(text: str) -> str:
    """Lower case letter by letter, as DuckDB has it."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _longest_first(entries: Iterable[str]) -> list[str]:
    return sorted({*entries}, key=lambda entry: (-len(entry), entry))


def _alternations(entries: Iterable[str]) -> tuple[str, ...]:
    """Patterns for any of the entries, the longest first where several begin at one place."""
    return tuple(map(_any, _in_portions(_longest_first(entries))))


def _any(entries: list[str]) -> str:
    return "|".join(map(re.escape, entries))


def _in_portions(entries: list[str]) -> list[list[str]]:
    return [entries[start : start + AT_ONCE] for start in range(0, len(entries), AT_ONCE)]


def _alternations_apart(rows: Iterable[str]) -> tuple[str, ...]:
    """Patterns for rows of words of which no two of different patterns match the same words of a text."""
    entries = _longest_first(rows)
    if len(entries) <= AT_ONCE:
        return (_any(entries),)
    families = _families(entries)
    portions = _in_portions([family[0] for family in families if len(family) == 1])
    together: list[str] = []
    for family in (family for family in families if len(family) > 1):
        if together and len(together) + len(family) > AT_ONCE:
            portions, together = [*portions, together], []
        together = together + family
    portions += [together] if together else []
    return tuple(_any(_longest_first(portion)) for portion in portions)


def _families(entries: list[str]) -> list[list[str]]:
    """Entries with those that they have words in common with, directly or over others."""
    next_of: dict[str, str] = {}

    def root_of(word: str) -> str:
        while (further := next_of.setdefault(word, word)) != word:
            next_of[word] = word = next_of[further]
        return word

    families: dict[str, list[str]] = {}
    for entry in entries:
        for word in entry.split():
            next_of[root_of(word)] = root_of(entry.split()[0])
    for entry in entries:
        families.setdefault(root_of(entry.split()[0]), []).append(entry)
    return list(families.values())


def _entries(arguments: tuple[Written, ...]) -> tuple[str, ...]:
    entries = arguments[1]
    assert isinstance(entries, tuple)
    return entries


def _rows(arguments: tuple[Written, ...]) -> list[str]:
    rows = ("  ".join(word for word in words_of(entry) if word) for entry in _entries(arguments))
    return [row for row in rows if row]


def _any_of(text: str, patterns: tuple[str, ...]) -> str:
    return " OR ".join(f"regexp_matches({text}, {{#{index}}})" for index in range(len(patterns)))


def _sum_of(text: str, patterns: tuple[str, ...]) -> str:
    return " + ".join(f"len(regexp_extract_all({text}, {{#{index}}}))" for index in range(len(patterns)))


def _of_row(found: Callable[[str, tuple[str, ...]], str], alternations: tuple[str, ...]) -> Built:
    """What is found in the row of words, which is made once for all patterns."""
    patterns = tuple(f" (?:{part}) " for part in alternations)
    return Built(f"list_transform([{_ROW}], lambda __r: {found('__r', patterns)})[1]", patterns)


def _of_text(arguments: tuple[Written, ...]) -> Built:
    patterns = _alternations(_entries(arguments))
    return Built(f"({_any_of('{0}', patterns)})", patterns)


WORD_LISTS: tuple[Function, ...] = (
    Function(
        "contains_any",
        (text(), _LIST),
        "bool",
        "whether one of the texts of a list occurs in the text, also inside of words; upper and lower case differ",
        "",
        ('contains_any("a subtle hint", ["but", "tle"])', True),
        build=_of_text,
    ),
    Function(
        "has_word",
        (text(), _LIST),
        "bool",
        "whether one of the words or phrases of a list occurs in the text as whole words, in upper or lower case",
        "",
        ('has_word("No BUT, please", ["but", "tle"])', True),
        build=lambda arguments: _of_row(_any_of, _alternations(_rows(arguments))),
    ),
    Function(
        "count_words",
        (text(), _LIST),
        "number",
        "how often words or phrases of a list occur in the text as whole words, in upper or lower case",
        "",
        ('count_words("The cat and the dog", ["the", "and"])', 3),
        low=Decimal(0),
        build=lambda arguments: _of_row(_sum_of, _alternations_apart(_rows(arguments))),
    ),
)
