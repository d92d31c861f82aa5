"""What is read out of the answers of models: lists as they write them, and what each rule looks at."""

from __future__ import annotations

import pytest

from compiler.schema.generate import BLACKLIST
from compiler.step_params import SelfInstruct
from runtime.generating.instance_rules import judged
from runtime.generating.instances import (
    Instance,
    Instances,
    is_classification,
    read_instances,
    read_output,
    shown_texts,
)
from runtime.generating.task_lists import header, prompt, read_tasks
from runtime.generating.task_rules import TaskRules

METHOD = SelfInstruct(
    target=10, human_examples=6, machine_examples=2, instances=2, new_tasks=8, prompts=5, patience=5,
    instruction="instruction", input="input", output="output", shortest=4, longest=150, blacklist=BLACKLIST,
    truncated="discard", classification=True, instance_tokens=350,
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        ("9. Name a bird.\n10. Name a fish.", ("Name a bird.", "Name a fish.")),
        (" Name a bird.\n10. Name a fish.", ("Name a bird.", "Name a fish.")),
        ("Here are new tasks:\n\n1) Name a bird.\n\n2) Name\n   a fish.", ("Name a bird.", "Name a fish.")),
        ("Sure!\n9. **Name a bird.**\nTask 10: Name a fish.", ("Sure!", "Name a bird.", "Name a fish.")),
        ("Name a bird.", ("Name a bird.",)),
        ("9. Name a bird.\n10. Name a fish.\n \nThe answer is 14.", ("Name a bird.", "Name a fish.")),
        ("9.\n10.   \n11.", ()),
        ("", ()),
        ("9. Add 3.14 and 2.\n10. Sum 1. and 2.", ("Add 3.14 and 2.", "Sum 1. and 2.")),
        ("９. 写一首诗。\n１０. 讲一个故事。", ("写一首诗。", "讲一个故事。")),
        ("9. {instruction} {0} %s", ("{instruction} {0} %s",)),
    ],
)
def test_tasks_of_a_list(answer: str, items: tuple[str, ...]) -> None:
    assert read_tasks(answer, 8, 8, cut_off=False).items == items


def test_a_long_task_is_read_whole() -> None:
    task = " ".join(f"word{number}" for number in range(500))
    assert read_tasks(f"1. {task}", 0, 8, cut_off=False).items == (task,)


def test_a_list_that_was_cut_off_after_all_of_its_tasks_is_whole() -> None:
    answer = "\n".join(f"{number}. Task number {number}." for number in range(9, 20))
    whole = read_tasks(answer, 8, 8, cut_off=True)
    assert (len(whole.items), len(whole.surplus), whole.cut) == (8, 3, False)
    assert read_tasks(answer[:60], 8, 8, cut_off=True).cut
    assert not read_tasks(answer[:60] + "\n\nThat was", 8, 8, cut_off=True).cut


def test_a_prompt_shows_each_task_on_one_line_without_a_colon() -> None:
    assert prompt(["Sort\nthe words:", "{braces}"], 8).splitlines()[-3:] == ["1. Sort the words", "2. {braces}", "3."]


LONG = "word " * 151
RULES = [
    ("Name a bird\x00 that sings", "control_characters", None),
    ("again and again " * 6, "endless", None),
    ("Name three birds that sing.", "repeats_prompt", None),
    ("Every new task asks for something else than all the others", "repeats_prompt", None),
    ("Name a bird", "length", "3"),
    (" ".join(f"w{n}" for n in range(151)), "length", "151"),
    ("Say what this is: " + "".join(f"w{n}" for n in range(900)), "length", "5"),
    ("Describe the image in a sentence", "blacklist", "image"),
    ("Please go\u00a0to the shop now", "blacklist", "go to"),
    ("Write a program that sorts words", "writes_program", None),
    ('"Who" is a word. Use it in a sentence.', "first_character", '"'),
    ("- describe a bird that sings", "first_character", "-"),
    ("Назовите трёх певчих птиц.", "other_script", "Cyrillic"),
]
SOUND = [
    "Name four birds that can swim.",
    "Imagine a city and describe it.",
    "Über welche Vögel weiß man wenig?",
    "¿Qué pájaro canta de noche aquí?",
    "Éclairez un enfant sur la nuit.",
    "7 birds sit on a branch, how many fly?",
]


@pytest.mark.parametrize(("text", "rule", "value"), RULES)
def test_the_rule_that_a_task_breaks(text: str, rule: str, value: str | None) -> None:
    found = TaskRules(METHOD, ["Name three birds."]).broken(text, ["Name three birds that sing"], header(8, 8))
    assert found is not None and (found.rule, found.value) == (rule, value)


@pytest.mark.parametrize("text", SOUND)
def test_a_task_that_breaks_no_rule(text: str) -> None:
    assert TaskRules(METHOD, ["Name three birds."]).broken(text, [], header(8, 8)) is None


def test_a_word_of_a_script_without_spaces_is_found_inside_of_a_sentence() -> None:
    rules = TaskRules(METHOD.model_copy(update={"blacklist": ("图片", "plot")}), ["请写一首诗"])
    found = rules.broken("请描述这张图片里的东西", [], header(8, 8))
    assert found is not None and (found.rule, found.value) == ("blacklist", "图片")
    assert rules.broken("请写一首关于春天的诗", [], header(8, 8)) is None


