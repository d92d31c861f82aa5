"""Expressions as SQL, run by DuckDB: values, nulls, hostile text, and Unicode against Python's own answers."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.sql import lower, quoted
from compiler.world import ColumnType
from tests.compiler.expressions import sound

COLUMNS: dict[str, ColumnType] = {"t": "text", "u": "text", "n": "number", "b": "bool", "l": "list", "j": "json"}
ROW = {"t": "Hello  wide\u3000world", "u": None, "n": 7, "b": True, "l": '["a", 2]', "j": '{"a": {"b": 5}}'}


DATABASE = duckdb.connect()


def value(text: str, row: dict[str, Any] = ROW) -> Any:
    """The value of an expression on one row."""
    sql = lower(sound(text, {name: COLUMNS.get(name, "text") for name in row}))
    types = {"number": "DOUBLE", "bool": "BOOLEAN"}
    casts = [f"CAST(? AS {types.get(COLUMNS.get(name, 'text'), 'VARCHAR')}) AS {quoted(name)}" for name in row]
    query = f"SELECT {sql.sql} FROM (SELECT {', '.join(casts)}) AS source"
    found = DATABASE.execute(query, [*sql.params, *row.values()]).fetchall()
    assert len(found) == 1
    return found[0][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("words(t)", 3),
        ("words(u)", None),
        ("characters(t)", 17),
        ("lower(t)", "hello  wide\u3000world"),
        ('upper("ÿa")', "ŸA"),
        ('trim("\u00a0\\t a b \\n")', "a b"),
        ("length(l)", 2),
        ('contains(t, "wide")', True),
        ('contains(t, "%")', False),
        ('starts_with(t, "Hello")', True),
        ('ends_with(t, "Hello")', False),
        ('json_field(j, "a.b")', "5"),
        ('json_field(j, "a.c")', None),
        ('json_field(t, "a")', None),
        ("json_valid(t)", False),
        ('number(json_field(j, "a.b")) + 1', 6.0),
        ('number("nan")', None),
        ('number("1e999")', None),
        ('number("x")', None),
        ('count_matches(t, r"[a-z]+")', 3),
        ('coalesce(u, "none")', "none"),
        ('concat(t, "!", "?")', "Hello  wide\u3000world!?"),
        ("concat(t, u)", None),
        ("n in 3..7", True),
        ("n in [1, 7.5]", False),
        ('t in ["x", "y"]', False),
        ("n / (n - n)", None),
        ("n / 2 == 3.5", True),
        ("-n + 2 * 3 - 1", -2),
        ("not b or n > 3 and n != 8", True),
        ('t matches r"(?i)hello"', True),
        ('t matches r"^world"', False),
        ('u == "x"', None),
        ('u != "x" and b', None),
        ("n == 0.1", False),
        ("b == true", True),
        ('t == "O\'Neil; DROP TABLE source"', False),
    ],
)
def test_values(text: str, expected: object) -> None:
    assert value(text) == expected


@given(st.text())
def test_words_are_those_of_python(text: str) -> None:
    assert value("words(t)", {"t": text.encode("utf-8", "replace").decode()}) == len(text.split())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_names_and_constants_never_become_sql(name: str) -> None:
    """Any text as a constant compares equal to itself; any name is one column."""
    assert DATABASE.execute(f"SELECT {quoted(name)} FROM (SELECT 1 AS {quoted(name)})").fetchall() == [(1,)]
    assert DATABASE.execute("SELECT ? = ?", [name, name]).fetchall() == [(True,)]


def test_no_text_of_the_spec_stands_in_the_sql() -> None:
    hostile = "x'); DROP TABLE source; --"
    sql = lower(sound(f'contains(t, "{hostile}") and t matches r"{hostile.replace(")", ".")}"', COLUMNS))
    assert "DROP" not in sql.sql
    assert sql.params[0] == hostile
    assert sql.sql.count("?") == len(sql.params)


def test_columns_are_quoted_once_and_for_all() -> None:
    sql = lower(sound('words(`user "text"`) > 3', {'user "text"': "text"}))
    assert '"user ""text"""' in sql.sql


@pytest.mark.parametrize(
    ("call", "around", "expected"),
    [
        ("t", 'replace({}, "o", "o")', ROW["t"]),
        ("t", 'extract({}, r"(?s).+")', ROW["t"]),
        ("j", 'json_field({}, "a")', None),
        ("n", "sqrt({})", pytest.approx(7**0.5**20)),
        ("t", 'if(any(split(t, "l"), number(item) > letter_share(item)), t, extract({}, r"(?s).+"))', ROW["t"]),
        ("t", "concat({}, t, t, t, t, t, t, t, t, u)", None),
    ],
)
def test_calls_inside_of_calls_grow_by_what_is_written(call: str, around: str, expected: object) -> None:
    depth = 20
    for _ in range(depth):
        call = around.format(call)
    sql = lower(sound(call, COLUMNS))
    assert len(sql.sql) < 600 * depth
    found = value(call)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_an_item_of_a_list_in_a_long_argument() -> None:
    call = "item"
    for _ in range(12):
        call = f'extract({call}, r".+")'
    assert "lambda __v" in lower(sound(f'any(l, letter_share({call}) == 100% and {call} == "a")', COLUMNS)).sql
    assert value(f'any(l, letter_share({call}) == 100% and {call} == "a")') is True
    assert value(f'count_items(l, {call} == "b")') == 0


def test_texts_are_joined_however_many_they_are() -> None:
    letters = [chr(97 + index % 26) for index in range(1100)]
    assert value("concat({})".format(", ".join(f'"{letter}"' for letter in letters))) == "".join(letters)
    assert value(f"concat({', '.join(['t'] * 1100)}, u)") is None
