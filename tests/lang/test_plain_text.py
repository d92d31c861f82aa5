"""Nothing that moves a cursor, colours, hides or reorders text gets through."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from spec_lang.plain_text import _UNSAFE, one_line, visible

DANGEROUS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


def test_controls_become_symbols() -> None:
    assert visible("a\x1b[31m\nb\t\x7f") == "a␛[31m␊b␉␡"
    assert visible("a\nb\tc\x07", newlines=True) == "a\nb\tc␇"
    assert visible("\u200b\u202e\x9b") == "⟨U+200B⟩⟨U+202E⟩⟨U+009B⟩"
    assert not set(visible("".join(DANGEROUS))) & set(DANGEROUS)


def test_every_character_that_is_shown_as_a_symbol_is_one_that_python_does_not_print() -> None:
    """Printable text is taken as it is, without a closer look."""
    unsafe = re.findall(_UNSAFE, "".join(map(chr, range(0x110000))))
    assert set(DANGEROUS) < set(unsafe) and len(unsafe) > 2_200
    assert not any(map(str.isprintable, unsafe))
    assert all(visible(f"a{char}") != f"a{char}" for char in unsafe)


@given(st.text())
def test_no_control_is_left_and_ordinary_text_stays(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert visible(shown) == shown
    ordinary = "".join(char for char in text if unicodedata.category(char)[0] in "LNPS")
    assert visible(ordinary) == ordinary


@given(st.text(), st.integers(1, 20))
def test_one_line_fits(text: str, width: int) -> None:
    assert len(one_line(text, width)) <= width
    assert one_line("abc", 3) == "abc"
    assert one_line("abcd", 3) == "ab…"
