"""Quantities are exact and print as what reads back to them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_lang.quantities import SUFFIXES, Quantity, Unit

texts = st.builds(
    lambda whole, fraction, suffix: f"{whole}{fraction}{suffix}",
    st.from_regex(r"[0-9]{1,9}", fullmatch=True),
    st.just("") | st.from_regex(r"\.[0-9]{1,8}", fullmatch=True),
    st.sampled_from(sorted(SUFFIXES)),
)


@given(texts)
def test_round_trip(text: str) -> None:
    quantity = Quantity.parse(text)
    assert Quantity.parse(str(quantity)) == quantity
    assert str(Quantity.parse(str(quantity))) == str(quantity)


@given(texts)
def test_values_are_exact(text: str) -> None:
    """Against rational numbers."""
    quantity = Quantity.parse(text)
    number = Fraction(text.rstrip("%abcdefghijklmnopqrstuvwxyz"))
    factor = {Unit.SHARE: Fraction(1, 100), Unit.POINTS: Fraction(1, 100), Unit.TOKENS: 1, Unit.ROWS: 1}
    seconds = 3600 if text.endswith("h") else 60 if text.endswith("min") else 1
    assert Fraction(quantity.value) == number * factor.get(quantity.unit, seconds)


@pytest.mark.parametrize(
    ("text", "value", "unit", "canonical"),
    [
        ("10%", "0.1", Unit.SHARE, "10%"),
        ("0.5%", "0.005", Unit.SHARE, "0.5%"),
        ("2pt", "0.02", Unit.POINTS, "2pt"),
        ("1_024tok", "1024", Unit.TOKENS, "1024tok"),
        ("500rows", "500", Unit.ROWS, "500 rows"),
        ("500  rows", "500", Unit.ROWS, "500 rows"),
        ("90min", "5400", Unit.DURATION, "90min"),
        ("120min", "7200", Unit.DURATION, "2h"),
        ("1.5h", "5400", Unit.DURATION, "90min"),
        ("45s", "45", Unit.DURATION, "45s"),
        ("0h", "0", Unit.DURATION, "0s"),
    ],
)
def test_examples(text: str, value: str, unit: Unit, canonical: str) -> None:
    assert Quantity.parse(text) == Quantity(Decimal(value), unit)
    assert str(Quantity.parse(text)) == canonical


@pytest.mark.parametrize("text", ["", "10", "%", "10pts", "-1%", "1e3tok", "10% ", "9" * 19 + "%", "1.%", "٣%"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError):
        Quantity.parse(text)
