"""Asking for inputs and outputs of a new task, and whether it is a classification; and the instances of an answer.

After Wang et al. 2022 (arXiv:2212.10560), in wording of our own: a model that invents an input first and labels it then
gives nearly all inputs one label, so of a classification it names the label first and writes an input for it. Other
tasks get the input first. Tasks without inputs are put to the model as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_KINDS = (
    ("Decide whether the review of a restaurant is favourable or unfavourable.", True),
    ("Make a list of things to take along on a walk in the mountains.", False),
    ("Is the sentence grammatical? Answer with yes or no.", True),
    ("Explain to a child why the sky is dark at night.", False),
    ("Say which of the four departments should answer the letter: sales, repairs, billing or press.", True),
    ("Shorten the paragraph to one sentence.", False),
    ("Choose the word that does not belong to the others.", True),
    ("Turn the recipe for four people into one for six.", False),
    ("Write a polite refusal to the invitation.", False),
    ("Tell whether the second statement follows from the first, contradicts it, or neither.", True),
    ("Find the mistake in the calculation and say what is right.", False),
    ("Grade how urgent the message is: low, medium or high.", True),
)
_INPUT_FIRST = """\
Write examples of a task that somebody gave to an assistant: what it is given as input, and the output that it \
answers with. Where a task says everything that is needed, its input is empty. Number the examples from 1, write at \
most {most}, and write nothing else.

Task: Put the words into alphabetical order.
Example 1
Input: river, apple, stone
Output: apple, river, stone
Example 2
Input: seven, four, one, nine
Output: four, nine, one, seven

Task: Name three animals that sleep through the winter.
Example 1
Input:
Output: Hedgehogs, dormice and marmots sleep through the winter.

Task: Say in one sentence what the letter asks for.
Example 1
Input: Dear Sirs, on 3 May I bought a kettle from you. Its lid does not close. I would like another one. A. Berg
Output: The customer wants a kettle with a faulty lid to be replaced.

Task: """
_OUTPUT_FIRST = """\
Write examples of a task whose answer is one of a few labels: the label first, and then an input that it is right for. \
Use every label that there is. Number the examples from 1, write at most {most}, and write nothing else.

Task: Decide whether the message is a question or a statement.
Example 1
Label: question
Input: When does the library open on Sundays
Example 2
Label: statement
Input: The library opens at ten on Sundays

Task: Which season does the text describe: spring, summer, autumn or winter?
Example 1
Label: autumn
Input: The last leaves came down, and in the evening there was fog over the fields.
Example 2
Label: summer
Input: The asphalt was soft, and everybody sat by the river until midnight.

Task: """
_PLACE = "{most}"
# Possessive: a model may write any number of blanks, and no run of them is divided up in all the ways there are.
_EXAMPLE = re.compile(
    r"^[ \t*#]*+example[ \t]*+(?:\d++[ \t]*+)?[.:)]?[ \t*]*+$|^[ \t*#]*+example[ \t]*+\d++[ \t]*+[.:)][ \t*]*+",
    re.I | re.M,
)
_LABEL = re.compile(r"^[ \t*#]*+(input|output|label)[ \t]*+\d*+[ \t]*+:[ \t*]*+", re.I | re.M)
_NEXT_TASK = re.compile(r"^[ \t*#]*+task[ \t]*+\d*+[ \t]*+:", re.I | re.M)
_FIRST_WORD = re.compile(r"\w+")
KIND_TOKENS = 5  # of an answer of which the first word counts


@dataclass(frozen=True, slots=True)
class Instance:
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Instances:
    """What an answer holds, in order; ``cut`` where the last one was cut off."""

    found: tuple[Instance, ...]
    cut: bool = False


def kind_prompt(task: str) -> str:
    """Whether a task is a classification, with examples of both."""
    shown = [f"Task: {text}\nAnswer: {'Yes' if yes else 'No'}" for text, yes in _KINDS]
    head = (
        "Is this task a classification: is its answer one of a few labels that are known beforehand? "
        "Answer with Yes or No."
    )
    return "\n\n".join([head, *shown, f"Task: {task}\nAnswer:"])


def is_classification(answer: str) -> bool:
    """Whether the first word is yes; whatever else a model says is no."""
    found = _FIRST_WORD.search(answer)
    return found is not None and found.group().casefold() == "yes"


def instance_prompt(task: str, most: int, *, classification: bool) -> str:
    """A question for at most ``most`` instances of a task."""
    head = _OUTPUT_FIRST if classification else _INPUT_FIRST
    return "".join([head.replace(_PLACE, str(most)), task, "\nExample 1\n", "Label:" if classification else "Input:"])


def shown_texts() -> frozenset[str]:
    """The inputs and outputs that the prompts show, folded: an answer that has one of them has copied it."""
    texts = (text for head in (_INPUT_FIRST, _OUTPUT_FIRST) for text in _LABEL.split(head)[2::2])
    return frozenset(folded(re.split(r"\n(?:Example|\n)", text)[0]) for text in texts) - {""}


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


def read_output(answer: str, *, cut_off: bool) -> Instances:
    """The answer to a task without input: all of it, but for a label in front."""
    text = answer.strip()
    found = _LABEL.match(text)
    if found is not None and found.group(1).casefold() == "output":
        text = text[found.end() :].strip()
    return Instances((Instance("", text),), cut_off)


def read_instances(answer: str, *, classification: bool, cut_off: bool) -> Instances:
    """The instances of an answer; the prompt ends where the first input (of a classification the first label) begins.

    What follows on a next `Task:` is another task. An instance ends where a label of it comes again. Text without a
    label continues what the prompt began; in a later example it is what the example lacks. Without any output there is
    no instance.
    """
    stop = _NEXT_TASK.search(answer)
    text, cut = (answer[: stop.start()], False) if stop is not None else (answer, cut_off)
    found: list[Instance] = []
    for number, piece in enumerate(_EXAMPLE.split(text)):
        current: dict[str, str] = {}
        pieces = _LABEL.split(piece)
        if pieces[0].strip():
            unlabelled = ("label" if classification else "input") if number == 0 else _lacking(pieces[1::2])
            current[unlabelled] = pieces[0].strip()
        for label, value in zip(pieces[1::2], pieces[2::2], strict=True):
            name = "label" if classification and label.casefold() == "output" else label.casefold()
            if name in current:
                found += _instance(current)
                current = {}
            current[name] = value.strip()
        found += _instance(current)
    return Instances(tuple(found), cut)


def _lacking(labels: Sequence[str]) -> str:
    """What text in front of these labels is."""
    return "input" if any(label.casefold() != "input" for label in labels) else "output"


def _instance(fields: dict[str, str]) -> list[Instance]:
    output = fields.get("output", fields.get("label"))
    return [Instance(fields.get("input", ""), output)] if output is not None else []
