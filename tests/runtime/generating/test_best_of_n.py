"""Which of several answers to a prompt are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.generating.best_of_n import Checked, Verification, decide, verification_of

YES, NO, UNKNOWN = (Verification("exact_match", value) for value in (1.0, 0.0, None))


def answer(text: str, *said: Verification, score: float | None = None, fault: str = "") -> Checked:
    return Checked(text, fault, "", said, score)


RIGHT = [answer("a", YES, score=0.2), answer("b", YES, score=0.9), answer("c", YES, score=0.9)]


@pytest.mark.parametrize(
    ("answers", "keep", "cap", "rules"),
    [
        (RIGHT, "all", None, ["", "", ""]),
        (RIGHT, "all", 2, ["", "", "per_prompt"]),
        (RIGHT, "first", None, ["", "not_first", "not_first"]),
        (RIGHT, "best", None, ["not_best", "", "not_best"]),  # as good as the third, and earlier
        (RIGHT, "best", 2, ["per_prompt", "", ""]),
        ([answer("a", NO), answer("b", UNKNOWN), answer("c", YES)], "first", None, ["verify", "unverified", ""]),
        ([answer("a", YES), answer(" a \n", YES), answer("A", YES)], "all", None, ["", "duplicate", ""]),
        ([answer("a", NO), answer("a", NO)], "all", None, ["verify", "verify"]),
        ([answer("é", YES), answer("e\u0301", YES)], "all", None, ["", "duplicate"]),
        ([answer("", fault="empty"), answer("a", YES)], "all", 1, ["empty", ""]),
        ([answer("a", YES), answer("b", YES, score=-3.0)], "best", None, ["no_score", ""]),
        ([answer("a", YES, NO), answer("b", YES, UNKNOWN), answer("c", UNKNOWN, NO)], "all", None, None),
        ([answer("a")], "all", None, [""]),  # nothing verifies: filters and scores after it do
        ([], "best", 3, []),
    ],
)
def test_verdicts(answers: list[Checked], keep: str, cap: int | None, rules: list[str] | None) -> None:
    wanted = ["verify", "unverified", "verify"] if rules is None else rules
    assert [verdict.rule for verdict in decide(answers, keep, cap)] == wanted  # type: ignore[arg-type]


def test_a_verifier_that_cannot_tell_is_neither_right_nor_wrong() -> None:
    assert verification_of([YES, YES]).value == 1.0
    assert (verification_of([UNKNOWN]).rule, verification_of([UNKNOWN]).value) == ("unverified", None)
    assert (verification_of([UNKNOWN, NO]).rule, verification_of([UNKNOWN, NO]).value) == ("verify", 0.0)
    said = Verification("passes_tests", None, "the row has no tests")
    assert verification_of([said]).detail == "passes_tests: the row has no tests"


def test_a_duplicate_names_the_sample_that_it_repeats() -> None:
    verdicts = decide([answer("x", NO), answer("y", YES), answer("y ", YES)], "all", None)
    assert verdicts[2].detail == "it is the answer of sample 1"


ANSWERS = st.lists(
    st.builds(
        Checked,
        st.sampled_from("abcdef"),
        st.sampled_from(["", "", "", "empty"]),
        st.just(""),
        st.lists(st.sampled_from([YES, YES, NO, UNKNOWN]), max_size=2).map(tuple),
        st.sampled_from([None, 0.0, 0.5, 0.5, 1.0]),
    ),
    max_size=12,
)


@given(ANSWERS, st.sampled_from(["all", "first", "best"]), st.one_of(st.none(), st.integers(1, 4)))
def test_laws_of_taking(answers: list[Checked], keep: str, cap: int | None) -> None:
    verdicts = decide(answers, keep, cap)  # type: ignore[arg-type]
    taken = [one for one, verdict in zip(answers, verdicts, strict=True) if verdict.accepted]
    assert len(verdicts) == len(answers)
    most = {"all": cap or len(answers), "best": cap or 1, "first": 1}[keep]
    assert len(taken) <= most
    assert all(not one.fault and all(said.value for said in one.verified) for one in taken)
    assert len({one.text for one in taken}) == len(taken)
    good = [one for one in answers if not one.fault and all(said.value for said in one.verified)]
    if keep == "best":
        scores = [one.score for one in good if one.score is not None]
        assert not taken or max(one.score or 0 for one in taken) <= max(scores)
        assert bool(taken) <= bool(scores)
    else:
        assert bool(taken) == bool(good)  # a prompt with a good answer is never left without one


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_best_answer_has_the_same_score_in_any_order_of_the_samples(answers: list[Checked], random) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)
    different = len({one.text for one in answers}) == len(answers)
    first, second = (
        [one.score for one, verdict in zip(order, decide(order, "best", 2), strict=True) if verdict.accepted]
        for order in (answers, shuffled)
    )
    assert not different or sorted(first, key=str) == sorted(second, key=str)
