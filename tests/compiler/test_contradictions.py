"""What the checker says of a condition holds for values drawn at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.contradictions import verdict
from compiler.world import ColumnType
from tests.compiler.expressions import sound

COLUMNS: dict[str, ColumnType] = {"x": "number", "y": "number", "t": "text"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x in 80..3", "never"),
        ("x in 3..3", None),
        ("x in []", "never"),
        ("x > 5 and x < 3", "never"),
        ("x >= 5 and x <= 5", None),
        ("x > 5 and x <= 5", "never"),
        ("5 < x and 3 > x", "never"),
        ("x > 5 and y < 3", None),
        ("x == 1 and x == 2", "never"),
        ('t == "a" and t == "b"', "never"),
        ('t in ["a", "b"] and t == "b"', None),
        ('t in ["a", "b"] and t == "c"', "never"),
        ("words(t) < 0", "never"),
        ("words(t) >= 0", "always"),
        ("words(t) > 0", None),
        ("not words(t) >= 0", "never"),
        ("x in 80..3 or words(t) in 9..1", "never"),
        ("x > 3 or words(t) >= 0", "always"),
        ("1 < 2", "always"),
        ("1 == 2", "never"),
        ('"a" != "a"', "never"),
        ("true", "always"),
        ("not false", "always"),
        ("x < 0", None),
        ('t in ["a"] and not t in ["a", "b"]', "never"),
        ('t in ["a", "c"] and not t in ["a", "b"]', None),
        ("x == 1 and x != 1", "never"),
        ('lower(t) == "EN"', "never"),
        ('lower(t) == "en"', None),
        ('lower(trim(t)) == " en"', "never"),
        ('upper(t) != "en"', "always"),
        ('starts_with(lower(t), "Q")', "never"),
        ("words(t) > 3 or words(t) <= 3", "always"),
        ("words(t) > 3 or words(t) < 3", None),
        ('contains(t, "a") and not contains(t, "a")', "never"),
    ],
)
def test_verdict(text: str, expected: str | None) -> None:
    assert verdict(sound(text, COLUMNS)) == expected


NUMBERS = st.integers(-3, 3)
ATOMS = st.one_of(
    st.builds("x {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS),
    st.builds("x in {}..{}".format, NUMBERS, NUMBERS),
    st.builds("{} {} x".format, NUMBERS, st.sampled_from(["<", ">="])),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("not ({})".format, inner)
    ),
    max_leaves=5,
)


def holds(text: str, x: float) -> bool:
    """The condition in Python, whose chained comparisons spell a range."""
    import re

    python = re.sub(r"x in (-?\d)\.\.(-?\d)", r"(\1 <= x <= \2)", text)
    return bool(eval(python, {"x": x}))


@given(CONDITIONS)
def test_a_verdict_is_never_wrong(text: str) -> None:
    found = verdict(sound(text, COLUMNS))
    values = {holds(text, half / 2) for half in range(-9, 10)}
    if found == "never":
        assert values == {False}
    if found == "always":
        assert values == {True}
