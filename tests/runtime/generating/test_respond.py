"""Answers to prompts: asked, verified, chosen, and asked again with a hint."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.respond_params import Respond
from compiler.step_params import Metric
from runtime.asking.request import Unanswered
from runtime.generating.responding import Prompted, Responding, Tried, as_answer
from runtime.generating.verifying import NO_EXPECTED, Verifiers
from tests.runtime.generating.scripted import DECODE, Scripted

EXACT = Metric(name="exact_match", function="exact_match", args={"normalise": "none"}, unit="share")
NUMBER = Metric(
    name="numeric_match",
    function="numeric_match",
    args={"tolerance": "0", "relative": "0", "take": "last", "decimal": "point"},
    unit="share",
)
LATIN = Metric(name="regex_match", function="regex_match", args={"pattern": "^[a-z ]+$"}, unit="share")
SHORT = Metric(name="characters", function="characters", args={}, unit="plain")


def respond(**changed: object) -> Respond:
    plain = {"samples": 3, "column": "output", "conversation": False, "verify": (EXACT,), "take": "all"}
    return Respond(**(plain | changed))  # type: ignore[arg-type]


def prompted(row_id: str, content: str, expected: str) -> Prompted:
    return Prompted(row_id, ({"role": "user", "content": content},), expected)


def tried(
    script: Scripted, params: Respond, prompts: list[Prompted], hints: dict[str, Prompted] | None = None
) -> list[Tried]:
    return list(Responding(params, DECODE, script, Verifiers(params.verify), hints or {}).tried(prompts))


SUM, SEA = prompted("1", "2 + 2 = ?", "4"), prompted("2", "Which sea is north of Turkey?", "the black sea")


def test_every_prompt_is_asked_for_each_sample_and_every_answer_gets_a_verdict() -> None:
    script = Scripted(lambda content, sample: ("4" if "2 + 2" in content else "the red sea") if sample else " 4\n")
    found = tried(script, respond(), [SUM, SEA])
    assert script.asked == [(one.messages[0]["content"], sample) for one in (SUM, SEA) for sample in range(3)]
    assert [(one.prompt.row_id, one.sample, one.verdict.rule) for one in found] == [
        ("1", 0, ""),
        ("1", 1, "duplicate"),
        ("1", 2, "duplicate"),
        ("2", 0, "verify"),
        ("2", 1, "verify"),
        ("2", 2, "verify"),
    ]
    assert found[0].text == "4"
    assert len({one.request for one in found}) == 6


def test_faults_are_named_before_anything_is_verified_and_failures_lose_nothing() -> None:
    said = ["", ("4", "length"), "4\x00", Unanswered("server_error", "it failed"), "2 + 2 = ?", "4"]
    found = tried(Scripted(lambda content, sample: said[sample]), respond(samples=6), [SUM])
    assert [one.verdict.rule for one in found] == [
        *("empty", "truncated", "control_characters", "unanswered", "repeats_prompt", ""),
    ]


def test_what_a_budget_left_out_is_no_answer_and_gets_no_hint() -> None:
    def answers(content: str, sample: int) -> str | Unanswered:
        return "5" if content == "2 + 2 = ?" else Unanswered("budget_requests", "used up")

    script = Scripted(answers)
    params = respond(hint_samples=1, hint_wording=("It is ",))
    hints = {"1": prompted("1", "It is 4. 2 + 2 = ?", "4"), "2": prompted("2", "It is the black sea.", "the black sea")}
    found = tried(script, params, [SUM, SEA], hints)
    assert [(one.prompt.row_id, one.verdict.rule) for one in found] == [("1", "verify")] * 3
    assert ("It is the black sea.", 0) not in script.asked


def test_several_verifiers_have_to_agree_and_one_that_cannot_tell_is_not_against_it() -> None:
    blank = prompted("3", "Say something.", "  ")
    params = respond(samples=1, verify=(LATIN, EXACT))
    found = tried(Scripted(lambda content, sample: "the black sea"), params, [SEA, blank])
    assert [one.verdict.rule for one in found] == ["", "unverified"]
    assert NO_EXPECTED in found[1].verdict.detail
    found = tried(Scripted(lambda content, sample: "SEA"), params, [blank])
    assert [one.verdict.rule for one in found] == ["verify"]  # the pattern says no, whatever was expected


def test_the_best_answer_is_the_one_that_the_metric_says() -> None:
    said = ["it is 4", "4", "so we have 2 and 2, which is 4"]
    for lower, best in ((True, 1), (False, 2)):
        params = respond(verify=(NUMBER,), take="best", by=SHORT, lower=lower)
        found = tried(Scripted(lambda content, sample: said[sample]), params, [SUM])
        assert [one.sample for one in found if one.verdict.accepted] == [best]
        assert [one.verdict.value for one in found] == [len(text) for text in said]


HINTS = {"1": prompted("1", "Hint: the answer is 4. 2 + 2 = ?", "4")}
HINTED = respond(hint_samples=2, hint_wording=("Hint: the answer is ", ". "), verify=(NUMBER,))


def test_a_prompt_without_a_right_answer_is_asked_again_with_the_answer_in_view() -> None:
    def answers(content: str, sample: int) -> str:
        if not content.startswith("Hint"):
            return f"it is {5 + sample}"
        return "As the hint says, 4" if sample == 0 else "two and two are 4"

    found = tried(Scripted(answers), HINTED, [SUM], HINTS)
    assert [(one.rationalised, one.verdict.rule) for one in found] == [
        *((False, "verify"), (False, "verify"), (False, "verify"), (True, "mentions_hint"), (True, "")),
    ]
    kept = found[-1]
    assert kept.prompt is SUM  # the row is the prompt's own
    assert "hint" not in kept.text.casefold()


def test_a_prompt_with_a_right_answer_gets_no_hint() -> None:
    script = Scripted(lambda content, sample: "4" if sample == 2 else "5")
    tried(script, HINTED, [SUM], HINTS)
    assert all(content == "2 + 2 = ?" for content, _ in script.asked)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (" 42 \n", "42"),
        ("\n\n  \n42", "42"),
        ("    return x\n", "    return x"),
        ("\n\treturn x", "\treturn x"),
        ("def f():\n    return 1\n\n", "def f():\n    return 1"),
    ],
)
def test_answers_lose_white_space_and_programs_keep_their_indentation(text: str, row: str) -> None:
    assert as_answer(text) == row


PROMPTS = [prompted(str(number), f"{number} + 1 = ?", str(number + 1)) for number in range(6)]
HINTS_OF_ALL = {one.row_id: prompted(one.row_id, f"It is {one.expected}: {one.text}", one.expected) for one in PROMPTS}


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.booleans()),
        st.sampled_from(["right", "wrong", "", "also right"]),
    ),
    st.permutations(PROMPTS),
    st.sampled_from([None, 1, 2]),
)
def test_the_order_of_prompts_decides_nothing_and_no_prompt_has_more_than_its_cap(said, order, cap) -> None:
    def answers(content: str, sample: int) -> str:
        hinted = content.startswith("It is")
        number = int(content.rpartition(" + ")[0].rpartition(" ")[2])
        what = said.get((number, sample, hinted), "wrong")
        return {"right": f"{number + 1}", "also right": f"it is {number + 1}", "wrong": "no idea", "": ""}[what]

    params = respond(samples=4, verify=(NUMBER,), per_prompt=cap, hint_samples=2, hint_wording=("It is ",))

    def fates(prompts: list[Prompted]) -> Counter[tuple[str, int, bool, str]]:
        found = tried(Scripted(answers), params, prompts, HINTS_OF_ALL)
        return Counter((one.prompt.row_id, one.sample, one.rationalised, one.verdict.rule) for one in found)

    straight = fates(PROMPTS)
    assert fates(list(order)) == straight
    taken = Counter(row_id for row_id, _, _, rule in straight if not rule)
    assert all(count <= (cap or 4) for count in taken.values())
    for row_id in {row_id for row_id, _, hinted, _ in straight if hinted}:
        assert not any(rule == "" for row, _, hinted, rule in straight if row == row_id and not hinted)
