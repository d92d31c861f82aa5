"""Per-item metrics on what models really write, and on what hostile ones could."""

from __future__ import annotations

import inspect
import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.functions import METRIC_FUNCTIONS
from runtime.languages import model_hash
from runtime.metrics import EXPLAINED, METRICS, TOGETHER, WHOLE, Answer, measure_items
from runtime.metrics.answer import TextLikelihood
from runtime.metrics.json_values import MAX_DEPTH

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def measured(function: str, output: str, expected: str = "", **args: Any) -> float | None:
    return METRICS[function](Answer(output, expected), **args)


def exact_match(output: str, expected: str, normalise: str = "none") -> float | None:
    return measured("exact_match", output, expected, normalise=normalise)


def json_field_match(output: str, expected: str, field: str) -> float | None:
    return measured("json_field_match", output, expected, field=field)


@pytest.mark.parametrize(
    ("normalise", "output", "expected", "value"),
    [
        ("none", " yes\n", "yes", 1.0),
        ("none", "Yes", "yes", 0.0),
        ("none", "a  b", "a b", 0.0),
        ("text", "STRASSE  eins", "straße eins", 1.0),
        ("text", "a\n\tb ", "A b", 1.0),
        ("text", "ab", "a b", 0.0),
        ("json", '{"b": 1.0, "a": [true, null]}', '{"a":[true,null],"b":1}', 1.0),
        ("json", "[1, 2]", "[2, 1]", 0.0),
        ("json", "[1]", "[true]", 0.0),
        ("json", "0.1", "0.10", 1.0),
        ("json", "null", "false", 0.0),
        ("json", '{"a": 1} trailing', '{"a": 1}', 0.0),
        ("json", "anything", "not json", None),
        ("json", "null", "null", 1.0),
    ],
)
def test_exact_match(normalise: str, output: str, expected: str, value: float | None) -> None:
    assert exact_match(output, expected, normalise=normalise) == value


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
        '"' + '\\"' * 200_000 + "[" * 1000,
        "NaN",
        "-Infinity",
        '{"x": NaN}',
        '{"a": 1, "a": 1}',
        "1e99999999999999999999",
        "\ufeff{}",
        "{'a': 1}",
        '{"a": 1,}',
        '"\x00"',
        "\x1b]52;c;aGk=\x07",
    ],
)
def test_hostile_outputs_are_wrong_and_nothing_worse(hostile: str) -> None:
    assert measured("valid_json", hostile, "{}") == 0.0
    assert exact_match(hostile, '{"a": 1}', normalise="json") == 0.0
    assert json_field_match(hostile, '{"a": 1}', "a") == 0.0


@pytest.mark.parametrize(
    "text", ["0", " {} \n", '"\\ud800"', "1" * 10_000, "[" * MAX_DEPTH + "]" * MAX_DEPTH, '"' + "[{" * 500 + '"']
)
def test_odd_but_valid_json(text: str) -> None:
    assert measured("valid_json", text) == 1.0
    assert exact_match(text, text, normalise="json") == 1.0


@given(json_values, json_values)
def test_json_equality_is_that_of_canonical_text(left: object, right: object) -> None:
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert exact_match(json.dumps(left), json.dumps(right, indent=2), normalise="json") == float(same)
    assert exact_match(json.dumps(left), json.dumps(left, indent=1), normalise="json") == 1.0


# What a metric needs to be called with.
NEEDED: dict[str, dict[str, Any]] = {
    "json_field_match": {"field": "a.b"},
    "regex_match": {"pattern": "a+$"},
    "json_schema": {"schema": '{"pattern": "^(a+)+$", "multipleOf": 0.1}'},
    "recorded": {"score": "a"},
    "ifeval": {"languages": model_hash()},
    "ifeval_instructions": {"languages": model_hash()},
    "kl_from": {"reference": "base", "unit": "nats_per_token"},
}
ROW = {"instructions": ["punctuation:no_comma", "startend:quotation"], "arguments": [{}, None]}


@given(st.text(), st.text())
def test_every_metric_takes_any_text(output: str, expected: str) -> None:
    read = TextLikelihood(-1.0, -0.5, None, 1, 1, 1, 1)
    told = {"stop_reason": "length", "seconds": 1.0, "prompt_tokens": 1, "output_tokens": 0, "likelihood": read}
    answer = Answer(output, expected, ROW, **told)
    for name in (*METRICS, "ifeval"):  # code has a test of its own
        (value,) = measure_items(name, NEEDED.get(name, {}), [answer])
        assert value is None or value >= 0
    for name, metric in WHOLE.items():
        counted = metric.counted([answer], **NEEDED.get(name, {}))
        value = float(metric.score(counted, **NEEDED.get(name, {}))[0])
        assert math.isfinite(value) and value >= 0


@settings(max_examples=10)
@given(st.lists(st.text(), max_size=8))
def test_metrics_of_many_answers_take_any_texts(outputs: list[str]) -> None:
    answers = [Answer(output, "") for output in outputs]
    for name in ("regex_match", "json_schema"):
        values = measure_items(name, NEEDED[name], answers)
        assert len(values) == len(answers) and set(values) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("output", "expected", "field", "value"),
    [
        ('{"a": {"b": "x"}, "c": 1}', '{"a": {"b": "x"}, "c": 2}', "a.b", 1.0),
        ('{"a": 1}', '{"a": 2}', "a", 0.0),
        ("{}", '{"a": null}', "a", 0.0),
        ('{"a": null}', '{"a": null}', "a", 1.0),
        ('{"a": "x"}', "{}", "a", None),
        ('{"a": "x"}', "no json", "a", None),
        ('["a"]', '{"a": 1}', "a", 0.0),
    ],
)
def test_one_field(output: str, expected: str, field: str, value: float | None) -> None:
    assert json_field_match(output, expected, field=field) == value


