"""Strings and numbers between spelling and value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_lang.diagnostics import Diagnostics
from spec_lang.literals import dedent, quote, quote_block, quote_raw, read_number, read_string
from spec_lang.source import SourceFile, Span

text = st.text(st.characters(exclude_categories=["Cs"]))
layout_text = st.text(st.sampled_from('ab \t\n\\"{'), max_size=30)


def value_of(token: str) -> str:
    diagnostics = Diagnostics()
    value = read_string(token, Span(0, len(token)), SourceFile("spec.sft", token), diagnostics)
    assert not diagnostics.items
    return value


@given(text)
def test_quoted_strings_read_back(value: str) -> None:
    assert value_of(quote(value)) == value
    assert "\n" not in quote(value)


@given(layout_text, st.sampled_from(["", "  ", "    "]))
def test_text_blocks_read_back(value: str, margin: str) -> None:
    block = quote_block(value, margin)
    if block is None:
        assert any(line and not line.strip() for line in value.split("\n"))
    else:
        assert value_of(block) == value


@given(layout_text)
def test_raw_strings_read_back(value: str) -> None:
    assert value_of(quote_raw(value)) == value


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (r'"\n\t\r\"\\"', '\n\t\r"\\'),
        (r'"\u00e9\u{e9}\u{1F4A1}"', "éé💡"),
        (r'r"\d\"\n"', r"\d\"\n"),
        ('r"""a\r\n"b"\n"""', 'a\n"b"\n'),
        ('"""one line"""', "one line"),
        ('"""  one\n  two"""', "  one\ntwo"),
        ('"""\n    a\n      b\n\n    c\n    """', "a\n  b\n\nc"),
        ('"""\r\n  a\r\n  b\r\n  """', "a\nb"),
        ('"""\n  a\n"""', "  a"),
        ('"""\n\ta\n  b\n"""', "\ta\n  b"),
        ('"""\n  a\\n  b\n  """', "a\n  b"),
        ('"""\n  say \\"""\n  """', 'say """'),
        ('""', ""),
        ('"""\n"""', ""),
    ],
    ids=ascii,
)
def test_strings(token: str, value: str) -> None:
    assert value_of(token) == value


@pytest.mark.parametrize(("token", "wrong"), [(r'"a\d"', r"\d"), (r'"""\u{d800}"""', r"\u{d800}"), (r'"\u00"', r"\u")])
def test_escapes_that_do_not_exist_are_reported_at_their_place(token: str, wrong: str) -> None:
    diagnostics = Diagnostics()
    file = SourceFile("spec.sft", "x = " + token)
    read_string(token, Span(4, 4 + len(token)), file, diagnostics)
    (found,) = diagnostics
    assert found.code == "SFT0114"
    assert found.primary is not None
    assert file.slice(found.primary.span) == wrong


def test_dedent_takes_no_tab_for_spaces() -> None:
    assert dedent("\n\t a\n\t  b\n\t") == " a\n  b"


@pytest.mark.parametrize(
    ("token", "value"),
    [("3", 3), ("2_000", 2000), ("0.5", 0.5), ("1e-3", 0.001), ("1E3", 1000.0), ("9" * 18, int("9" * 18))],
)
def test_numbers(token: str, value: float) -> None:
    diagnostics = Diagnostics()
    read = read_number(token, Span(0, len(token)), SourceFile("spec.sft", token), diagnostics)
    assert (read, type(read)) == (value, type(value))
    assert not diagnostics.items


@pytest.mark.parametrize("token", ["9" * 19, "1e999", "9" * 400 + ".0", "9" * 10_000])
def test_numbers_out_of_range(token: str) -> None:
    diagnostics = Diagnostics()
    assert read_number(token, Span(0, len(token)), SourceFile("spec.sft", token), diagnostics) is None
    assert [item.code for item in diagnostics] == ["SFT0113"]
