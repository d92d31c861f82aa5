"""Novelty against brute force, and against the package that the paper's code used where that package sees words."""

from __future__ import annotations

import json
import operator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from runtime.generating.novelty import Nearest, Pool, tokens_of

SEEDS = Path(__file__).parents[4] / "shared" / "data" / "self_instruct" / "seed_tasks.jsonl"
OPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
TEXTS = st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join)


def subsequence(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """The textbook's table, row by row."""
    row = [0] * (len(right) + 1)
    for one in left:
        before = row[:]
        for place, other in enumerate(right):
            row[place + 1] = before[place] + 1 if one == other else max(before[place + 1], row[place])
    return row[-1]


def brute_force(pool: list[str], text: str) -> tuple[Fraction, int]:
    """The highest similarity and the first text that has it; 0 and -1 where nothing is in common."""
    best, at = Fraction(0), -1
    words = tokens_of(text)
    for place, other in enumerate(map(tokens_of, pool)):
        if words and other:
            found = Fraction(2 * subsequence(words, other), len(words) + len(other))
            if found > best:
                best, at = found, place
    return best, at


@settings(max_examples=150)
@given(st.lists(TEXTS, max_size=60), TEXTS, st.sampled_from([*OPS]), st.sampled_from(["0.5", "0.7", "1"]))
def test_the_nearest_is_the_first_of_those_that_brute_force_finds(
    texts: list[str], text: str, op: str, limit: str
) -> None:
    pool = Pool()
    for place, one in enumerate(texts):
        pool.add(str(place), one)
    best, at = brute_force(texts, text)
    found = pool.nearest(text)
    assert (found is None) == (at < 0)
    if found is not None:
        assert (Fraction(2 * found.common, found.words), found.key) == (best, str(at))
        assert found.passes(op, Decimal(limit)) == OPS[op](best, Fraction(limit))


def test_a_similarity_on_the_limit_is_decided_in_whole_numbers() -> None:
    seven_of_ten = Nearest("row", 7, 20)
    assert seven_of_ten.similarity == 0.7
    assert not seven_of_ten.passes("<", Decimal("0.7")) and seven_of_ten.passes("<=", Decimal("0.7"))


@pytest.mark.skipif(not SEEDS.exists(), reason="needs ../shared")
def test_values_on_the_published_seeds_are_those_of_rouge_score() -> None:
    texts = [json.loads(line)["instruction"] for line in SEEDS.read_text(encoding="utf-8").splitlines()]
    texts = [text for text in texts if text.isascii()]
    scorer, pool = RougeScorer(["rougeL"], use_stemmer=False), Pool()
    for place, text in enumerate(texts[:100]):
        pool.add(str(place), text)
    for text in texts[100:140]:
        wanted = [scorer.score(other, text)["rougeL"].fmeasure for other in texts[:100]]
        found = pool.nearest(text)
        assert found is not None
        assert found.similarity == pytest.approx(max(wanted), abs=1e-9)
        assert wanted[int(found.key)] == pytest.approx(max(wanted), abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Переведите предложение на английский язык", "Переведите предложения на английский язык"),
        ("请把这句话翻译成英文", "请把那句话翻译成英文"),
        ("แปลประโยคนี้เป็นภาษาอังกฤษ", "แปลประโยคนั้นเป็นภาษาอังกฤษ"),
        ("اكتب رسالة قصيرة إلى صديق قديم", "اكتب رسالة طويلة إلى صديق قديم"),
    ],
)
def test_texts_of_other_scripts_are_compared_where_rouge_score_sees_no_word(first: str, second: str) -> None:
    pool = Pool()
    pool.add("first", first)
    found = pool.nearest(second)
    assert found is not None and found.similarity > 0.7
    assert RougeScorer(["rougeL"]).score(first, second)["rougeL"].fmeasure == 0


def test_case_composition_and_full_width_make_no_difference() -> None:
    pool = Pool()
    pool.add("row", "Café STRASSE ｗｉｄｅ")
    found = pool.nearest("cafe\u0301 straße wide")
    assert found is not None and found.similarity == 1


def test_texts_without_words_are_like_nothing() -> None:
    pool = Pool()
    assert pool.nearest("a word") is None
    pool.add("empty", "… !")
    assert pool.nearest("a word") is None and pool.nearest("?!") is None and len(pool) == 1