def test_contains_and_lengths() -> None:
    assert measured("contains", "The answer is 42.", " 42 ") == 1.0
    assert measured("contains", "The answer is 41.", "42") == 0.0
    assert measured("contains", "anything", "  ") is None
    assert measured("words", "one\u00a0two \n three") == 3.0
    assert measured("characters", "né 👍") == 4.0


def test_many_items_in_order() -> None:
    answers = [Answer("a", "a"), Answer("b", "a"), Answer("A", "a")]
    assert measure_items("exact_match", {"normalise": "text"}, answers) == [1.0, 0.0, 1.0]
    with pytest.raises(KeyError):
        measure_items("no_such_metric", {}, answers)


def test_the_compiler_offers_exactly_these_metrics_and_arguments() -> None:
    functions = {**METRICS, **TOGETHER, **EXPLAINED, **{name: metric.count for name, metric in WHOLE.items()}}
    assert set(functions) == set(METRIC_FUNCTIONS)
    assert set(WHOLE) == {name for name, declared in METRIC_FUNCTIONS.items() if declared.whole}
    for name, declared in METRIC_FUNCTIONS.items():
        taken = list(inspect.signature(functions[name]).parameters.values())[1:]
        taken = [p for p in taken if p.name not in ("check", "languages")]  # given by the step, and by the plan
        defaults = {p.name: None if p.default is inspect.Parameter.empty else p.default for p in taken}
        written = [argument for argument in declared.arguments if argument.kind != "column"]
        if name == "recorded":  # of what kind the scores are is the metric's unit, and nothing to measure with
            written = [argument for argument in written if argument.name != "values"]
        if name == "rate":  # the condition is read when compiling: whose labels, and which of them meet it
            assert [argument.name for argument in written] == ["condition"] and defaults.keys() == {"judge", "labels"}
            continue
        assert defaults == {argument.name: argument.default for argument in written}


def test_what_was_not_recorded_cannot_be_measured() -> None:
    for name in ("output_tokens", "prompt_tokens", "latency", "stopped"):
        assert measured(name, "text") is None


def test_effort() -> None:
    answer = Answer("a", "b", seconds=0.25, prompt_tokens=12, output_tokens=3, stop_reason="end_of_turn")
    names = ("output_tokens", "prompt_tokens", "latency", "stopped")
    assert [METRICS[name](answer) for name in names] == [3.0, 12.0, 0.25, 1.0]
    assert METRICS["stopped"](replace(answer, stop_reason="length")) == 0.0


@pytest.mark.parametrize(
    ("output", "n", "value"),
    [("a b c a b d e f", 2, 1 / 7), ("a a a a", 1, 3 / 4), ("a b c", 4, None), ("", 1, None), ("a b c d", 4, 0.0)],
)
def test_repetition(output: str, n: int, value: float | None) -> None:
    assert measured("repetition", output, n=n) == (None if value is None else pytest.approx(value))


def test_patterns_are_those_of_re2_and_take_linear_time() -> None:
    answers = [Answer(output, "") for output in ("yes", "yes\n", "a" * 100_000 + "!", "", "né")]
    assert measure_items("regex_match", {"pattern": r"^(a+)+$"}, answers) == [0.0] * 5
    assert measure_items("regex_match", {"pattern": r"^yes$"}, answers) == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert measure_items("regex_match", {"pattern": r"\pL"}, answers) == [1.0, 1.0, 1.0, 0.0, 1.0]
    assert measure_items("regex_match", {"pattern": "a"}, []) == []


def test_json_of_a_schema() -> None:
    schema = json.dumps(
        {
            "type": "object",
            "required": ["n"],
            "properties": {"n": {"type": "integer", "maximum": 10**20}, "s": {"pattern": "^(a+)+$"}},
        }
    )
    outputs = {
        '{"n": 5}': 1.0,
        '{"n": 5.0}': 1.0,
        '{"n": 100000000000000000000}': 1.0,
        '{"n": 100000000000000000001}': 0.0,
        '{"n": 1e999999999}': 0.0,
        '{"n": 1e9}': 1.0,
        '{"n": "5"}': 0.0,
        '{"n": 1, "n": 2}': 0.0,
        '{"n": 1, "s": "' + "a" * 50_000 + '!"}': 0.0,
        '{"n": 1, "s": "\\ud800"}': 0.0,
        "[]": 0.0,
        "no": 0.0,
    }
    assert measure_items("json_schema", {"schema": schema}, [Answer(output, "") for output in outputs]) == [
        *outputs.values()
    ]


def test_any_accepted_answer_counts() -> None:
    answer = Answer("The Beatles!", "Beatles, The", {"answers": ["beatles", None, 4]})
    assert METRICS["exact_match"](answer) == 0.0
    assert METRICS["exact_match"](answer, normalise="squad") == 1.0
    assert METRICS["exact_match"](replace(answer, output="4")) == 1.0
    assert METRICS["contains"](replace(answer, output="the beatles", expected="")) == 1.0
    assert METRICS["f1"](answer) == 1.0
    assert METRICS["exact_match"](replace(answer, columns={"answers": None})) == 0.0
