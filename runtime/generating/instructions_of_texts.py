"""The instruction that a text answers (instruction backtranslation), and when what came of it is given up.

Li et al. 2023 (Humpback, arXiv 2308.06259): people wrote the text, a model writes the instruction, so that what is
learned from is human. The wording is our own. What a model writes is given up under the name of the first rule that it
breaks: ``no_content``, ``prompt_wording`` (it speaks of the text that it was shown), ``copies_text`` (it has a run of
eight words of the text, or all of a shorter one) or ``too_long``.
"""

from __future__ import annotations

import re

from runtime.generating.evolving import NO_CONTENT, PROMPT_WORDING, TOO_LONG, GivenUp
from runtime.metrics.rouge import words_of

COPIES_TEXT = "copies_text"
_COPIED = 8  # words in a row
_ASKED = (
    "Below is a text. Somebody gave a task to an assistant, and the text is what the assistant answered. Write that "
    "task: what the person asked for, with everything that the assistant had to know to answer so. Do not quote the "
    "text, and say nothing about it. Use the language that it is in. Answer with the task alone, without a word before "
    "or after it."
)
_WORDING = ("the text below", "text above", "the given text", "the following text is", "this text is", "the assistant")
_LABEL = re.compile(r"\A\W{0,4}(?:task|instruction|prompt)\W{0,2}:\W{0,2}\s*", re.IGNORECASE)


def backtranslate_prompt(text: str) -> str:
    """What a model is asked about a text."""
    return "\n\n".join((_ASKED, "Text:", text.strip(), "Task:"))


def written_instruction(answer: str) -> str:
    """The instruction that an answer is: without a label in front."""
    return _LABEL.sub("", answer.strip(), count=1).strip()


def instruction_given_up(instruction: str, text: str, max_words: int) -> GivenUp | None:
    """The first rule that an instruction breaks against the text that it was written for."""
    words, source = words_of(instruction, "unicode"), words_of(text, "unicode")
    if not words:
        return GivenUp(NO_CONTENT, "there is no word in it")
    said, there = f" {' '.join(words)} ", f" {' '.join(source)} "
    for phrase in _WORDING:
        if f" {phrase} " in said and f" {phrase} " not in there:
            return GivenUp(PROMPT_WORDING, f"it says {phrase!r}")
    size = min(_COPIED, len(source))
    taken = {source[start : start + size] for start in range(len(source) - size + 1)} if source else set()
    copied = next((run for at in range(len(words) - size + 1) if (run := words[at : at + size]) in taken), None)
    if copied:
        return GivenUp(COPIES_TEXT, f"it has {' '.join(copied)!r} of the text")
    if len(words) > max_words:
        return GivenUp(TOO_LONG, f"it has {len(words)} words, and may have {max_words}", float(len(words)))
    return None
