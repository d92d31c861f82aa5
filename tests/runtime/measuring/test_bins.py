"""Which bin a number is in and what the bin is called."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.measure_params import Bins
from runtime.measuring.bins import binned
from runtime.measuring.slice_names import in_order

ENDS = Bins(ends=(Decimal(10), Decimal(20), Decimal(40)))


def test_whole_numbers_get_both_ends() -> None:
    found = binned([9, 10, 19, 20, 39, 40, 400, None], ENDS)
    assert found == [
        *("under 10", "10 to 19", "10 to 19", "20 to 39", "20 to 39", "40 and more", "40 and more", "(none)"),
    ]


def test_numbers_with_fractions_say_that_the_upper_end_is_not_in() -> None:
    assert binned([9.5, 19.99, 40], ENDS) == ["under 10", "10 to under 20", "40 and more"]
    half = Bins(ends=(Decimal("0.25"), Decimal("0.5")))
    assert binned([0, 0.25, 0.5], half) == ["under 0.25", "0.25 to under 0.5", "0.5 and more"]


def test_a_bin_of_one_whole_number_and_numbers_below_zero() -> None:
    assert binned([-6, 1, 2], Bins(ends=(Decimal(-5), Decimal(1), Decimal(2)))) == ["under -5", "1", "2 and more"]
    assert binned([-3], Bins(ends=(Decimal(-5), Decimal(1)))) == ["-5 to 0"]


def test_bins_by_count_hold_as_many_items_each() -> None:
    found = binned(list(range(100)), Bins(count=4))
    assert {name: found.count(name) for name in dict.fromkeys(found)} == {
        "0 to 24": 25,
        "25 to 49": 25,
        "50 to 74": 25,
        "75 to 99": 25,
    }


def test_equal_values_are_never_parted_so_there_may_be_fewer_bins() -> None:
    assert binned([5] * 10, Bins(count=4)) == ["5"] * 10
    assert binned([0] * 90 + [2] * 5 + [3] * 5, Bins(count=4)) == ["0"] * 90 + ["2 to 3"] * 10


def test_numbers_that_differ_late_get_digits_enough_to_tell_bins_apart() -> None:
    found = binned([0.12341, 0.12342, 0.12343, 0.12344], Bins(count=2))
    assert found == ["0.12341 to 0.12342"] * 2 + ["0.12343 to 0.12344"] * 2


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_to_bin(values: list[None]) -> None:
    assert binned(values, Bins(count=3)) == ["(none)"] * len(values)


@given(st.lists(st.one_of(st.none(), st.integers(-50, 50), st.floats(-50, 50)), max_size=60), st.integers(2, 7))
def test_every_value_is_in_a_bin_and_bins_ascend_as_values_do(values: list[float | None], count: int) -> None:
    for bins in (ENDS, Bins(count=count)):
        found = binned(values, bins)
        ordered = sorted((value, place) for place, value in enumerate(values) if value is not None)
        runs = [found[place] for _, place in ordered]
        names = list(dict.fromkeys(runs))
        assert runs == sorted(runs, key=names.index), "a bin is an interval"
        assert sorted(names, key=in_order) == names
        assert len(names) <= (4 if bins is ENDS else count)
        assert all((name == "(none)") == (value is None) for name, value in zip(found, values, strict=True))
