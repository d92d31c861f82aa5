"""Numbers as models write them, and the ones that people compare."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.metrics import METRICS, Answer
from runtime.metrics.numbers import number_of

ROOT = Path(__file__).parents[3]
GSM8K = Path(__file__).parents[4] / "shared" / "data" / "gsm8k" / "example_model_solutions.jsonl"


def number(text: str, after: str | None = None, take: str = "last", decimal: str = "point") -> Fraction | None:
    return number_of(text, after, take, decimal)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("It is -3.", -3),
        ("$1,234.50", "1234.5"),
        ("1,00,000 rupees", 100_000),
        ("1\u202f234", 1234),
        ("1'234'567", 1_234_567),
        ("25 %", 25),
        ("3/4", "3/4"),
        ("1 1/2 cups", "3/2"),
        ("1 / 2", "1/2"),
        ("-12 / 5", "-12/5"),
        ("3 1 / 2", "7/2"),
        ("1, 2 /4", "1/2"),
        ("1" + ",000" * 70, 10**210),
        ("1" + ",000" * 150, None),
        ("7 of " + "1" + ",000" * 150 + ".5", 7),
        ("½", "1/2"),
        ("2⅓", "7/3"),
        ("2e-3", "1/500"),
        (r"\frac{3}{4}", "3/4"),
        (r"-\dfrac{1}{2}", "-1/2"),
        (r"\$18", 18),
        ("1{,}000", 1000),
        ("−7", -7),
        ("-$5", -5),
        ("$-5", -5),
        ("10-5", 5),
        ("(5)-7", 7),
        ("x=-5", -5),
        ("a, 1,2,3", 3),
        ("answer...5", 5),
        (".5", "1/2"),
        ("12,34", 34),
        ("5th", 5),
        ("H2O", None),
        ("3/4/2020", None),
        ("7 on 3/4/2020", 7),
        ("5/0", None),
        ("8 or 5/0", 8),
        ("1e99999999999", None),
        ("9" * 400, None),
        ("٤٢", 42),
        ("", None),
        ("none", None),
    ],
)
def test_the_last_number_of_a_text(text: str, value: int | str | None) -> None:
    assert number(text) == (None if value is None else Fraction(value))


def test_which_number_counts() -> None:
    assert number("1 then 2", take="first") == 1
    assert number("so 7\n#### 42\nQuestion: 8 #### 9", "####") == 9
    assert number("so 7\n#### 42 and 43\nQuestion: 8 #### 9", "####", "first") == 42
    assert number("7 and no marker", "####") is None
    assert number("1.234,5", decimal="comma") == Fraction("1234.5")
    assert number("1.234,5") == Fraction("5")


def match(output: str, expected: str, **args: str) -> float | None:
    return METRICS["numeric_match"](Answer(output, expected), **args)


def test_both_sides_are_read_alike() -> None:
    assert match("It costs $1,000.00.", "… so 1000") == 1.0
    assert match("999", "1000") == 0.0
    assert match("no idea", "1000") == 0.0
    assert match("1000", "no number") is None
    assert match("= 5 #### 6", "2 + 4 #### 6", after="####") == 1.0
    assert match("= 5 #### 6", "6", after="####") == 1.0  # nothing but a number needs no marker
    assert match("= 5 #### 6", "it is 6", after="####") is None
    assert match("6", "2 + 4 #### 6", after="####") == 0.0
    assert METRICS["numeric_match"](Answer("2", "1", {"answers": ["2"]})) == 1.0


def test_tolerances_are_exact() -> None:
    assert match("0.3", "0.1", tolerance="0.2") == 1.0
    assert match("0.30001", "0.1", tolerance="0.2") == 0.0
    assert match("-99", "-100", relative="0.01") == 1.0
    assert match("-98.9", "-100", relative="0.01") == 0.0
    assert match("0", "0", relative="0.01") == 1.0
    assert match("1/3", "0.333", tolerance="0.001") == 1.0


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_a_number_is_read_as_it_was_written(value: object) -> None:
    for text in (f"{value}", f"{value:,}", f"The answer is {value:,} .", f"= ${value}"):
        assert number(text) == Fraction(str(value)), text


@given(st.text("0123456789,.-/ eE$½\\{}frac", max_size=60))
def test_no_text_of_digits_and_signs_raises(text: str) -> None:
    for decimal in ("point", "comma"):
        number(text, decimal=decimal)


@pytest.mark.parametrize("piece", ["1", "1,", "1/", "-", "1 ", "1,111", "\\frac{", "1.", "$", "1'111", "1e"])
def test_time_is_linear_in_the_text(piece: str) -> None:
    """A pattern that goes back over what it has read would take minutes for this, or hours."""
    number(piece * 60_000)


@pytest.mark.parametrize("decimal", ["point", "comma"])
def test_groups_that_are_no_thousands_are_not_read_again_and_again(decimal: str) -> None:
    """In a process, since nothing else ends a regular expression: some hundred times the time that it takes."""
    text = f"'7 of ' + {',00' if decimal == 'point' else '.00'!r} * 400_000"
    program = f"from runtime.metrics.numbers import number_of; print(number_of({text}, None, 'last', {decimal!r}))"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "7", found.stderr


@pytest.mark.skipif(not GSM8K.exists(), reason="GSM8K is not there")
def test_published_solutions_are_judged_as_their_authors_did() -> None:
    """OpenAI's own verdicts on 1,319 solutions of each of four models."""
    judged = []
    for line in GSM8K.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for model, answer in row.items():
            if isinstance(answer, dict):
                given = match(answer["solution"], row["ground_truth"], after="A:")
                judged.append((model, row["question"], given, float(answer["is_correct"])))
    assert len(judged) == 4 * 1319
    assert [item for item in judged if item[2] != item[3]] == []
