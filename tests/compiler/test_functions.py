"""Every function of the table against a plain Python model of it, on odd text and numbers, and on nothing."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.functions import ALIASES, FUNCTIONS
from runtime.metrics import Answer, valid_json
from tests.compiler.test_sql import value

LETTERS = "aAbZ ñÑßéе中文かאב١٢3 7.!?…#-•*|\n\r\t\u00a0\u3000\u2028\x0b\x1f\x85'\"\\{}[]$%_\0😀"
TEXT = st.text(alphabet=LETTERS, max_size=30)
SMALL = st.integers(-3, 12)
NUMBER = st.one_of(SMALL, st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)))
ITEMS = st.lists(st.text(alphabet='ab ñ中"\\', max_size=4), max_size=5)


def words(text: str) -> list[str]:
    return text.split()


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def solid(text: str) -> list[str]:
    return [char for char in text if not char.isspace()]


def of_kind(text: str, kind: str) -> int:
    return sum(unicodedata.category(char).startswith(kind) for char in text)


def line_ends(text: str, pattern: str) -> int:
    return sum(bool(re.search(pattern + r"[ \t\r]*\Z", line)) for line in text.split("\n"))


MEASURES: dict[str, Callable[[str], Any]] = {
    "words": lambda t: len(words(t)),
    "characters": len,
    "trim": str.strip,
    "lines": lambda t: len(lines(t)),
    "mean_word_length": lambda t: ratio(len(solid(t)), len(words(t))),
    "longest_word": lambda t: max(map(len, words(t)), default=None),
    "letter_share": lambda t: ratio(of_kind(t, "L"), len(solid(t))),
    "digit_share": lambda t: ratio(of_kind(t, "Nd"), len(solid(t))),
    "upper_share": lambda t: ratio(of_kind(t, "Lu"), of_kind(t, "L")),
    "word_share": lambda t: ratio(sum(of_kind(word, "L") > 0 for word in words(t)), len(words(t))),
    "distinct_word_share": lambda t: ratio(len(set(words(t))), len(words(t))),
    "repeated_line_share": lambda t: ratio(len(lines(t)) - len(set(lines(t))), len(lines(t))),
    "bullet_line_share": lambda t: ratio(
        sum(bool(re.match(r"[ \t]*[-*•‣▪●○◦–]", line)) for line in t.split("\n")), len(lines(t))
    ),
    "ellipsis_line_share": lambda t: ratio(line_ends(t, r"(?:…|\.\.\.)"), len(lines(t))),
    "sentence_line_share": lambda t: ratio(line_ends(t, r"[.!?。！？…؟۔।॥։][\")\]”’»›」』）]*"), len(lines(t))),
    "symbols_per_word": lambda t: ratio(len(re.findall(r"#|…|\.\.\.", t)), len(words(t))),
    "number": lambda t: as_number(t),
}


def as_number(text: str) -> float | None:
    plain = text.strip(" \t\n\r\v\f")
    return float(plain) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain, re.ASCII) else None


def no_constant(text: str) -> float:
    raise ValueError(text)


def is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=no_constant)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_measures_of_text(name: str) -> None:
    @given(TEXT)
    def agrees(text: str) -> None:
        found, expected = value(f"{name}(t)", {"t": text}), MEASURES[name](text)
        assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)

    agrees()
    assert value(f"{name}(t)", {"t": None}) is None


@given(TEXT, SMALL, SMALL)
def test_pieces_of_text(text: str, start: int, count: int) -> None:
    row = {"t": text}
    length = max(count, 0)
    assert value(f"first(t, {count})", row) == text[:length]
    assert value(f"last(t, {count})", row) == (text[-length:] if length else "")
    at = max(start, 1) - 1
    assert value(f"substring(t, {start}, {count})", row) == text[at : at + length]


@given(TEXT, st.text(alphabet="ab .\\ñ", max_size=3), st.text(alphabet="x\\1", max_size=2))
def test_parts_of_text(text: str, part: str, by: str) -> None:
    row = {"t": text, "u": part, "v": by}
    assert value("position(t, u)", row) == (text.find(part) + 1 if part else 1)
    assert value("replace(t, u, v)", row) == (text.replace(part, by) if part else text)
    assert value("contains(t, u)", row) == (part in text)
    assert value("starts_with(t, u)", row) == text.startswith(part)
    assert value("ends_with(t, u)", row) == text.endswith(part)
    if part:
        assert value("length(split(t, u))", row) == len(text.split(part))
        assert value('join(split(t, u), "+")', row) == text.replace(part, "+")


@given(TEXT)
def test_patterns(text: str) -> None:
    row = {"t": text}
    assert value(r't matches r"[ab](.)"', row) == bool(re.search(r"[ab](.)", text))
    found = re.search(r"[ab](.)", text)
    assert value(r'extract(t, r"[ab](.)", 1)', row) == (found.group(1) if found else None)
    assert value(r'extract(t, r"[ab](.)")', row) == (found.group() if found else None)
    assert value(r'replace_matches(t, r"([ab])", r"<\1\\>")', row) == re.sub(r"([ab])", r"<\1\\>", text)
    assert value(r'count_matches(t, r"[ab]")', row) == len(re.findall(r"[ab]", text))


@given(NUMBER, NUMBER)
def test_numbers(x: float, y: float) -> None:
    row = {"n": x, "m": y}
    assert number("abs(n)", row) == abs(x)
    assert number("floor(n)", row) == math.floor(x)
    assert number("ceil(n)", row) == math.ceil(x)
    assert number("min(n, number(m))", row) == min(x, y)
    assert number("max(n, number(m), 0)", row) == max(x, y, 0)
    assert number("sqrt(n)", row) == (pytest.approx(math.sqrt(x)) if x >= 0 else None)
    assert number("log(n)", row) == (pytest.approx(math.log(x)) if x > 0 else None)
    assert number("round(n)", row) == math.copysign(math.floor(abs(x) + 0.5), x)
    assert number("round(n, 2)", row) == pytest.approx(x, abs=0.00501)


def number(text: str, row: dict[str, Any]) -> Any:
    return value(text, row)


@given(ITEMS, st.integers(-7, 7))
def test_lists(items: list[str], position: int) -> None:
    row = {"l": json.dumps(items)}
    assert value("length(l)", row) == len(items)
    reached = 0 < abs(position) <= len(items)
    assert value(f"item(l, {position})", row) == (items[position - (position > 0)] if reached else None)
    assert value('join(l, "+")', row) == "+".join(items)
    assert value("any(l, words(item) > 0)", row) == any(item.split() for item in items)
    assert value('all(l, item != "a" or item == "b")', row) == all(item != "a" for item in items)
    assert value('count_items(l, contains(item, "ñ"))', row) == sum("ñ" in item for item in items)


def test_an_item_may_meet_a_column_of_its_name() -> None:
    row = {"l": '["a", "b"]', "item": "c", "t": "b"}
    assert value("any(l, item == t)", row) is True
    assert value('any(l, item == "c")', row) is False
    assert value('item == "c"', row) is True


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(alphabet='ab"\\ñ', max_size=3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b c", "ñ"]), inner, max_size=3),
    max_leaves=6,
)


@given(JSON_VALUES)
def test_json(inside: Any) -> None:
    row = {"j": json.dumps({"a": [inside], "ñ": 1}, ensure_ascii=False)}
    kinds = {
        "json_number": inside if isinstance(inside, int) and not isinstance(inside, bool) else None,
        "json_bool": inside if isinstance(inside, bool) else None,
    }
    for function, expected in kinds.items():
        assert value(f'{function}(j, "a[0]")', row) == expected
    if isinstance(inside, str):
        assert value('json_field(j, "a[0]")', row) == inside
    listed = value('json_list(j, "a[0]")', row)
    assert (json.loads(listed) if listed is not None else None) == (inside if isinstance(inside, list) else None)
    assert value('json_number(j, "ñ")', row) == 1


PIECES = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    '"',
    '"a"',
    '"],/nan"',
    '"\\\\"',
    "\\",
    "1",
    "-",
    "0",
    "1.5e3",
    "1_0",
    ".",
    "/",
    "*",
]
PIECES += ["true", "null", "NaN", "nan", "Infinity", "-inf", "'a'", '{"a": 1}', '{"a": 1, "a": 2}', "[1, 2]"]


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | JSON_VALUES.map(json.dumps))
def test_json_and_numbers_are_what_python_takes_for_them(text: str) -> None:
    assert value("json_valid(t)", {"t": text}) == is_json(text)
    assert value("number(t)", {"t": text}) == as_number(text)


@pytest.mark.parametrize("text", ['{"a": 1,}', "[1 , ]", "NaN", "[-Infinity]", "[1] // one", "\ufeff1"])
def test_what_is_nearly_json_is_not(text: str) -> None:
    assert value("json_valid(t)", {"t": text}) is False
    assert valid_json(Answer(text, "")) == 0


def test_a_key_that_stands_twice() -> None:
    row = {"t": '{"a": 1, "a": 2}'}
    assert value("json_valid(t)", row) is True
    assert value('json_field(t, "a")', row) == "1"


@given(TEXT)
def test_text_that_is_no_json_has_no_values(text: str) -> None:
    for function in ("json_field", "json_number", "json_bool", "json_list"):
        expected_null = not is_json(text) or not isinstance(json.loads(text), dict)
        assert not expected_null or value(f'{function}(t, "a.b[3]")', {"t": text}) is None


@given(TEXT)
def test_a_bucket_comes_from_sha_256(text: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert value("bucket(t, 7)", {"t": text}) == int(digest[:13], 16) % 7


def test_buckets_are_even() -> None:
    counts = [0] * 4
    for index in range(400):
        counts[value(f'bucket("row {index}", 4)')] += 1
    assert min(counts) > 70


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is_null(u)", True),
        ("is_null(t)", False),
        ("is_null(l)", False),
        ('if(n > 3, "many", "few")', "many"),
        ('if(u == "x", 1, 2)', 2),
        ("coalesce(u, t)", "Hello  wide\u3000world"),
        ("min(n, number(u))", 7),
        ("letter_share(t) >= 50%", True),
        ("letter_share(t) in 0%..50%", False),
        ('any(l, item == "2")', True),
        ("all(l, is_null(item))", False),
        ("all(l, number(item) > 1)", False),
        (r'extract("a", r"(a)|(b)", 2)', ""),
        ('number("1_000")', None),
        ('replace(t, "", "x")', "Hello  wide\u3000world"),
        ("first(t, 1e300)", "Hello  wide\u3000world"),
        ("item(l, 1e300)", None),
        ("substring(t, 1e300, 5)", ""),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert value(text) == expected


IN_SQL = [function for function in FUNCTIONS.values() if function.prepared is None]


@pytest.mark.parametrize("function", IN_SQL, ids=lambda function: function.name)
def test_the_example_has_its_value(function: Any) -> None:
    expression, expected = function.example
    assert value(expression) == (pytest.approx(expected) if isinstance(expected, float) else expected)
    assert f"{function.name}(" in expression


def test_aliases_are_no_functions_of_their_own() -> None:
    assert ALIASES.keys().isdisjoint(FUNCTIONS)
    assert set(ALIASES.values()) <= FUNCTIONS.keys()
