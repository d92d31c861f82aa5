"""Nothing that moves a cursor, colours, hides or reorders text gets through."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_lang.plain_text import _UNSAFE, one_line, visible

DANGEROUS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


def test_controls_become_symbols() -> None:
    assert visible("a\x1b[31m\nb\t\x7f") == "a␛[31m␊b␉␡"
    assert visible("a\nb\tc\x07", newlines=True) == "a\nb\tc␇"
    assert visible("\u200b\u202e\x9b") == "⟨U+200B⟩⟨U+202E⟩⟨U+009B⟩"
    assert not set(visible("".join(DANGEROUS))) & set(DANGEROUS)


# What Unicode says is to be drawn as nothing where it is not known (Default_Ignorable_Code_Point of version 15).
_RUNS = ((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFF8))
_MORE = ((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF))
IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
    *(code for first, last in (*_RUNS, *_MORE) for code in range(first, last + 1)),
)
EMPTY = (0x2800, 0x1D159)  # these have a width and no ink


def test_whatever_draws_nothing_is_shown_where_it_belongs_to_nothing() -> None:
    unsafe = re.findall(_UNSAFE, "".join(map(chr, range(0x110000))))
    assert set(DANGEROUS) | {chr(code) for code in (*IGNORABLE, *EMPTY)} < set(unsafe)
    assert all(visible(f"a{char}b") != f"a{char}b" for char in unsafe)
    assert all(visible(char * 2) == visible(char) * 2 for char in unsafe)
    assert visible("right\u3164") == "right⟨U+3164⟩" and visible("soft\xadhyphen") == "soft⟨U+00AD⟩hyphen"


@pytest.mark.parametrize(
    "text",
    [
        "\u2764\ufe0f and 1\ufe0f\u20e3",  # as emojis
        "\u1828\u1820\u180b \u1822\u1828\u180e\u1820",  # Mongolian: a variant of a letter, a vowel that stands apart
        "\u115f\u1161 \u1100\u1160 \u115f\u1160\u11a8",  # parts of Korean syllables
        "\u845b\U000e0100\u98fe",  # a variant of a Han character
        "\u2801\u2800\u2803",  # braille
    ],
)
def test_what_a_script_needs_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a\ufe0f",
        "\u2764\ufe0f\ufe0f",
        "7\ufe0f",
        "\u845b\U000e0100\U000e0101",
        "\u115f\u1160",
        "\u1820\u180e",
        "\u2801\u2800",
    ],
)
def test_what_hides_beside_a_script_that_needs_it_is_shown(text: str) -> None:
    """Selectors in a row are how data is hidden in an emoji."""
    assert visible(text) != text and visible(text).endswith("⟩")


@given(st.text())
def test_no_control_is_left_and_ordinary_text_stays(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert visible(shown) == shown
    hidden = {chr(code) for code in (*IGNORABLE, *EMPTY)}
    ordinary = "".join(char for char in text if unicodedata.category(char)[0] in "LNPS" and char not in hidden)
    assert visible(ordinary) == ordinary


@given(st.text(), st.integers(1, 20))
def test_one_line_fits(text: str, width: int) -> None:
    assert len(one_line(text, width)) <= width
    assert one_line("abc", 3) == "abc"
    assert one_line("abcd", 3) == "ab…"
