"""Fixes: what comes out of specs with syntax errors, how edits are applied, and that nothing gets worse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_lang.diagnostics import Diagnostic, Diagnostics, Edit, Label
from spec_lang.fixes import Mended, apply_fixes, mend, name_as_written, renaming
from spec_lang.parsing import parse
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import surely

SOUP_WORDS = (
    *"{}[](),;:=<>!",
    *("==", "&&", "//", "'a'", '"a"', '"a', "3", "3 %", "5tokens", "edition 2026\n", "edition", "model", "source a {"),
    *("train b {\n", "kep", "keep", "dorp", "metrc", "x", "filters", "a-b", "\n", "}\n", "and", "not in", "..", "ro"),
    *("columns {", "größe", "\u00a0", "\\d", "`q", "top = z", "1 <= x <= 2", "\x00", "/* x */", "r"),
)
SOUP = st.lists(st.sampled_from(SOUP_WORDS), max_size=25).map(" ".join)

PAGE = (Path(__file__).parent / "fixes.md").read_text(encoding="utf-8")


def syntax(file: SourceFile) -> Diagnostics:
    found = Diagnostics()
    parse(file, found)
    return found


def mended(text: str) -> Mended:
    return mend(SourceFile("spec.sft", text), syntax)


def cases() -> Iterator[tuple[str, str]]:
    yield from re.findall(r"^```sft\n(.*?)^```\n\n^```fixed\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_its_cases() -> None:
    assert len(list(cases())) == PAGE.count("```sft") == PAGE.count("```fixed") > 25


@pytest.mark.parametrize(("before", "after"), cases())
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_page(before: str, after: str, line_break: str) -> None:
    result = mended(before.replace("\n", line_break))
    assert result.found.has_errors and not len(result.left)
    assert result.after.text == after.replace("\n", line_break)


@pytest.mark.parametrize(
    "text",
    [
        "train a { model = }",
        "filter a { keep level > }",
        "x = 3",
        'source a { path = "a   # a comment\n}',
        "source { }",
        'filter a { drop text matches "\\d\\n" }',
        "filter a { keep 3 < words(text) <= 80 }",
        "train a { warmup = 3 bananas }",
        "model: smol",
        "source a { columns { c = d - } }",
        "/* two\nlines */\nmodel a { }",
    ],
)
def test_what_could_be_meant_in_several_ways_stays(text: str) -> None:
    result = mended(f"edition 2026\n{text}\n")
    assert result.left.has_errors and not result.changed


@given(SOUP | st.text(max_size=40))
def test_mending_never_crashes_and_never_makes_it_worse(text: str) -> None:
    result = mended(text)
    assert len(result.left) <= len(result.found)
    assert mended(result.after.text).after.text == result.after.text


# --- applying edits -----------------------------------------------------------------------------


def test_edits_are_taken_whole_or_not_at_all() -> None:
    swap = (Edit(Span(0, 1), "z"), Edit(Span(4, 5), "a"))
    overlaps = (Edit(Span(4, 6), "yy"), Edit(Span(8, 9), "b"))
    assert apply_fixes("a...z...c", [swap, overlaps]) == "z...a...c"
    assert apply_fixes("a...z...c", [overlaps]) == "a...yy..b"


def test_the_same_edit_of_two_findings_is_made_once() -> None:
    raw = Edit(Span(2, 2), "r")
    assert apply_fixes('x "\\d\\w"', [(raw,), (raw,)]) == 'x r"\\d\\w"'


def test_two_insertions_at_one_place_are_not_both_made() -> None:
    assert apply_fixes("ab", [(Edit(Span(1, 1), "x"),), (Edit(Span(1, 1), "y"),)]) == "axb"


@given(st.text("abc\n", max_size=12), st.data())
def test_one_edit_changes_its_span_and_nothing_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert apply_fixes(text, [(Edit(Span(start, end), "X"),)]) == text[:start] + "X" + text[end:]


def one_finding(file: SourceFile, *edits: Edit) -> Diagnostics:
    return Diagnostics([Diagnostic("SFT0101", "wrong", Label(file, Span(0, 1)), fix=edits)])


def test_a_fix_that_adds_errors_is_not_kept() -> None:
    def check(file: SourceFile) -> Diagnostics:
        if file.text == "a":
            return one_finding(file, Edit(Span(0, 1), "b"))
        return Diagnostics([*one_finding(file), Diagnostic("SFT0204", "worse", None)])

    assert not mend(SourceFile("s", "a"), check).changed


def test_a_fix_that_goes_round_in_circles_ends() -> None:
    def check(file: SourceFile) -> Diagnostics:
        return one_finding(file, Edit(Span(0, 1), "b" if file.text == "a" else "a"))

    assert len(mend(SourceFile("s", "a"), check).left) == 1


def test_one_bad_fix_does_not_hold_up_the_good_ones() -> None:
    def check(file: SourceFile) -> Diagnostics:
        found = Diagnostics()
        for index, char in enumerate(file.text):
            if char in "ax":
                edit = Edit(Span(index, index + 1), "!!!!!" if char == "x" else ".")
                found.report(Diagnostic("SFT0101", char, Label(file, Span(index, index + 1)), fix=(edit,)))
            elif char == "!":
                found.report(Diagnostic("SFT0102", f"at {index}", Label(file, Span(index, index + 1))))
        return found

    assert mend(SourceFile("s", "xaa"), check).after.text == "x.."


@pytest.mark.parametrize(
    "rule",
    [
        "keep -3 <= level <= 80",
        "keep 5 + 3 <= level <= 80",
        "keep 3 <= level # counted from 0\n    <= 80",
        'keep label == "spam and words(text) > 3',
        "keep (urgent or level > 3 and level < 9",
    ],
)
def test_what_may_be_meant_in_two_ways_is_left_to_who_wrote_it(rule: str) -> None:
    """A lower end with a sign, a comment that would go, a string or a group that may end in two places."""
    assert not mended(f"edition 2026\n\nfilter a {{\n  {rule}\n}}\n").changed


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "candidates", "meant"),
    [
        ("lerning_rate", ("learning_rate", "warmup"), "learning_rate"),
        ("learnign_rate", ("learning_rate",), "learning_rate"),
        ("filter", ("filters",), "filters"),
        ("max-length", ("max_length",), "max_length"),
        ("Smol", ("smol", "small"), "smol"),
        ("run3", ("run1", "run2"), None),
        ("tuned1", ("tuned2",), None),
        ("plan", ("plain", "plan_b"), None),
        ("zebra", ("plain",), None),
        ("ab", ("ac",), None),
        ("text_de", ("text_en",), None),
        ("max_score", ("min_score",), None),
        ("max_lenght", ("max_length",), "max_length"),
    ],
)
def test_only_a_sure_name_is_put_in(name: str, candidates: tuple[str, ...], meant: str | None) -> None:
    assert surely(name, candidates) == meant


def test_a_name_that_is_no_plain_word_is_written_in_backticks() -> None:
    assert [name_as_written(name) for name in ("label", "order id", "top", "a`b")] == [
        "label",
        "`order id`",
        "`top`",
        "`a``b`",
    ]
    assert renaming("ordr id", ["order id"], Span(0, 9)) == (Edit(Span(0, 9), "`order id`"),)
