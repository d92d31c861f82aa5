"""Instructions made into others, instructions written for texts, and what is given up of them."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from rouge_score.rouge_scorer import RougeScorer

from runtime.generating.evolving import (
    OPERATIONS,
    answer_given_up,
    evolve_prompt,
    evolved,
    given_up,
    likeness,
    operation_of,
    refuses,
)
from runtime.generating.instructions_of_texts import backtranslate_prompt, instruction_given_up, written_instruction

PARENT = "Write a short poem about the sea in spring"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Write a sonnet about the sea in spring, in which every line ends in a colour", ""),
        (PARENT, "no_gain"),
        ("write a SHORT poem, about the sea in spring!", "no_gain"),
        ("Write a short poem about the sea in autumn", ""),
        ("...", "no_content"),
        ("", "no_content"),
        ("What is it, and how?", "no_content"),
        ("Here is the rewritten prompt you wanted for your poem", "prompt_wording"),
        ("The new task is to write three poems on tides", "prompt_wording"),
        ("List " + "many different small sea animals " * 20, "too_long"),
        ("写一首关于春天大海的诗，每行以一种颜色结尾", ""),
    ],
)
def test_an_evolved_instruction_falls_to_the_first_rule_that_it_breaks(text: str, rule: str) -> None:
    found = given_up(text, PARENT, Fraction(9, 10), 60)
    assert (found.rule if found else "") == rule


def test_a_parent_may_speak_of_tasks() -> None:
    parent = "Explain what a new task is in asyncio"
    assert (
        given_up("Explain what a new task is in trio and in asyncio, with an example", parent, Fraction(9, 10), 60)
        is None
    )


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("The waves are green.", ""),
        ("I'm sorry, but I cannot write that.", "refusal"),
        ("Unfortunately, I can't help with poems.", "refusal"),
        ("I cannot say enough about it. " + "The waves are green and the wind is mild. " * 12, ""),
        ("The new task: write about waves.", "prompt_wording"),
    ],
)
def test_an_answer_to_an_evolved_instruction(answer: str, rule: str) -> None:
    found = answer_given_up(answer, PARENT)
    assert (found.rule if found else "") == rule


def test_a_refusal_is_one_at_the_beginning() -> None:
    assert refuses("Sorry, but I can't.") and not refuses("She said she was sorry and left.")


def test_labels_of_the_prompts_are_no_part_of_what_was_written() -> None:
    assert evolved("  New task: Write a sonnet.\n") == "Write a sonnet."
    assert evolved("**New task:** Write a sonnet.") == "Write a sonnet."
    assert evolved("Task: new tasks are good") == "new tasks are good"
    assert written_instruction("Instruction: Describe the sea.") == "Describe the sea."


def test_prompts_hold_the_text_as_it_is() -> None:
    text = "Use {braces} and %s and $x"
    assert all(text in evolve_prompt(operation, text) for operation in OPERATIONS)
    assert text in backtranslate_prompt(text)


def test_operations_are_drawn_evenly_and_by_nothing_but_seed_row_and_round() -> None:
    names = tuple(OPERATIONS)
    drawn = [operation_of(3, f"row{number}", 0, names) for number in range(2_000)]
    assert drawn == [operation_of(3, f"row{number}", 0, names) for number in range(2_000)]
    assert min(Counter(drawn).values()) > 320  # 400 each; five standard deviations are 89
    assert drawn != [operation_of(3, f"row{number}", 1, names) for number in range(2_000)]
    assert drawn != [operation_of(4, f"row{number}", 0, names) for number in range(2_000)]


@pytest.mark.parametrize("other", ["Write a long poem about the mountains", "sea in spring", "nothing like it at all"])
def test_likeness_is_rouge_l_on_latin_text(other: str) -> None:
    package = RougeScorer(["rougeL"]).score(PARENT, other)["rougeL"].fmeasure
    assert float(likeness(other, PARENT)) == pytest.approx(package, abs=1e-12)


TEXT = "The tide comes in twice a day because the moon pulls at the water of the sea."


@pytest.mark.parametrize(
    ("instruction", "rule"),
    [
        ("Explain why there are tides.", ""),
        ("", "no_content"),
        ("?!", "no_content"),
        ("Explain why the tide comes in twice a day because the moon pulls", "copies_text"),
        ("What does the text above say of tides?", "prompt_wording"),
        ("Explain " + "very " * 30 + "well what makes tides", "too_long"),
    ],
)
def test_an_instruction_for_a_text_falls_to_the_first_rule_that_it_breaks(instruction: str, rule: str) -> None:
    found = instruction_given_up(instruction, TEXT, 20)
    assert (found.rule if found else "") == rule


def test_a_short_text_is_copied_when_it_stands_in_the_instruction() -> None:
    assert instruction_given_up("Is it the moon Io or Europa?", "Io", 20) is not None
    assert instruction_given_up("Which moon of Jupiter has volcanoes?", "Io", 20) is None
