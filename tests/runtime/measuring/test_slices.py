"""Which slices stand alone and which are pooled, also where an item is in several."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.measuring.slice_names import SMALL, in_order, pool_name, pooled
from runtime.measuring.slices import Part, parts


def test_small_slices_share_a_name_that_says_so() -> None:
    assert pooled({"a": 40, "b": 3, "c": 9}) == {"a": "a", "b": "(small: b, c)", "c": "(small: b, c)"}
    assert pooled({"a": SMALL}) == {"a": "a"}
    assert pooled({"a": SMALL - 1}) == {"a": "(small: a)"}


def test_a_pool_name_stays_short_and_printable() -> None:
    assert pool_name(f"v{i:03}" for i in range(200)) == "(small: v000, v001, v002, v003, v004, v005, 194 more)"
    assert "\x1b" not in pool_name(["\x1b[31mred"])


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "", "a\x00", None]), max_size=150))
def test_parts_hold_every_item_with_a_value_once(values: list[str | None]) -> None:
    found = parts([() if value is None else (value,) for value in values])
    held = [sum(int(part.mask[index]) for part in found) for index in range(len(values))]
    assert held == [0 if value is None else 1 for value in values]
    for part in found:
        assert part.is_small == (part.is_pool and part.mask.sum() < SMALL)
        if not part.is_pool:
            assert part.mask.tolist() == [value == part.value for value in values]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=4), max_size=150))
def test_tags_count_in_each_of_their_values_and_once_in_the_pool(tags: list[list[str]]) -> None:
    found = parts(tags)
    counts = Counter(tag for item in tags for tag in set(item))
    large = {tag for tag, count in counts.items() if count >= SMALL}
    assert {part.value for part in found if not part.is_pool} == large
    for part in found:
        wanted = set(counts) - large if part.is_pool else {part.value}
        assert part.mask.tolist() == [bool(wanted & set(item)) for item in tags]
    assert sum(part.is_pool for part in found) == (len(counts) > len(large))
    assert [part.is_pool for part in found] == sorted(part.is_pool for part in found), "the pool is last"


def test_values_that_begin_with_a_number_are_in_the_order_of_their_numbers() -> None:
    bins = ["100 and more", "20 to 99", "-5 to 19", "under -5", "(none)"]
    assert sorted(bins, key=in_order) == ["(none)", "under -5", "-5 to 19", "20 to 99", "100 and more"]


def test_a_part_of_some_cells_has_all_items_and_these_columns() -> None:
    answers = np.arange(12.0).reshape(4, 3)
    whole = np.ones(4, dtype=bool)
    assert Part("plain", whole, columns=(2, 0)).of(answers).tolist() == answers[:, [2, 0]].tolist()
    assert Part("a", np.array([True, False, False, True])).of(answers).tolist() == answers[[0, 3]].tolist()
