"""Patterns that pass the check run in DuckDB's RE2; those that RE2 refuses are refused with a name."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.re2_names import POSIX, SIZES, UNICODE
from compiler.regexes import group_count, problem

TAKEN = [
    r"(?i)lorem ipsum",
    r"a(?i)b",
    r"(?i:a)b",
    r"(?P<name>a)",
    r"\pL+\p{Greek}\PN",
    r"[\pL\d_-]+",
    r"[^\x{20AC}-\x{20FF}a-z]",
    r"[[:alpha:]]+",
    r"\Qa.b(\E",
    r"\bword\b",
    r"a{2,1000}?",
    r"[]a]",
    r"[^]]",
    r"\x{1F600}",
    r"end\z",
    r"\\1",
    r"\+\+",
    r"[*+]+",
    r"^*$+\b{1}(^*)()*",
    r"[\d-z]",
    r"[[:^alpha:]\x41-\x{10FFFF}]",
    r"a(?i)*(?s-m:b)",
    r"\Q\E\_\-\012\C",
    r"((a{10}){10}){10}(a{0}){1000}",
    r"x{ x{1 ({,5})",
    r"(?P<n>a)(?P<n>b)",
    "",
]
UNSUPPORTED = [
    r"(?=a)", r"(?!a)", r"(?<=a)", r"(?<!a)", r"(a)\1", r"(?P<n>a)(?P=n)", r"(?<n>a)", r"(?>a)", r"a++", r"a{2}+",
    r"(?(1)a|b)", r"a\Z", r"\u20AC", r"a{1001}", r"(?#note)a",
    r"\U00000041", r"\N{BULLET}", r"(?x)a", r"(?a)a", r"[\b]", r"[\1]", r"[\u00e9]", r"[\Qab\E]",
    r"(a{1000}){1000}", r"((a{100}){100}){100}", r"((a{10}){10}){11}", r"a{,5}",
]  # fmt: skip
MALFORMED = [r"(a", r"a)", r"[a", r"*a", r"a**", r"a{3,2}", r"[z-a]", "a\\", r"\é", r"\–", r"(?i)*", r"\p{Foo}", r"\pX",
    r"[[:foo:]]", r"\x{110000}", r"a{2}{3}", r"(?P<>a)", r"[a-\d]", r"\pL{449}", "(?:" + "a" * 700 + "){1000}",
]  # fmt: skip


# Pieces that meet each other in every way: most of what comes of them is no pattern.
PIECES = [
    "a", "z", "A", "0", "é", "中", "😀", "\0", "\n", " ", ",", ":", "#", "-", "^", "$", ".", "|", "*", "+", "?", "*?",
    "{2}", "{2,}", "{2,3}", "{3,2}", "{0}", "{01}", "{1000}", "{1001}", "{,5}", "{", "}", "{10}", "{11}", "{100}",
    "(", ")", "(?:", "(?i)", "(?i-s:", "(?-", "(?)", "(?x)", "(?a:", "(?P<n>", "(?P<1a>", "(?P<->", "(?P<é>", "(?P<",
    "(?=", "(?<!", "(?<n>", "(?>", "(?R)", "(?#", "[", "]", "[^", "[]a]", "[a-z]", "z-a", "a-", "[[:alpha:]]",
    "[:foo:]", "[:", ":]", *(f"\\{char}" for char in "bBAzZCQEdDsSwWpPnrtafvxuUNehRXKG0189_-.]é\n\x7f\x80\\"), "\\",
    "\\pL", "\\PN", "\\p{Greek}", "\\p{^Lu}", "\\p{Foo}", "\\p{", "\\x41", "\\x{41}", "\\x{110000}", "\\x4", "\\012",
    "\\08", "\\12",
]  # fmt: skip
# What RE2 takes for something else than its author means.
ON_PURPOSE = ("a back-reference", "`\\1` is not", "`{,5}`")
DATABASE = duckdb.connect()


def runs(pattern: str) -> bool:
    try:
        DATABASE.execute("SELECT regexp_matches('text', ?)", [pattern]).fetchall()
    except duckdb.Error:
        return False
    return True


@pytest.mark.parametrize("pattern", TAKEN)
def test_taken(pattern: str) -> None:
    assert problem(pattern) is None
    assert runs(pattern)


@pytest.mark.parametrize("pattern", UNSUPPORTED)
def test_unsupported(pattern: str) -> None:
    found = problem(pattern)
    assert found is not None and found.unsupported


@pytest.mark.parametrize("pattern", [p for p in UNSUPPORTED if p not in (r"a++", r"a{2}+", r"a{,5}")])
def test_unsupported_is_what_re2_refuses(pattern: str) -> None:
    """RE2 reads ``a++`` as a repetition of a repetition, which is not what its author means."""
    assert not runs(pattern)


@pytest.mark.parametrize("pattern", MALFORMED)
def test_malformed(pattern: str) -> None:
    found = problem(pattern)
    assert found is not None and not found.unsupported
    assert not runs(pattern)


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_passes_runs_and_what_is_refused_does_not(pattern: str) -> None:
    found = problem(pattern)
    assert runs(pattern) == (found is None) or (found is not None and found.message.startswith(ON_PURPOSE))


@given(
    st.lists(st.sampled_from(["(", ")", "(?:", "(?P<n>", "a", "*", "|", "\\(", "[(]", "\\\\"]), max_size=12).map(
        "".join
    )
)
def test_groups_are_counted(pattern: str) -> None:
    if problem(pattern) is None and pattern.count("<n>") < 2:
        assert group_count(pattern) == re.compile(pattern).groups
    assert group_count(r"\Q(\E(a)[(]\(") == 1


def test_the_classes_are_those_of_duckdb() -> None:
    assert all(runs(rf"\p{{{name}}}\P{{{name}}}") for name in UNICODE)
    assert all(runs(f"[[:{name}:][:^{name}:]]") for name in POSIX)
    assert SIZES.keys() <= UNICODE


@pytest.mark.parametrize(
    ("pattern", "help"),
    [
        (r"\p{greek}", r"`\p{Greek}`"),
        (r"\P{Letter}", r"`\P{L}`"),
        ("[[:alphas:]]", "`[:alpha:]`"),
        ("a{,5}", "`{0,5}`"),
    ],
)
def test_what_is_meant_is_suggested(pattern: str, help: str) -> None:
    found = problem(pattern)
    assert found is not None and help in (found.help or "")
