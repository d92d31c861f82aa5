"""How many words, sentences and paragraphs an answer has. Linear in the answer."""

from __future__ import annotations

import re
import unicodedata

from runtime.ifeval.keywords import meets
from runtime.ifeval.sentences import sentences

_WORD = re.compile(r"\w+")
_RULE = re.compile(r"\s?\*\*\*\s?")  # separates paragraphs; where words are counted an apostrophe separates two
_ENDS_FIRST_WORD = re.compile(r"[.,?!'\"]")


def has_words(answer: str, *, num_words: int, relation: str) -> bool:
    """Runs of letters with their marks, digits and ``_``: ``don't`` and ``3.5`` are two words each."""
    return meets(sum(1 for _ in _WORD.finditer(_without_marks(answer))), relation, num_words)


def _without_marks(text: str) -> str:
    """To Python's regular expressions a vowel sign of Hindi is no letter, and would end the word."""
    return text if text.isascii() else "".join(sign for sign in text if not unicodedata.category(sign).startswith("M"))


def has_sentences(answer: str, *, num_sentences: int, relation: str) -> bool:
    return meets(len(sentences(answer)), relation, num_sentences)


def has_paragraphs(answer: str, *, num_paragraphs: int) -> bool:
    """Exactly so many paragraphs between ``***``; an empty one is allowed before the first and after the last only."""
    paragraphs = _RULE.split(answer)
    inner = paragraphs[1:-1]
    if any(not paragraph.strip() for paragraph in inner):
        return False
    return sum(1 for paragraph in paragraphs if paragraph.strip()) == num_paragraphs


def has_first_word(answer: str, *, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """Exactly so many paragraphs between empty lines, and the nth begins with a word.

    The nth is counted with empty paragraphs, the number without, as published: two empty lines in a row make one.
    """
    paragraphs = [paragraph.strip() for paragraph in answer.split("\n\n")]
    there = sum(map(bool, paragraphs))
    if not 1 <= nth_paragraph <= there or not paragraphs[nth_paragraph - 1]:
        return False
    word = paragraphs[nth_paragraph - 1].split()[0].lstrip("'").lstrip('"')
    return there == num_paragraphs and _ENDS_FIRST_WORD.split(word)[0].lower() == first_word.lower()
