"""Which rows changed, from fingerprints: exact for single rows, and never a row too few."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.row_drift import Group, Lines, Prints, compare_rows


def drift(old: str, new: str) -> tuple[int, int, int, str]:
    """Of files whose rows are single letters, on lines 1, 2, …"""
    now = Prints(1, tuple(Group(letter) for letter in new))
    lines = [Lines(number, number) for number in range(1, len(new) + 1)]
    found = compare_rows(Prints(1, tuple(Group(letter) for letter in old)), now, lines)
    return found.changed, found.added, found.removed, found.text


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("abcd", "abXd", "1 row changed (line 3)"),
        ("abcd", "Xabcd", "1 row added (line 1)"),
        ("abcd", "acd", "1 row removed (row 2 of the pinned file)"),
        ("abcd", "XYZd", "3 rows changed (lines 1-3)"),
        ("abcd", "aXcYZ", "2 rows changed (lines 2, 4), 1 row added (line 5)"),
        ("abcd", "bcda", "the same rows in another order"),
        ("abcd", "abcd", "the same rows, written in other bytes"),
        ("aab", "aaab", "1 row added (line 3)"),
        ("acegikm", "AcEgIkMxO", "4 rows changed (lines 1, 3, 5, 7), 2 rows added (lines 8-9)"),
        ("abcdefghijk", "AbCdEfGhIjK", "6 rows changed (lines 1, 3, 5, 7, and 2 more places)"),
    ],
)
def test_in_words(old: str, new: str, text: str) -> None:
    assert drift(old, new)[3] == text


@given(st.text("abcdef", max_size=30), st.text("abcdef", max_size=30))
def test_counts_add_up_to_what_is_not_in_both(old: str, new: str) -> None:
    changed, added, removed, _ = drift(old, new)
    before, after = Counter(old), Counter(new)
    assert changed + removed == (before - after).total()
    assert changed + added == (after - before).total()


def test_groups_give_upper_limits_and_ranges() -> None:
    old = Prints(4, (Group("aaaa", 4), Group("bbbb", 3), Group("cccc", 5)))
    now = Prints(4, (Group("aaaa", 4), Group("xxxx", 4), Group("cccc", 5)))
    found = compare_rows(old, now, [Lines(1, 4), Lines(5, 8), Lines(9, 13)])
    assert not found.exact
    assert found.text == "at most 4 rows changed (lines 5-8)"
