"""ROUGE, SQuAD's F1, BLEU and chrF against the packages that define them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from runtime.metrics import METRICS, WHOLE, Answer
from runtime.metrics.classes import MOST_LABELS
from runtime.metrics.rouge import common_subsequence
from spec_lang.diagnostics import DiagnosticError

# Words that repeat, punctuation in all its places, and scripts that the packages do not know.
PIECES = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "The",
    "cat's",
    "3.5",
    "1,000",
    "x-ray",
    "5-6",
    "$5",
    "'",
    ".",
    ",",
    "!?",
]
PIECES += [
    "&amp;",
    "&quot;",
    "naïve",
    "(",
    ")",
    "-\n",
    "\n",
    "<skipped>",
    "猫",
    "کتاب",
    "",
    "…",
    "a.b",
    ".5",
    "co,op",
    "--",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=25)
ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}
SCORER = RougeScorer(list(ROUGE.values()))


@given(texts, texts)
def test_rouge_is_that_of_rouge_score(output: str, expected: str) -> None:
    published = SCORER.score(expected, output)
    for name, key in ROUGE.items():
        ours = METRICS[name](Answer(output, expected))
        assert (0.0 if ours is None else ours) == pytest.approx(published[key].fmeasure, abs=1e-12)


def test_an_expected_text_without_words_cannot_be_measured() -> None:
    assert METRICS["rouge_1"](Answer("a cat", "猫")) is None
    assert METRICS["rouge_1"](Answer("猫が座る", "猫"), tokens="unicode") == pytest.approx(2 / 5)
    assert METRICS["rouge_2"](Answer("a cat", "cat")) is None
    assert METRICS["rouge_l"](Answer("हिन्दी पाठ", "हिन्दी में पाठ"), tokens="unicode") == pytest.approx(4 / 5)


@given(st.text("abc", max_size=80), st.text("abcd", max_size=80))
def test_common_subsequence_is_that_of_the_table(left: str, right: str) -> None:
    above = [0] * (len(right) + 1)
    for char in left:
        row = [0]
        for place, other in enumerate(right):
            row.append(above[place] + 1 if char == other else max(above[place + 1], row[-1]))
        above = row
    assert common_subsequence(left, right) == above[-1]


@pytest.mark.parametrize(
    ("output", "expected", "value"),
    [
        ("The cat sat.", "a cat sat", 1.0),
        ("the cat", "cat sat", 2 / 3),
        ("cat cat dog", "cat dog dog", 2 / 3),
        ("no", "yes", 0.0),
        ("", "yes", 0.0),
        ("the", "an", 1.0),
        ("an", "yes", 0.0),
    ],
)
def test_f1_of_squad(output: str, expected: str, value: float) -> None:
    assert METRICS["f1"](Answer(output, expected)) == pytest.approx(value)


def total(name: str, pairs: list[tuple[str, str]], **args: object) -> float:
    metric = WHOLE[name]
    counted = metric.counted([Answer(output, expected) for output, expected in pairs], **args)
    return float(metric.score(counted.sum(axis=0), **args))


@settings(max_examples=60)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_bleu_and_chrf_are_those_of_sacrebleu(pairs: list[tuple[str, str]]) -> None:
    outputs, expected = [pair[0] for pair in pairs], [[pair[1] for pair in pairs]]
    for args, reference in (
        ({}, BLEU()),
        ({"lowercase": True}, BLEU(lowercase=True)),
        ({"tokens": "none"}, BLEU(tokenize="none", force=True)),
        ({"tokens": "char"}, BLEU(tokenize="char")),
    ):
        assert total("bleu", pairs, **args) == pytest.approx(reference.corpus_score(outputs, expected).score, abs=1e-9)
    for order in (0, 1, 2):
        published = CHRF(word_order=order).corpus_score(outputs, expected).score
        assert total("chrf", pairs, word_order=order) == pytest.approx(published, abs=1e-9)


def test_scores_of_many_sums_are_those_of_each() -> None:
    counted = WHOLE["bleu"].counted([Answer("a b c d e", "a b c d f"), Answer("x y", "a b"), Answer("", "a")])
    scores = WHOLE["bleu"].score(counted)
    assert scores.shape == (3,) and scores[1] == scores[2] == 0.0
    assert scores[0] == pytest.approx(float(WHOLE["bleu"].score(counted[0])))
    grid = WHOLE["bleu"].score(np.stack([counted, counted[::-1]]))
    assert grid.tolist() == [scores.tolist(), scores[::-1].tolist()]


def classes(name: str, pairs: list[tuple[str, str]], **args: str) -> float:
    return total(name, pairs, **args)


def test_classes_count_alike_whatever_their_size() -> None:
    pairs = [("Yes", "yes")] * 8 + [("yes", "no")] * 2 + [("no", "no"), ("free text", "no")]
    # yes: 8 right, 2 wrong, 0 missed; no: 1 right, 0 wrong, 3 missed
    assert classes("macro_f1", pairs) == pytest.approx((16 / 18 + 2 / 5) / 2)
    assert classes("balanced_accuracy", pairs) == pytest.approx((1 + 1 / 4) / 2)
    named = '["yes", "no", "maybe"]'
    assert classes("macro_f1", pairs, labels=named) == pytest.approx((16 / 18 + 2 / 5) / 2)
    assert classes("macro_f1", [*pairs, ("maybe", "yes")], labels=named) == pytest.approx((16 / 19 + 2 / 5 + 0) / 3)


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_classes_by_their_definition(pairs: list[tuple[str, str]]) -> None:
    scores, recalls = [], []
    for label in sorted({expected for _, expected in pairs}):
        right = sum(pair == (label, label) for pair in pairs)
        given_so, wanted_so = sum(pair[0] == label for pair in pairs), sum(pair[1] == label for pair in pairs)
        precision, recall = right / given_so if given_so else 0.0, right / wanted_so
        scores.append(2 * precision * recall / (precision + recall) if right else 0.0)
        recalls.append(recall)
    assert classes("macro_f1", pairs) == pytest.approx(math.fsum(scores) / len(scores))
    assert classes("balanced_accuracy", pairs) == pytest.approx(math.fsum(recalls) / len(recalls))


def test_an_expected_answer_that_is_no_label_is_missing() -> None:
    counted = WHOLE["macro_f1"].counted([Answer("a", "a"), Answer("a", "z")], labels='["a", "b"]')
    assert np.isnan(counted).tolist() == [[False] * 6, [True] * 6]


def test_free_text_makes_no_classes() -> None:
    answers = [Answer("a", f"answer {place}") for place in range(MOST_LABELS + 1)]
    with pytest.raises(DiagnosticError, match="201 different expected answers") as refused:
        WHOLE["macro_f1"].counted(answers)
    assert refused.value.diagnostics[0].code == "SFT0650"
    assert WHOLE["macro_f1"].counted(answers[1:]).shape == (200, 600)
