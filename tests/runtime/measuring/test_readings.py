"""What a metric read of an answer, told by the functions that it reads with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.metrics import Answer, measure_items
from runtime.metrics.readings import reading

SCHEMA = '{"type": "object", "required": ["order"], "properties": {"n": {"type": "integer"}}}'
OPTIONS = json.dumps([{"text": t, "log_likelihood": v, "characters": n} for t, v, n in (("A", -1, 1), ("Bee", -2, 3))])


@pytest.mark.parametrize(
    ("function", "args", "output", "expected", "told"),
    [
        ("numeric_match", {}, "It is 9. \x1b[31mX\x1b[0m", "9", "read 0"),
        ("numeric_match", {}, "I know not", "9", "read no number"),
        ("numeric_match", {"after": "####"}, "so #### 1,234.50 $", "thus #### 3/4", "read 1234.5, expected 0.75"),
        ("numeric_match", {}, "1/3", "about 1e299 of them", "read 1/3, expected about 1E+299"),
        ("json_field_match", {"field": "a.b"}, '{"a": {"b": [1.10, "é"]}}', '{"a": {"b": true}}',
         'read [1.10, "é"], expected true'),
        ("json_field_match", {"field": "a"}, "{}", "{}", "read no such field"),
        ("json_field_match", {"field": "a"}, "so", "{}", "read no JSON"),
        ("exact_match", {"normalise": "json"}, "so", "{}", "read no JSON"),
        ("exact_match", {"normalise": "squad"}, "The  Cat.", "cat", "read `cat`"),
        ("exact_match", {"normalise": "none"}, " a ", "a", ""),
        ("json_schema", {"schema": SCHEMA}, '{"n": 1}', "", 'the schema refuses it: "order" is a required property'),
        ("json_schema", {"schema": SCHEMA}, '{"order": 1, "n": "x"}', "",
         'the schema refuses `n`: "x" is not of type "integer"'),
        ("passes_tests", {"fence": "first", "k": 1}, "So:\n```python\nx = 1\n```\n", "", "read 1 of 4 lines as code"),
        ("rouge_1", {}, "a", "b", ""),
    ],
)  # fmt: skip
def test_what_was_read(function: str, args: dict[str, Any], output: str, expected: str, told: str) -> None:
    assert reading(function, args, Answer(output, expected)) == told


def test_the_option_is_the_one_that_the_metric_takes() -> None:
    for normalise, best in (("none", "A"), ("characters", "Bee")):
        answer = Answer("A", best, options=OPTIONS)
        assert measure_items("choice", {"normalise": normalise}, [answer]) == [1.0]
        assert reading("choice", {"normalise": normalise}, answer) == f"read `{best}`"
    tied = json.dumps([{"text": text, "log_likelihood": -1} for text in "AB"])
    assert reading("choice", {"normalise": "none"}, Answer("A", "A", options=tied)) == "tied: `A`, `B`"


@given(
    st.decimals(-(10**12), 10**12, places=4), st.sampled_from(["{}", "it is {} km", "${} or so", "first 7, then {}."])
)
def test_the_number_that_is_told_is_the_one_that_is_compared(number: Any, text: str) -> None:
    output = text.format(f"{number:f}")
    told = reading("numeric_match", {}, Answer(output, "0")).removeprefix("read ")
    assert measure_items("numeric_match", {}, [Answer(output, told)]) == [1.0]


def test_no_output_breaks_a_reading_or_a_line() -> None:
    for output in ("", "9" * 5000, "[" * 5000, '{"n": "\\ud800"}', "1e-300", "\x1b]0;x\x07" * 50):
        for function, args in (
            *(("numeric_match", {}), ("json_field_match", {"field": "n"}), ("json_schema", {"schema": SCHEMA})),
            *(("exact_match", {"normalise": "json"}), ("passes_tests", {}), ("choice", {"normalise": "none"})),
        ):
            told = reading(function, args, Answer(output, "{}"))
            assert len(told) <= 120 and told.isprintable()
