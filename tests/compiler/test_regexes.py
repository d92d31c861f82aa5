"""Patterns that pass the check run in DuckDB's RE2; those that RE2 refuses are refused with a name."""

from __future__ import annotations

import duckdb
import pytest

from compiler.regexes import problem

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
    "",
]
UNSUPPORTED = [
    r"(?=a)", r"(?!a)", r"(?<=a)", r"(?<!a)", r"(a)\1", r"(?P<n>a)(?P=n)", r"(?<n>a)", r"(?>a)", r"a++", r"a{2}+",
    r"(?(1)a|b)", r"a\Z", r"\u20AC", r"a{1001}", r"(?#note)a",
]  # fmt: skip
MALFORMED = [r"(a", r"a)", r"[a", r"*a", r"a**", r"a{3,2}", r"[z-a]", "a\\"]


def runs(pattern: str) -> bool:
    try:
        duckdb.connect().execute("SELECT regexp_matches('text', ?)", [pattern]).fetchall()
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


@pytest.mark.parametrize("pattern", [p for p in UNSUPPORTED if p not in (r"a++", r"a{2}+")])
def test_unsupported_is_what_re2_refuses(pattern: str) -> None:
    """RE2 reads ``a++`` as a repetition of a repetition, which is not what its author means."""
    assert not runs(pattern)


@pytest.mark.parametrize("pattern", MALFORMED)
def test_malformed(pattern: str) -> None:
    found = problem(pattern)
    assert found is not None and not found.unsupported
    assert not runs(pattern)
