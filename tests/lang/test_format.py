"""Formatting keeps the meaning, every comment and its order, and has a fixed point; pages show the form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.format import format_file
from spec_lang.lexing import tokens_of
from spec_lang.parsing import parse
from spec_lang.printer import print_spec
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.lang.generated_specs import any_text, specs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/formatting.md", Path(__file__).parent / "format.md"]


def formatted(text: str) -> str:
    found = Diagnostics()
    result = format_file(SourceFile("spec.sft", text), found)
    assert result is not None, render_plain(found)
    return result


def examples(page: Path) -> list[tuple[str, str]]:
    """Pairs of fences: `sft` as somebody wrote it, `formatted` as it comes out."""
    pairs = re.findall(r"^```sft\n(.*?)^```\n+^```formatted\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert pairs
    return pairs


@pytest.mark.parametrize(
    ("written", "canonical"),
    [pair for page in PAGES for pair in examples(page)],
    ids=lambda text: text.split("\n")[0][:40],
)
def test_page(written: str, canonical: str) -> None:
    assert formatted(f"edition 2026\n\n{written}") == f"edition 2026\n\n{canonical}"
    assert formatted(f"edition 2026\n\n{canonical}") == f"edition 2026\n\n{canonical}"


@pytest.mark.parametrize("path", [ROOT / "examples/triage/triage.sft", ROOT / "sft/starter/triage.sft"], ids=str)
def test_specs_that_ship_are_in_canonical_form(path: Path) -> None:
    assert formatted(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")


# --- laws -------------------------------------------------------------------------------------

between = st.sampled_from(["", "", "", "", "\n  ", "\n\n\n  ", " # {}\n  ", "\n  # {}\n  ", "\n\n  # {}\n\n  "])


@st.composite
def strewn(draw: st.DrawFn) -> str:
    """The text of a random spec with comments and line breaks at random gaps between its tokens."""
    text = print_spec(draw(specs))
    tokens, _ = tokens_of(SourceFile("", text))
    gaps = draw(st.lists(between, min_size=1, max_size=40))
    pieces: list[str] = []
    at = 0
    for index, token in enumerate(tokens):
        start = token.span.start
        pieces.append(text[at:start])
        # What begins an item has to begin its line or stand right after what is before it.
        pieces.append(gaps[index % len(gaps)].format(index) if index > 1 else "")
        at = start
    return "".join(pieces) + text[at:] + gaps[0].format("end")


@settings(max_examples=80)
@given(strewn())
def test_comments_anywhere_survive(text: str) -> None:
    before, after = Diagnostics(), Diagnostics()
    was = parse(SourceFile("spec.sft", text), before)
    if before.has_errors:  # a line break made the beginning of an item of something else
        return
    result = formatted(text)
    now = parse(SourceFile("spec.sft", result), after)
    assert now.spec == was.spec
    assert [comment.text for comment in now.comments] == [comment.text.rstrip() for comment in was.comments]
    assert formatted(result) == result


@settings(max_examples=40)
@given(specs)
def test_printed_specs_are_in_canonical_form(spec: ast.SpecFile) -> None:
    text = print_spec(spec)
    assert formatted(text) == text


@settings(max_examples=200)
@given(any_text)
def test_no_text_is_too_bad_to_be_refused_in_words(text: str) -> None:
    found = Diagnostics()
    result = format_file(SourceFile("spec.sft", text), found)
    assert (result is None) == found.has_errors
    assert [item.code for item in found if item.code == "SFT0770"] == []


# --- what no page can show ---------------------------------------------------------------------------


def test_line_breaks_are_those_of_the_first_line() -> None:
    assert formatted("edition 2026\r\nmodel m{}\n") == "edition 2026\r\n\r\nmodel m {}\r\n"
    assert formatted("edition 2026\nmodel m{}\r\n") == "edition 2026\n\nmodel m {}\n"


def test_a_thousand_parentheses_are_two() -> None:
    many = 2_000
    text = f"edition 2026\n\nfilter f {{\n  keep {'(' * many}a{')' * many}\n}}\n"
    assert formatted(text) == "edition 2026\n\nfilter f {\n  keep (a)\n}\n"


def test_a_number_never_takes_a_block_for_its_unit() -> None:
    text = "edition 2026\n\nmixture m {\n  use a cap 500\n  rows b {}\n}\n"
    assert formatted(text) == text
    assert formatted(text.replace("{\n  use", "{ use")) == text
