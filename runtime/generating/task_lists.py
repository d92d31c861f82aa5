"""Asking for new tasks: old ones as a numbered list that the model continues, and the tasks of its answer.

The idea is that of Wang et al. 2022 (arXiv:2212.10560), the wording our own. Texts are joined and never formatted, so
braces in a task are braces. A task is shown on one line, without a colon at its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"^[ \t]*(?:[*#]+[ \t]*)?(?:task[ \t]+)?(\d{1,3})[ \t]?[.):][ \t*]*", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class TaskList:
    """The items of an answer, in order. ``surplus`` are those after as many as were asked for. ``cut`` tells whether
    the last item is one that the model did not finish: the answer was cut off before it had given all that it was
    asked."""

    items: tuple[str, ...]
    surplus: tuple[str, ...] = ()
    cut: bool = False


def header(shown: int, new: int) -> str:
    """What the prompt asks for; the list comes after it."""
    last = shown + new
    return (
        f"This is a numbered list of tasks that people gave to an assistant. Continue it with {new} new tasks, "
        f"numbered {shown + 1} to {last}. Every new task asks for something else than all the others, can be done in "
        "writing alone, and says what to do in one or two sentences. Write a task a line, with its number, and "
        "nothing else."
    )


def prompt(examples: Sequence[str], new: int) -> str:
    """The question that shows these tasks and asks for ``new`` more."""
    lines = [f"{number}. {one_line(text)}" for number, text in enumerate(examples, 1)]
    return "\n".join([header(len(examples), new), "", *lines, f"{len(examples) + 1}."])


def one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip().rstrip(":").rstrip()


def read_tasks(answer: str, shown: int, new: int, *, cut_off: bool) -> TaskList:
    """The tasks of an answer. A line in front of the first number that leads over to the list (it ends with a colon) is
    none; without any number its first paragraph is one task. What comes after so many as were asked for is surplus, and
    a paragraph below the list ends it."""
    text, ended = _list_of(answer)
    starts = list(_NUMBER.finditer(text))
    ends = [found.start() for found in starts] + [len(text)]
    items = [_item(text[: ends[0]])]
    if starts and items[0].endswith((":", "：")):
        items = [""]
    items += [_item(text[found.end() : end]) for found, end in zip(starts, ends[1:], strict=True)]
    filled = [item for item in items if item]
    return TaskList(tuple(filled[:new]), tuple(filled[new:]), cut_off and not ended and len(filled) <= new)


def _list_of(answer: str) -> tuple[str, bool]:
    """The answer up to a blank line that no item of its list comes after, and whether there is such a line."""
    first = _NUMBER.search(answer)
    for blank in _BLANK_LINE.finditer(answer, first.end() if first is not None else 0):
        rest = answer[blank.end() :].lstrip()
        if answer[: blank.start()].strip() and rest and not _NUMBER.match(rest):
            return answer[: blank.start()], True
    return answer, False


def _item(text: str) -> str:
    return _SPACE.sub(" ", text).strip().strip("*").strip()
