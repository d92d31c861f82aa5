"""Which slices stand alone and which are pooled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.measuring.slices import SMALL, parts, pool_name, pooled


def test_small_slices_share_a_name_that_says_so() -> None:
    assert pooled({"a": 40, "b": 3, "c": 9}) == {"a": "a", "b": "(small: b, c)", "c": "(small: b, c)"}
    assert pooled({"a": SMALL}) == {"a": "a"}
    assert pooled({"a": SMALL - 1}) == {"a": "(small: a)"}


def test_a_pool_name_stays_short_and_printable() -> None:
    assert pool_name(f"v{i:03}" for i in range(200)) == "(small: v000, v001, v002, v003, v004, v005, 194 more)"
    assert "\x1b" not in pool_name(["\x1b[31mred"])


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "", "a\x00", None]), max_size=150))
def test_parts_hold_every_item_with_a_value_once(values: list[str | None]) -> None:
    found = parts(values)
    held = [sum(int(part.mask[index]) for part in found) for index in range(len(values))]
    assert held == [0 if value is None else 1 for value in values]
    for part in found:
        assert part.is_small == (part.is_pool and part.mask.sum() < SMALL)
        if not part.is_pool:
            assert part.mask.tolist() == [value == part.value for value in values]
