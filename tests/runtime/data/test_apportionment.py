"""Mixing rates: the published rule, and whole numbers that sum."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runtime.apportionment import TaskRate, apportioned, default_total, shares

COUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=8)
TEMPERATURES = st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5"), Decimal("3.3"), Decimal(100)])


def seqio_rate(count: int, maximum: int | None, temperature: float) -> float:
    """``mixing_rate_num_examples`` of google/seqio (seqio/utils.py), scale 1."""
    rate = float(count)
    if maximum:
        rate = min(rate, maximum)
    if temperature != 1.0:
        rate = rate ** (1.0 / temperature)
    return rate


@given(COUNTS, st.none() | st.integers(1, 10**5), TEMPERATURES)
def test_rates_are_those_of_seqio(counts: list[int], cap: int | None, temperature: Decimal) -> None:
    found = shares([TaskRate(count, cap) for count in counts], temperature)
    rates = [seqio_rate(count, cap, float(temperature)) for count in counts]
    assert sum(found) == 1
    assert [float(share) for share in found] == pytest.approx([rate / sum(rates) for rate in rates], rel=1e-9)


@given(COUNTS, st.integers(0, 10**5), TEMPERATURES)
def test_whole_numbers_sum_and_stay_within_one_of_their_quota(
    counts: list[int], total: int, temperature: Decimal
) -> None:
    parts = shares([TaskRate(count) for count in counts], temperature)
    found = apportioned(parts, total)
    assert sum(found) == total
    assert all(abs(count - part * total) < 1 for count, part in zip(found, parts, strict=True))


@given(COUNTS, st.integers(0, 10**4), TEMPERATURES)
def test_a_task_with_more_rows_never_gets_fewer(counts: list[int], total: int, temperature: Decimal) -> None:
    found = apportioned(shares([TaskRate(count) for count in counts], temperature), total)
    by_count = sorted(zip(counts, found, strict=True))
    for (fewer, less), (more, most) in zip(by_count, by_count[1:], strict=False):
        assert fewer == more or less <= most


@given(COUNTS, st.integers(0, 10**4), st.randoms(use_true_random=False))
def test_the_order_of_declaration_decides_nothing_but_ties(counts: list[int], total: int, rnd: object) -> None:
    parts = shares([TaskRate(count) for count in counts], Decimal(1))
    remainders = [part * total % 1 for part in parts]
    assume(len(set(remainders)) == len(remainders))
    order = list(range(len(parts)))
    rnd.shuffle(order)  # type: ignore[attr-defined]
    assert apportioned([parts[i] for i in order], total) == [apportioned(parts, total)[i] for i in order]


def test_ties_go_to_the_task_declared_first() -> None:
    assert apportioned([Fraction(1, 3)] * 3, 4) == [2, 1, 1]
    assert apportioned([Fraction(1, 3)] * 3, 5) == [2, 2, 1]


def test_weights_take_their_share_and_the_rest_is_proportional() -> None:
    tasks = [TaskRate(100), TaskRate(300, cap=100), TaskRate(10, weight=Decimal("0.3"))]
    assert shares(tasks, Decimal(1)) == [Fraction(35, 100), Fraction(35, 100), Fraction(30, 100)]
    assert default_total(tasks) == 210


def test_weights_alone_are_normalised() -> None:
    tasks = [TaskRate(5, weight=Decimal("0.2")), TaskRate(5, weight=Decimal("0.6"))]
    assert shares(tasks, Decimal(2)) == [Fraction(1, 4), Fraction(3, 4)]


def test_a_task_without_rows_gets_none() -> None:
    assert shares([TaskRate(0), TaskRate(7), TaskRate(0, weight=Decimal("0.5"))], Decimal(2)) == [0, 1, 0]
    with pytest.raises(ValueError, match="without rows"):
        shares([TaskRate(0)], Decimal(1))


def test_temperature_in_the_limits() -> None:
    tasks = [TaskRate(10), TaskRate(1000)]
    assert [float(share) for share in shares(tasks, Decimal(2))] == pytest.approx([1 / 11, 10 / 11])
    assert [float(share) for share in shares(tasks, Decimal(10**6))] == pytest.approx([0.5, 0.5], abs=1e-5)
