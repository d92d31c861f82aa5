"""The figures of a round's rows, each against a count by hand or a plain reference."""

from __future__ import annotations

from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.loop_params import GuardLimit
from runtime.context import StopFlag
from runtime.looping import figures
from runtime.looping.figures import Figure
from runtime.looping.limits import broken
from runtime.steps.guard import _share_of_people, _similarities

WORDS = st.lists(st.text("abcd", min_size=1, max_size=2), max_size=8).map(" ".join)
TEXTS = st.lists(WORDS, max_size=6)


def pairs_of(texts: list[str]) -> list[tuple[str, str]]:
    return [pair for text in texts for pair in zip(text.split(), text.split()[1:], strict=False)]


@given(TEXTS)
def test_distinct_2_is_the_share_of_different_word_pairs(texts: list[str]) -> None:
    pairs = pairs_of(texts)
    found = figures.distinct_2(texts)
    assert found.n == len(pairs)
    told = pairs and 2 * sum(len(text.split()) < 2 for text in texts) <= len(texts)
    assert found.value == (len(set(pairs)) / len(pairs) if told else None)


def test_a_few_rows_with_word_pairs_do_not_speak_for_rows_of_one_word() -> None:
    """Ninety times `yes` has no variety, whatever the ten other rows say."""
    rows = ["yes"] * 90 + [f"yes it is {n}" for n in range(10)]
    found = figures.distinct_2(rows)
    assert found.value is None and "90 of 100 new rows have no two words" in found.why
    limit = GuardLimit(measure="distinct_2", op=">=", limit="0.3")  # type: ignore[arg-type]
    (broken_one,) = broken([limit], {"distinct_2": found})
    assert "could not be measured" in broken_one.reason
    assert figures.distinct_2_drop(rows, ["a b c"] * 3).why == found.why
    assert "3 of 4 rows of the first round" in figures.distinct_2_drop(["a b"], ["a", "b", "c", "d e"]).why
    assert figures.distinct_2(rows[45:]).value is None and figures.distinct_2(rows[80:]).value is not None


@given(TEXTS, st.randoms())
def test_the_order_of_rows_is_no_matter(texts: list[str], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(texts)
    random.shuffle(shuffled)
    first = ["a b c d a b", "d c b a"]
    assert figures.distinct_2_drop(shuffled, first) == figures.distinct_2_drop(texts, first)


def test_more_of_the_same_variety_is_no_drop() -> None:
    first = [f"word{n} word{n + 1} word{n + 2}" for n in range(0, 40, 3)]
    more = [f"word{n} word{n + 1} word{n + 2}" for n in range(0, 400, 3)]
    assert figures.distinct_2_drop(more, first).value == 0


def test_a_round_that_says_the_same_drops() -> None:
    first = ["one two three four", "five six seven eight"]
    found = figures.distinct_2_drop(["one two three four"] * 2, first)
    assert found.value == pytest.approx(0.5) and found.n == 6


def test_words_of_scripts_without_spaces_have_pairs() -> None:
    assert figures.distinct_2(["猫が好き"]).n == 3


def test_duplicates_count_repeats_of_earlier_rows_and_within_the_round() -> None:
    found = figures.duplicates(["a  b", "a b", "c", "d"], ["c "])
    assert (found.value, found.n) == (0.5, 4)


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=6), st.lists(WORDS.filter(bool), min_size=1, max_size=6))
def test_length_drift_compares_medians_of_words(texts: list[str], reference: list[str]) -> None:
    now, then = (median(len(text.split()) for text in some) for some in (texts, reference))
    assert figures.length_drift(texts, reference).value == pytest.approx(abs(now / then - 1))


def test_a_model_that_learned_from_a_model_adds_a_generation() -> None:
    assert figures.lineage_depth([[(1, True)]], 9).value == 1
    assert figures.lineage_depth([[(1, True)], [(1, True)], [(1, True)]], 9).value == 3
    assert figures.lineage_depth([[(1, False)], [(1, False)]], 9).value == 1
    assert figures.lineage_depth([[(3, False)], [(1, False)]], 9).value == 3
    assert figures.lineage_depth([[(0, True)], [(0, True)]], 9).value == 0


@pytest.mark.parametrize(
    "figure",
    [
        figures.acceptance(0, 0),
        figures.real_share(0, 0),
        figures.novelty([]),
        figures.distinct_2([]),
        figures.distinct_2_drop([], ["a b"]),
        figures.distinct_2_drop(["a b"], ["a"]),
        figures.duplicates([], []),
        figures.length_drift([], ["a"]),
        figures.length_drift(["a"], []),
    ],
)
def test_what_cannot_be_measured_has_no_value_and_breaks_every_guard(figure: Figure) -> None:
    assert figure.value is None and figure.why
    for op in (">=", "<="):
        found = broken([GuardLimit(measure=figure.name, op=op, limit="0.5")], {figure.name: figure})  # type: ignore[arg-type]
        assert "could not be measured" in found[0].reason


def test_a_guard_tells_the_figure_the_limit_and_what_was_counted() -> None:
    limits = [
        GuardLimit(measure="real_share", op=">=", limit="0.3"),
        GuardLimit(measure="acceptance", op=">=", limit="0.05"),
    ]
    given = {"real_share": figures.real_share(290, 1204), "acceptance": figures.acceptance(60, 1200)}
    found = broken(limits, given)
    assert [item.entry for item in found] == ["limits.0"]
    assert found[0].reason == "guard real_share >= 30%: it is 24.1%, of 1,204 rows"


def test_a_figure_just_below_its_limit_does_not_read_as_the_limit() -> None:
    figure = figures.real_share(29_999, 100_000)
    found = broken([GuardLimit(measure="real_share", op=">=", limit="0.3")], {"real_share": figure})
    assert "it is 30%" not in found[0].reason


def test_of_several_trains_the_one_with_the_fewest_rows_of_people_counts() -> None:
    assert min([(60, 100), (1, 10), (500, 1000)], key=_share_of_people) == (1, 10)
    assert min([(60, 100), (0, 0), (0, 9)], key=_share_of_people) == (0, 0), "a train without a row is told first"


@pytest.mark.parametrize("empty", ["😀", "!!!", "— …"])
def test_a_row_without_a_word_is_nothing_new(empty: str) -> None:
    ctx: Any = SimpleNamespace(stop=StopFlag())
    collapsed = [empty] * 9 + ["a new sentence"]
    assert figures.novelty(_similarities(ctx, collapsed, ["some row of people"])).value == 0
    assert figures.novelty(_similarities(ctx, ["a new sentence", "one more"], [empty])).value == 1
