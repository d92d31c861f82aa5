"""IFEval's verifiers against answers that were checked by hand, against all its rows, and against any text at all."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ifeval.sentences import sentences
from runtime.ifeval.table import INSTRUCTIONS
from runtime.ifeval.verdicts import forms_of, verdicts

PAGE = Path(__file__).with_name("answers.md").read_text(encoding="utf-8")
PUBLISHED = Path(__file__).with_name("published.jsonl")
DATA = Path(__file__).parents[4] / "shared/data/ifeval/input_data.jsonl"


def hand_checked() -> Iterator[tuple[str, dict[str, Any], str, bool]]:
    for section in PAGE.split("\n## ")[1:]:
        name, *lines = section.split("\n")
        arguments: dict[str, Any] = {}
        for line in lines:
            if line.startswith("`"):
                arguments = json.loads(line.strip("`"))
            elif line:
                found = re.fullmatch(r'- (yes|no)\*?: ("(?:[^"\\]|\\.)*")(?: \| .+)?', line)
                assert found, line
                yield name, arguments, json.loads(found[2]), found[1] == "yes"


CASES = list(hand_checked())


@pytest.mark.parametrize(("name", "arguments", "answer", "wanted"), CASES, ids=lambda value: str(value)[:40])
def test_a_verdict_is_what_a_person_says(name: str, arguments: dict[str, Any], answer: str, wanted: bool) -> None:
    found = verdicts(answer, [name], [arguments])
    assert found.reason is None
    assert found.followed == (wanted,)


def test_verdicts_are_those_of_lm_eval() -> None:
    """440 answers near their instruction's limit, made at random, with the verdicts of lm-eval 0.4.13 (NLTK 3.10).

    Languages are told by another model there, so those three instructions are not among them.
    """
    cases = [json.loads(line) for line in PUBLISHED.read_text(encoding="utf-8").splitlines()]
    assert len({case["id"] for case in cases}) == 22
    for case in cases:
        found = {
            mode: verdicts(case["answer"], [case["id"]], [case["kwargs"]], mode).followed
            for mode in ("strict", "loose")
        }
        assert found == {"strict": (case["strict"],), "loose": (case["loose"],)}, case


def test_every_instruction_has_three_answers_that_follow_and_three_that_do_not() -> None:
    counted = Counter((name, wanted) for name, _, _, wanted in CASES)
    assert {name for name, _ in counted} == set(INSTRUCTIONS)
    assert [key for name in INSTRUCTIONS for key in ((name, True), (name, False)) if counted[key] < 3] == []


@pytest.mark.skipif(not DATA.exists(), reason="the published rows are not here")
def test_every_published_row_can_be_judged() -> None:
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    ids = {name for row in rows for name in row["instruction_id_list"]}
    assert len(rows) == 541
    assert ids == set(INSTRUCTIONS)
    for row in rows:
        found = verdicts("An answer.", row["instruction_id_list"], row["kwargs"])
        assert found.reason is None
        assert len(found.followed) == len(row["instruction_id_list"])


@pytest.mark.parametrize(
    ("ids", "arguments", "reason"),
    [
        (["keywords:existance"], [{}], "no instruction `keywords:existance`; did you mean `keywords:existence`?"),
        ([["a"]], [{}], "no instruction `['a']`"),
        (["keywords:existence"], [{}], "it needs `keywords`"),
        (["keywords:existence"], [{"keywords": []}], "`keywords` cannot be []"),
        (["keywords:existence"], [{"keywords": "cat"}], '`keywords` cannot be "cat"'),
        (["keywords:existence"], [{"keywords": ["cat", " "]}], "`keywords` cannot be"),
        (["keywords:existence"], [{"keywords": ["cat"], "relation": "at least"}], "it takes no `relation`"),
        (["length_constraints:number_words"], [{"num_words": -1, "relation": "at least"}], "`num_words` cannot be -1"),
        (["length_constraints:number_words"], [{"num_words": 2.5, "relation": "at least"}], "cannot be 2.5"),
        (["length_constraints:number_words"], [{"num_words": True, "relation": "at least"}], "cannot be true"),
        (["length_constraints:number_words"], [{"num_words": float("nan"), "relation": "at least"}], "cannot be NaN"),
        (["length_constraints:number_words"], [{"num_words": 3, "relation": "at most"}], 'cannot be "at most"'),
        (["keywords:letter_frequency"], [{"letter": "ab", "let_frequency": 1, "let_relation": "at least"}], '"ab"'),
        (["language:response_language"], [{"language": "klingon"}], 'cannot be "klingon"'),
        (["punctuation:no_comma"], ["x"], "its arguments are no object"),
        (["punctuation:no_comma"], [], "1 instructions and arguments for 0"),
        ([], [], "no instruction"),
        (None, [{}], "no list of instructions"),
        (["punctuation:no_comma"], "[{}]", "no list of arguments"),
        (["punctuation:no_comma", "\x1b[2J"], [{}, {}], "␛[2J"),
    ],
)
def test_a_row_that_is_not_understood_has_no_verdict_and_a_reason(ids: Any, arguments: Any, reason: str) -> None:
    found = verdicts("An answer.", ids, arguments)
    assert found.followed == ()
    assert found.reason is not None and reason in found.reason


def test_arguments_that_are_null_are_absent() -> None:
    given = {"keywords": None, "num_words": 2.0, "relation": "at least", "language": None}
    assert verdicts("two words", ["length_constraints:number_words"], [given]).followed == (True,)
    assert verdicts("no comma", ["punctuation:no_comma"], [None]).followed == (True,)


def test_a_row_with_several_instructions_has_a_verdict_for_each_in_order() -> None:
    ids = ["punctuation:no_comma", "startend:quotation", "punctuation:no_comma"]
    assert verdicts("no comma", ids, [{}, {}, {}]).followed == (True, False, True)


@pytest.mark.parametrize(
    ("answer", "instruction", "arguments"),
    [
        ("Sure, here it is:\nno comma here", "punctuation:no_comma", {}),
        ("no comma here\nYours, the model", "punctuation:no_comma", {}),
        ("Sure, here:\nno comma here\nYours, me", "punctuation:no_comma", {}),
        ("**My** answer is yes.", "detectable_format:constrained_response", {}),
        ('Here:\n*"quoted"*', "startend:quotation", {}),
    ],
)
def test_loose_forgives_a_line_at_either_end_and_asterisks(answer: str, instruction: str, arguments: Any) -> None:
    assert verdicts(answer, [instruction], [arguments]).followed == (False,)
    assert verdicts(answer, [instruction], [arguments], "loose").followed == (True,)


def test_loose_takes_for_each_instruction_the_form_that_suits_it() -> None:
    ids = ["punctuation:no_comma", "detectable_format:number_highlighted_sections"]
    answer = "Sure, here:\nsome *highlighted* text"
    assert verdicts(answer, ids, [{}, {"num_highlights": 1}], "loose").followed == (True, True)


def test_the_forms_of_an_answer() -> None:
    assert forms_of("*a*\nb\n*c*") == ["*a*\nb\n*c*", "b\n*c*", "*a*\nb", "b", "a\nb\nc", "b\nc", "a\nb"]
    assert forms_of("a") == ["a", ""]


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("*-\n<>[]\"'., P.S!?{}`#1"), max_size=60))
def test_any_text_has_verdicts_and_loose_is_never_stricter(text: str) -> None:
    for name, arguments in {name: arguments for name, arguments, _, _ in CASES}.items():
        if name in SLOW:
            continue
        strict, loose = (verdicts(text, [name], [arguments], mode) for mode in ("strict", "loose"))
        assert strict.reason is None and loose.reason is None
        assert loose.followed >= strict.followed


SLOW = {"language:response_language"}  # 1 ms a form; its texts are those of tests/runtime/test_languages


@pytest.mark.parametrize(
    "piece", ["*", "-", "[", "<<", "\n", " ", ".", "...a", "'", '"', "``", "a.", "{", "P. ", "* \n"]
)
def test_a_long_answer_of_one_piece_takes_no_more_than_its_length(piece: str) -> None:
    """Quadratic work would take minutes for so many characters."""
    answer = piece * (150_000 // len(piece)) + "x"
    for name, arguments in {name: arguments for name, arguments, _, _ in CASES}.items():
        verdicts(answer, [name], [arguments], "loose")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Dr. Who met Mrs. Jones at 5 p.m. on Jan. 3. They ate.", 2),
        ("It ends at 5 p.m. They left.", 2),
        ("See fig. 3 and vol. 2. No. That is no. Really.", 4),
        ("Wait... what? Well... Yes.", 3),
        ("J. K. Rowling wrote it. Plan B. Done.", 2),
        ("1. Eggs are good.\n2. Milk is good.", 2),
        ("The year was 1999. Then came 2000.", 2),
        ('"Go." "No!" (Maybe.) He said "yes".', 4),
        ("今天很好。明天呢？后天！", 3),
        ("यह अच्छा है। वह भी।", 2),
        ("no mark at all", 1),
        ("... !!! ???", 0),
        ("", 0),
        ("**Bold.** Then *more.*", 2),
    ],
)
def test_sentences(text: str, wanted: int) -> None:
    assert len(sentences(text)) == wanted, sentences(text)


@given(st.text(st.sampled_from(".!? abA1\n\"'…。*"), max_size=40))
def test_sentences_leave_out_nothing_that_is_a_word(text: str) -> None:
    assert re.findall(r"\w", "".join(sentences(text))) == re.findall(r"\w", text)
