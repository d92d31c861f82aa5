"""Choices by every way to normalise, ties, perplexities of a whole set, and drift; numbers worked out by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from compiler.functions import METRIC_FUNCTIONS
from runtime.metrics import WHOLE, Answer, measure_items
from runtime.metrics.answer import TextLikelihood


def option(text: str, likelihood: float | None, before: float | None = -1.0, tokens: int = 1) -> dict[str, Any]:
    return {
        "text": text,
        "log_likelihood": likelihood,
        "unconditional": before,
        "greedy": False,
        "tokens": tokens,
        "characters": len(text),
        "bytes": len(text.encode()),
    }


def chosen(expected: str, *options: dict[str, Any], normalise: str = "none") -> float | None:
    answer = Answer(options[0]["text"], expected, options=json.dumps(options))
    return measure_items("choice", {"normalise": normalise}, [answer])[0]


# Each option wins in one way only: by itself, a character, a byte, a token, and beside what it is without the prompt.
FIVE = (
    option("ab", -2.0, -1.5),
    option("abcdefghij", -3.0, -1.0, tokens=6),
    option("ÄÖÜÄÖÜÄÖ", -2.7, -1.0, tokens=8),
    option("abc", -2.1, -0.5, tokens=50),
    option("abcd", -4.0, -9.0, tokens=2),
)


@pytest.mark.parametrize(
    ("normalise", "winner"),
    [("none", 0), ("characters", 1), ("bytes", 2), ("tokens", 3), ("unconditional", 4)],
)
def test_the_likeliest_option_by_every_way_to_normalise(normalise: str, winner: int) -> None:
    values = {
        "none": [o["log_likelihood"] for o in FIVE],
        "characters": [o["log_likelihood"] / o["characters"] for o in FIVE],
        "bytes": [o["log_likelihood"] / o["bytes"] for o in FIVE],
        "tokens": [o["log_likelihood"] / o["tokens"] for o in FIVE],
        "unconditional": [o["log_likelihood"] - o["unconditional"] for o in FIVE],
    }[normalise]
    assert int(np.argmax(values)) == winner, "the table is right"
    for at, one in enumerate(FIVE):
        assert chosen(one["text"], *FIVE, normalise=normalise) == float(at == winner)


def test_the_words_of_the_argument_are_those_of_the_table() -> None:
    (argument,) = METRIC_FUNCTIONS["choice"].arguments
    for word in argument.choices:
        assert chosen("a", option("a", -1.0), option("b", -9.0), normalise=word) == 1.0


def test_a_tie_at_the_top_is_no_right_answer() -> None:
    assert chosen("a", option("a", -1.0), option("b", -1.0000001)) is None
    assert chosen("c", option("a", -1.0), option("b", -1.0), option("c", -2.0)) == 0.0
    assert chosen("a", option("a", -1.0), option("b", -1.00001)) == 1.0, "what float32 tells apart is no tie"
    assert chosen("a", option("a", -1.0), option("a", -1.0), option("b", -2.0)) == 1.0, "one text is one option"


def test_what_cannot_be_measured_is_missing() -> None:
    assert measure_items("choice", {}, [Answer("a", "a")]) == [None]
    assert chosen("c", option("a", -1.0), option("b", -2.0)) is None
    assert chosen("a", option("a", -1.0), option("b", None)) is None
    assert chosen("a", option("a", -1.0, None), option("b", -2.0), normalise="unconditional") is None
    assert measure_items("choice", {}, [Answer("a", "a", options="[1]")]) == [None]


def answered(nats: float, ending: float | None, tokens: int, text: str) -> Answer:
    read = TextLikelihood(-nats, ending, None, tokens, len(text.split()), len(text), len(text.encode()))
    return Answer("", text, likelihood=read)


def test_perplexities_are_of_sums_and_no_means_of_items() -> None:
    answers = [answered(6.0, -0.5, 3, "ein Wört"), answered(1.0, -0.25, 1, "zwei")]
    expected = {
        "perplexity": math.exp((6.5 + 1.25) / (4 + 2)),
        "word_perplexity": math.exp(7.0 / 3),
        "byte_perplexity": math.exp(7.0 / (9 + 4)),
        "bits_per_byte": 7.0 / (9 + 4) / math.log(2),
    }
    for name, value in expected.items():
        counted = WHOLE[name].counted(answers)
        assert float(WHOLE[name].score(counted.sum(axis=0))) == pytest.approx(value)
        assert METRIC_FUNCTIONS[name].whole and METRIC_FUNCTIONS[name].higher_is_better is False
    plain = [answered(6.0, None, 3, "ein")]
    assert float(WHOLE["perplexity"].score(WHOLE["perplexity"].counted(plain).sum(axis=0))) == pytest.approx(
        math.exp(2)
    )


def test_an_answer_without_a_likelihood_is_missing() -> None:
    counted = WHOLE["perplexity"].counted([answered(1.0, 0.0, 1, "a"), Answer("", "b")])
    assert np.isnan(counted[1]).all() and not np.isnan(counted[0]).any()


def test_drift_a_token_and_a_sequence() -> None:
    read = TextLikelihood(None, None, 6.0, 4, 1, 1, 1)
    answer = Answer("x", "y", divergences={"base": read})
    assert measure_items("kl_from", {"reference": "base", "unit": "nats_per_token"}, [answer]) == [1.5]
    assert measure_items("kl_from", {"reference": "base", "unit": "nats_per_sequence"}, [answer]) == [6.0]
    assert measure_items("kl_from", {"reference": "other", "unit": "nats_per_token"}, [answer]) == [None]
