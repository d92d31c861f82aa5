"""How an instruction is made into another one, and when what came of it is given up (after Evol-Instruct).

Xu et al. 2023 (arXiv 2304.12244): in depth an instruction gets a further requirement, asks for more, becomes concrete
or takes more steps; in breadth it is a new one of the same field. The wording is our own. What a model makes of it is
given up under the name of the first rule that it breaks: ``empty``, ``no_content`` (nothing but punctuation and
function words), ``prompt_wording`` (it speaks of the task of rewriting), ``no_gain`` (its words are nearly those of its
parent), ``too_long``; and for the answer to it ``refusal``, or ``prompt_wording`` again.

Texts are joined and never formatted, so braces in an instruction are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from compiler.functions.assistant_traces import BEGINNING, REFUSES
from compiler.hashing import hash_text
from runtime.metrics.rouge import common_subsequence, words_of

NO_CONTENT, PROMPT_WORDING, NO_GAIN, TOO_LONG, REFUSAL = (
    "no_content",
    "prompt_wording",
    "no_gain",
    "too_long",
    "refusal",
)

_IN_DEPTH = (
    "Below is a task that somebody gave to an assistant. Write a version of it that is harder to do well and that a "
    "person could still do. "
)
_ENDING = (
    " Keep what the task is about, and everything that it gives to work with. Use the language that it is in. "
    "Answer with the new task alone, without a word before or after it, and do not do the task."
)
OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "constrain": _IN_DEPTH + "Add one requirement or limit that the result has to meet." + _ENDING,
        "deepen": _IN_DEPTH + "If it asks something, let it ask for more depth or more of the context." + _ENDING,
        "concretise": _IN_DEPTH + "Put something particular in the place of something general." + _ENDING,
        "reason": _IN_DEPTH + "Let it take several steps of reasoning where one was enough." + _ENDING,
        "broaden": (
            "Below is a task that somebody gave to an assistant. Write a different task of the same field, about as "
            "long and as hard, on something that is asked for less often. Use the language that the task is in. Answer "
            "with the new task alone, without a word before or after it, and do not do the task."
        ),
    }
)
_TASK, _NEW = "Task:", "New task:"
# What a model says that talks about the rewriting instead of doing it.
_WORDING = ("new task", "given task", "rewritten task", "original task", "given prompt", "rewritten prompt")
_WORDING += ("task above", "task below", "rewritten version", "different task of the same field")
_FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "does", "for", "from", "had", "has"),
        *("have", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "no", "not", "of", "on", "or"),
        *("our", "so", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to"),
        *("was", "we", "were", "what", "when", "which", "who", "will", "with", "would", "you", "your"),
    )
)
_LABEL = re.compile(r"\A\W{0,4}(?:new|rewritten)?[ ]?task\W{0,2}:\W{0,2}\s*", re.IGNORECASE)
_REFUSES = re.compile(REFUSES, re.IGNORECASE)
_SHORT_REFUSAL = 80  # words: a long answer that begins with an apology does what it was asked all the same


@dataclass(frozen=True, slots=True)
class GivenUp:
    rule: str
    detail: str
    value: float | None = None


def operation_of(seed: int, row_id: str, round: int, operations: Sequence[str]) -> str:
    """The operation that a row's instruction goes through in a round: drawn by a hash, from 0 on, so that it depends on
    nothing else."""
    return operations[int(hash_text(f"{seed}:{round}:{row_id}")[:15], 16) % len(operations)]


def evolve_prompt(operation: str, instruction: str) -> str:
    """What a model is asked. Raises KeyError for an operation that does not exist."""
    return "\n\n".join((OPERATIONS[operation], _TASK, instruction.strip(), _NEW))


def evolved(answer: str) -> str:
    """The instruction that an answer is: without the label that the prompt ends with."""
    return _LABEL.sub("", answer.strip(), count=1).strip()


def given_up(text: str, parent: str, too_like: Fraction, max_words: int) -> GivenUp | None:
    """The first rule that an evolved instruction breaks against its parent. ``too_like``: from this ROUGE-L F1 on."""
    words = words_of(text, "unicode")
    if all(word in _FUNCTION_WORDS for word in words):
        return GivenUp(NO_CONTENT, "there is nothing in it but punctuation and function words")
    if said := wording_in(text, parent):
        return GivenUp(PROMPT_WORDING, f"it says {said!r}")
    like = likeness(text, parent)
    if like >= too_like:
        return GivenUp(NO_GAIN, "its words are nearly those of the instruction that it was made of", float(like))
    if len(words) > max_words:
        return GivenUp(TOO_LONG, f"it has {len(words)} words, and may have {max_words}", float(len(words)))
    return None


def answer_given_up(answer: str, instruction: str) -> GivenUp | None:
    """The first rule that an answer to an evolved instruction breaks."""
    if refuses(answer):
        return GivenUp(REFUSAL, "it declines")
    if said := wording_in(answer, instruction):
        return GivenUp(PROMPT_WORDING, f"it says {said!r}")
    return None


def refuses(answer: str) -> bool:
    """Whether an answer is short and begins as a refusal does: the phrases of the function ``refuses``, in English."""
    return len(answer.split()) < _SHORT_REFUSAL and _REFUSES.search(answer[:BEGINNING]) is not None


def wording_in(text: str, parent: str) -> str:
    """What a text says of the task of rewriting and its parent does not; nothing where it says nothing."""
    said = f" {' '.join(words_of(text, 'unicode'))} "
    there = f" {' '.join(words_of(parent, 'unicode'))} "
    return next((phrase for phrase in _WORDING if f" {phrase} " in said and f" {phrase} " not in there), "")


def likeness(left: str, right: str) -> Fraction:
    """ROUGE-L F1 of the words of two texts, exactly; 1 for two texts without words."""
    a, b = words_of(left, "unicode"), words_of(right, "unicode")
    return Fraction(2 * common_subsequence(a, b), len(a) + len(b)) if a or b else Fraction(1)
