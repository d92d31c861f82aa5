"""What a new task has to be, before it is compared with others: rules with names, the first that it breaks.

``control_characters``
    as of any answer (:mod:`runtime.generating.answer_faults`).
``endless``
    its end is one piece again and again, also where the model finished it: an answer may be so, what to do is not.
``repeats_prompt``
    it is one of the tasks that the prompt showed, or a stretch of what the prompt asks for.
``length``
    fewer words than ``shortest`` or more than ``longest``, or more than 20 characters for each of those; in scripts
    that write no spaces a character is a word.
``blacklist``
    a word of the list, as a whole word and in any case.
``writes_program``
    it begins with "Write a program": Wang et al. 2022 leave these to models of code.
``first_character``
    it begins with neither a letter nor a number, of whatever script; Spanish may open with its marks.
``other_script``
    most of its letters are of a script that no seed has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compiler.step_params import SelfInstruct
from runtime.generating.answer_faults import (
    CONTROL,
    ENDLESS,
    OTHER_SCRIPT,
    REPEATS,
    Fault,
    fault_of,
    repeated_end,
)
from runtime.generating.novelty import tokens_of
from runtime.generating.scripts import foreign_script

LENGTH, BLACKLIST, PROGRAM, FIRST = "length", "blacklist", "writes_program", "first_character"
RULES = (CONTROL, ENDLESS, REPEATS, LENGTH, BLACKLIST, PROGRAM, FIRST, OTHER_SCRIPT)
_OPENING = "¿¡"
_STRETCH = 6  # words
_OF_A_WORD = 20  # characters on average at most: a few words that fill a prompt are no words


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a text breaks; ``value`` is what was measured."""

    rule: str
    value: str | None = None
    detail: str | None = None


class TaskRules:
    """The rules of one step. ``seeds`` are the texts of its seeds, whose scripts are those that are expected."""

    def __init__(self, method: SelfInstruct, seeds: Iterable[str]) -> None:
        self._method = method
        self._known = "\n".join(seeds)
        self._blacklist = _whole_words(method.blacklist)

    def broken(self, task: str, examples: Sequence[str], header: str) -> Broken | None:
        """The first rule that a task breaks; ``examples`` are those that its prompt showed, under ``header``."""
        if (fault := fault_of(task, None, "", "")) is not None:
            return _told(fault)
        if piece := repeated_end(task):
            return Broken(ENDLESS, None, f"it ends in {piece!r} again and again")
        words = tokens_of(task)
        if words and any(words == tokens_of(example) for example in examples):
            return Broken(REPEATS, None, "the prompt showed it")
        if words and _of_header(words, header):
            return Broken(REPEATS, None, "it is what the prompt asks for")
        if not self._method.shortest <= len(words) <= self._method.longest:
            return Broken(LENGTH, str(len(words)))
        if len(task) > _OF_A_WORD * self._method.longest:
            return Broken(LENGTH, str(len(words)), f"it has {len(task):,} characters")
        if found := self._blacklist.search(unicodedata.normalize("NFKC", task).casefold()):
            return Broken(BLACKLIST, found.group())
        if words[:3] == ("write", "a", "program"):
            return Broken(PROGRAM)
        if unicodedata.category(task[0])[0] not in "LN" and task[0] not in _OPENING:
            return Broken(FIRST, task[0])
        script = foreign_script(task, self._known)
        return Broken(OTHER_SCRIPT, script.title()) if script is not None else None


def _of_header(words: Sequence[str], header: str) -> bool:
    """Whether a task is a stretch of the header, or has a sentence of it."""
    said, asked = f" {' '.join(words)} ", f" {' '.join(tokens_of(header))} "
    if len(words) >= _STRETCH and said in asked:
        return True
    sentences = (tokens_of(sentence) for sentence in header.split(". "))
    return any(len(one) >= _STRETCH and f" {' '.join(one)} " in said for one in sentences)


def _told(fault: Fault) -> Broken:
    return Broken(fault.rule, None, fault.detail)


def _whole_words(words: Sequence[str]) -> re.Pattern[str]:
    """Any of the words, in a case-folded text. Where a script writes no spaces there is no end of a word to look
    for."""
    found = (unicodedata.normalize("NFKC", word).casefold() for word in words)
    listed = sorted(filter(None, found), key=lambda word: (-len(word), word))
    bounded = [word for word in listed if len(tokens_of(word)) == len(word.split())]
    apart = [word for word in listed if word not in bounded]
    pieces = [rf"(?<!\w)(?:{'|'.join(map(re.escape, bounded))})(?!\w)"] if bounded else []
    pieces += [re.escape(word) for word in apart]
    return re.compile("|".join(pieces) or r"(?!)")
