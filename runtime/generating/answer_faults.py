"""What is wrong with an answer before anybody looks at what it says: rules of their own names, the first that fits.

``empty``
    white space alone.
``control_characters``
    a control character beside line breaks and tabs, a bidirectional override, half of a surrogate pair, or the sign
    that stands for bytes that are no text.
``content_filter``
    the server that wrote it says so.
``endless``, ``truncated``
    it was cut off, by the limit of tokens or by whatever a server names beside the end of the turn; ``endless`` where
    its end is one piece again and again, three times and over 30 characters.
``repeats_prompt``
    its words are those of the prompt: all of them once or more often, or a run of at least eight and half of them.
``other_script``
    most of its letters are of a script that neither the prompt nor what was expected has.

The last two say nothing where the expected answer would be found guilty too: there are tasks of copying, and of
translation. Linear in the length of the answer, about 20 us for a hundred words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.asking.request import END, LENGTH, REFUSAL
from runtime.generating.scripts import foreign_script
from runtime.metrics.rouge import words_of

EMPTY, CONTROL, ENDLESS, TRUNCATED = "empty", "control_characters", "endless", "truncated"
FILTERED, REPEATS, OTHER_SCRIPT = "content_filter", "repeats_prompt", "other_script"
FAULTS = (EMPTY, CONTROL, FILTERED, ENDLESS, TRUNCATED, REPEATS, OTHER_SCRIPT)

# C0 and C1 controls but tab and line breaks, bidirectional overrides, tags, surrogates, U+FFFD and noncharacters.
# Joiners and marks of direction stay: Persian and emoji need them.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_FINISHED = (None, END, REFUSAL, "unknown")  # many a small server does not say why it ended
_TAIL = 4_000  # characters in which a piece that comes again and again is looked for
_TIMES, _LEAST = 3, 30
_LONG_RUN = 8  # words


@dataclass(frozen=True, slots=True)
class Fault:
    """``rule`` is one of ``FAULTS``; ``detail`` says what was found, and may have text of the answer in it."""

    rule: str
    detail: str


def fault_of(text: str, stop_reason: str | None, prompt: str, expected: str) -> Fault | None:
    """The first rule that an answer breaks. ``prompt`` is the text that it is an answer to, ``expected`` what was
    expected, which may be empty; ``stop_reason`` is that of an answer, None where there is none."""
    if fault := broken(text, stop_reason):
        return fault
    if (found := repeats(text, prompt)) and not (expected.strip() and repeats(expected, prompt)):
        return Fault(REPEATS, found)
    return in_other_script(text, f"{prompt}\n{expected}")


def broken(text: str, stop_reason: str | None) -> Fault | None:
    """The first rule that a text breaks whatever it is an answer to."""
    if not text.strip():
        return Fault(EMPTY, "there is nothing in it but white space" if text else "there is nothing in it")
    if found := _CONTROLS.search(text):
        return Fault(CONTROL, f"it has U+{ord(found.group()):04X} in it")
    return cut_off(text, stop_reason)


def cut_off(text: str, stop_reason: str | None, what: str = "it") -> Fault | None:
    """The fault of a text that its writer did not finish, called ``what`` in the detail; None for one that is whole."""
    if stop_reason in _FINISHED:
        return None
    if stop_reason == FILTERED:
        return Fault(FILTERED, f"the server held {what} back or broke it off")
    if piece := repeated_end(text):
        return Fault(ENDLESS, f"{what} ends in {piece!r} again and again")
    by = "" if stop_reason == LENGTH else f": the server says `{stop_reason}`"
    return Fault(TRUNCATED, f"{what} was cut off{by}")


def in_other_script(text: str, known: str) -> Fault | None:
    """The fault of a text most of whose letters are of a script that the known one has none of."""
    script = foreign_script(text, known)
    return Fault(OTHER_SCRIPT, f"most of its letters are {script.title()}") if script is not None else None


def repeated_end(text: str) -> str:
    """The shortest piece of which the end of a text is three copies or more, over 30 characters in all; else nothing.

    The failure function of Knuth, Morris and Pratt, of the end read backwards: its period of each length.
    """
    end = text.rstrip()[-_TAIL:][::-1]
    border = [0] * len(end)
    for place in range(1, len(end)):
        length = border[place - 1]
        while length and end[length] != end[place]:
            length = border[length - 1]
        border[place] = length + (end[length] == end[place])
        period = place + 1 - border[place]
        if place + 1 >= max(_TIMES * period, _LEAST):
            return end[:period][::-1]
    return ""


def repeats(text: str, prompt: str) -> str:
    """How the words of a text are those of a prompt; nothing where they are not."""
    given, asked = words_of(text, "unicode"), words_of(prompt, "unicode")
    if not given or not asked:
        return ""
    if all(word == asked[place % len(asked)] for place, word in enumerate(given)) and len(given) >= len(asked):
        return "it is the prompt again"
    if len(given) >= max(_LONG_RUN, -(-len(asked) // 2)) and _stands_in(given, asked):
        return f"it is {len(given)} of the {len(asked)} words of the prompt"
    return ""


def _stands_in(run: Sequence[str], words: Sequence[str]) -> bool:
    # words have no space in them, so a run of words is a run of text
    return f" {' '.join(run)} " in f" {' '.join(words)} "