INPUT_FIRST = [
    (" river\nOutput: wet\nExample 2\nInput: stone\nOutput: hard", [("river", "wet"), ("stone", "hard")]),
    ("Example 1\nInput: river\nOutput: wet\nstill\n\nTask: Another\nInput: x\nOutput: y", [("river", "wet\nstill")]),
    ("\nOutput: wet", [("", "wet")]),
    ("a\nOutput: b\nInput: c\nOutput: d", [("a", "b"), ("c", "d")]),
    ("a\nOutput: b\nExample 2: c\nOutput: d\nExample 3\ne", [("a", "b"), ("c", "d"), ("", "e")]),
    ("**Input:** a\n**Output:** b", [("a", "b")]),
    ("just some text", []),
    ("", []),
]


@pytest.mark.parametrize(("answer", "found"), INPUT_FIRST)
def test_instances_with_the_input_first(answer: str, found: list[tuple[str, str]]) -> None:
    read = read_instances(answer, classification=False, cut_off=False)
    assert [(one.input, one.output) for one in read.found] == found


OUTPUT_FIRST = [
    (
        " bad\nInput: It rained.\nExample 2\nLabel: good\nInput: It shone.",
        [("It rained.", "bad"), ("It shone.", "good")],
    ),
    ("good\nInput: a\nb", [("a\nb", "good")]),
    ("Label: good\nInput: a\nLabel: bad\nInput: b", [("a", "good"), ("b", "bad")]),
    ("good", [("", "good")]),
]


@pytest.mark.parametrize(("answer", "found"), OUTPUT_FIRST)
def test_instances_with_the_label_first(answer: str, found: list[tuple[str, str]]) -> None:
    read = read_instances(answer, classification=True, cut_off=False)
    assert [(one.input, one.output) for one in read.found] == found


@pytest.mark.parametrize("label", ["example", "input", "task", "example 1"])
def test_blanks_without_end_after_a_label_are_read_once(label: str) -> None:
    answer = (
        f"a\nOutput: b\n{label}{' ' * 200_000}x"  # a search that divides them up in every way ends with no test run
    )
    (found,) = read_instances(answer, classification=False, cut_off=False).found
    assert found.output.startswith(f"b\n{label} ")


def test_an_answer_that_was_cut_off_in_a_next_task_is_whole() -> None:
    assert read_instances("a\nOutput: b", classification=False, cut_off=True).cut
    assert not read_instances("a\nOutput: b\nTask: c", classification=False, cut_off=True).cut


def test_the_answer_to_a_task_without_input_is_all_of_it() -> None:
    assert read_output("Output: A swan.\nOutput: no label", cut_off=False).found == (
        Instance("", "A swan.\nOutput: no label"),
    )


@pytest.mark.parametrize(
    ("answer", "yes"),
    [("Yes", True), (" yes.", True), ("YES, it is", True), ("No", False), ("Maybe", False), ("", False)],
)
def test_only_yes_is_a_classification(answer: str, yes: bool) -> None:
    assert is_classification(answer) == yes


INSTANCES = [
    ([("a", "")], ["empty_output"]),
    ([("a", " \n")], ["empty_output"]),
    ([("the letters:", "b")], ["ends_with_colon"]),
    ([("a", "these：")], ["ends_with_colon"]),
    ([("Same Text", "same  text")], ["input_is_output"]),
    ([("", "same")], [None]),
    ([("a", "b\x07")], ["control_characters"]),
    ([("river, apple, stone", "apple, river, stone")], ["repeats_prompt"]),
    ([("a", "b"), ("A", "B")], [None, "repeated"]),
    ([("a", "b"), ("c", "d"), ("e", "f")], [None, None, "surplus"]),
    ([("a", "b"), ("a", "c"), ("d", "")], ["conflicting_outputs", "conflicting_outputs", "empty_output"]),
    ([("", "b"), ("", "c")], [None, None]),
    ([("a", "b"), ("c", "d"), ("c", "e")], ["conflicting_outputs"] * 3),  # also where a later one was surplus
    ([("a", "b"), ("a", "b"), ("a", "")], [None, "repeated", "empty_output"]),
    ([("a", "on and on and on and on and on and on and on and on")], [None]),  # finished: a row of dashes is no fault
]


@pytest.mark.parametrize(("given", "rules"), INSTANCES)
def test_the_rule_that_an_instance_breaks(given: list[tuple[str, str]], rules: list[str | None]) -> None:
    found = judged(Instances(tuple(Instance(*one) for one in given)), 2, shown_texts())
    assert [broken.rule if broken else None for _, broken in found] == rules


def test_the_last_instance_of_an_answer_that_was_cut_off_is_left_out() -> None:
    cut = Instances((Instance("a", "b"), Instance("c", "d")), cut=True)
    assert [broken.rule if broken else None for _, broken in judged(cut, 5, frozenset())] == [None, "truncated"]
    endless = Instances((Instance("a", "on and " * 9), Instance("c", "on and " * 9 + "on and")), cut=True)
    assert [broken.rule if broken else None for _, broken in judged(endless, 5, frozenset())] == [None, "endless"]
