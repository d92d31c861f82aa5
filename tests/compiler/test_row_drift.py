"""Which rows changed, from fingerprints: exact for single rows, and never a row too few."""

from __future__ import annotations

import random
from collections import Counter
from time import perf_counter

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
        ("abcdefghij", "jabcdefghi", "the same rows in another order"),
        ("abcdefghij", "jabcdeFghi", "1 row changed (line 7)"),
        ("abcdefghij", "jabcdefghij", "1 row added (line 1)"),
        ("abcdefghij", "AbcdeFghij", "2 rows changed (lines 1, 6)"),
        ("xaxbxcxd", "Xaxbxcxdxe", "2 rows added (lines 1, 10)"),
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


rows_edited = st.lists(st.booleans(), min_size=1, max_size=60)


@given(rows_edited, st.integers(0, 59), st.integers(0, 60))
def test_edited_rows_are_told_where_they_stand_also_when_one_row_moved(edited: list[bool], at: int, to: int) -> None:
    old = [chr(0x100 + number) for number in range(len(edited))]
    new = [row.upper() + "!" if edit else row for row, edit in zip(old, edited, strict=True)]
    kept = [at for at, edit in enumerate(edited) if not edit]
    if kept:
        moving = new.pop(kept[at % len(kept)])
        new.insert(to % (len(new) + 1), moving)
    found = compare_rows(prints(old), prints(new), places(len(new)))
    assert found.changed + found.removed == found.changed + found.added == sum(edited)
    told = {line for place in found.changed_at + found.added_at for line in range(place.first, place.last + 1)}
    assert told == {line for line, row in enumerate(new, 1) if row.endswith("!")}


def prints(rows: list[str]) -> Prints:
    return Prints(1, tuple(map(Group, rows)))


def places(count: int) -> list[Lines]:
    return [Lines(line, line) for line in range(1, count + 1)]


def large(seed: int, count: int = 16_000) -> list[str]:
    """Fingerprints of 24 bits, of which two files of this length share about 15."""
    source = random.Random(seed)
    return [f"{source.getrandbits(24):x}" for _ in range(count)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_file_that_is_all_new_is_all_changed_although_fingerprints_collide(seed: int) -> None:
    old, new = large(seed), large(seed + 100)
    assert len({*old} & {*new}) > 3
    began = perf_counter()
    found = compare_rows(prints(old), prints(new), places(16_000))
    assert found.text == "16,000 rows changed (lines 1-16,000)"
    assert perf_counter() - began < 5


def test_every_other_row_of_a_large_file_and_one_above_them() -> None:
    old, other = large(1), large(2)
    new = ["zzzz", *(row if at % 2 else other[at] for at, row in enumerate(old))]
    found = compare_rows(prints(old), prints(new), places(16_001))
    assert (found.changed, found.added, found.removed) == (8_000, 1, 0)


def test_a_large_file_in_another_order_has_the_same_rows() -> None:
    rows = large(1)
    other = random.Random(5).sample(rows, len(rows))
    assert compare_rows(prints(rows), prints(other), places(16_000)).text == "the same rows in another order"


def test_groups_give_upper_limits_and_ranges() -> None:
    old = Prints(4, (Group("aaaa", 4), Group("bbbb", 3), Group("cccc", 5)))
    now = Prints(4, (Group("aaaa", 4), Group("xxxx", 4), Group("cccc", 5)))
    found = compare_rows(old, now, [Lines(1, 4), Lines(5, 8), Lines(9, 13)])
    assert not found.exact
    assert found.text == "at most 4 rows changed (lines 5-8)"
