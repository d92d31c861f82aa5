"""How numbers read in reasons."""

from __future__ import annotations

import pytest

from runtime.gating import wording


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.8, "80%"),
        (0.9123, "91.2%"),
        (0.0149, "1.5%"),
        (0.0004, "0.04%"),
        (0.9998, "99.98%"),
        (0.99997, "99.997%"),
        (0.00003, "0.003%"),
        (1.0, "100%"),
        (0, "0%"),
    ],
)
def test_shares(number: float, text: str) -> None:
    assert wording.value(number, "share") == text


def test_differences_and_plain_numbers() -> None:
    assert wording.change(-0.033, "share") == "-3.3 pt"
    assert wording.change(0.0, "share") == "0 pt"
    assert wording.size(0.3, "share") == "30 pt"
    assert wording.value(12.3456, "plain") == "12.35"
    assert wording.change(2.5, "plain") == "+2.5"
    assert wording.count(1, "items") == "1 item"
    assert wording.count(1200, "items") == "1,200 items"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.paragraph(["`m` is 3", "so what"]) == "`m` is 3. So what."
