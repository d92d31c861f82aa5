"""Rates and whole numbers of a mixture, against the published formula and as laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.apportionment import TaskRate, apportioned, default_total, shares

ONE = Decimal(1)
COUNTS = st.lists(st.integers(1, 10**7), min_size=1, max_size=8)
PARTS = COUNTS.map(lambda counts: [Fraction(count, sum(counts)) for count in counts])
TOTALS = st.integers(0, 10**6)


def seqio_rate(num_examples: int, maximum: int | None, temperature: float) -> float:
    """``mixing_rate_num_examples`` as seqio has it: the count, then the maximum, then the temperature."""
    rate = float(num_examples)
    if maximum:
        rate = min(rate, maximum)
    if temperature != 1.0:
        rate = rate ** (1.0 / temperature)
    return rate


@given(counts=COUNTS, cap=st.none() | st.integers(1, 10**6), temperature=st.sampled_from(["1", "1.5", "2", "8", "100"]))
def test_shares_are_the_normalised_rates_of_seqio(counts: list[int], cap: int | None, temperature: str) -> None:
    rates = [seqio_rate(count, cap, float(temperature)) for count in counts]
    found = shares([TaskRate(count, cap) for count in counts], Decimal(temperature))
    assert [float(share) for share in found] == pytest.approx([rate / sum(rates) for rate in rates], rel=1e-9)
    assert sum(found) == 1


def test_the_example_of_the_t5_paper() -> None:
    # Cap 2^19, temperature 2: the big task is first cut to 524,288 and then square-rooted.
    found = shares([TaskRate(10_000_000, 2**19), TaskRate(8_192, 2**19)], Decimal(2))
    assert [round(float(share), 6) for share in found] == [round(8 / 9, 6), round(1 / 9, 6)]


@given(parts=PARTS, total=TOTALS)
def test_whole_numbers_are_exact_and_within_one_of_the_quota(parts: list[Fraction], total: int) -> None:
    counts = apportioned(parts, total)
    assert sum(counts) == total
    assert all(abs(count - part * total) < 1 for count, part in zip(counts, parts, strict=True))


@given(parts=PARTS, total=TOTALS)
def test_a_larger_share_never_gets_fewer(parts: list[Fraction], total: int) -> None:
    counts = apportioned(parts, total)
    for i, one in enumerate(parts):
        for j, other in enumerate(parts):
            if one > other or (one == other and i < j):
                assert counts[i] >= counts[j]


@given(parts=PARTS.filter(lambda parts: len(set(parts)) == len(parts)), total=TOTALS, data=st.data())
def test_the_order_of_declaration_moves_nothing_but_ties(
    parts: list[Fraction], total: int, data: st.DataObject
) -> None:
    remainders = [part * total % 1 for part in parts]
    if len(set(remainders)) < len(remainders):
        return
    shuffled = data.draw(st.permutations(parts))
    found = dict(zip(shuffled, apportioned(shuffled, total), strict=True))
    assert [found[part] for part in parts] == apportioned(parts, total)


def test_ties_go_to_the_task_declared_first() -> None:
    assert apportioned([Fraction(1, 3)] * 3, 4) == [2, 1, 1]
    assert apportioned([Fraction(1, 2)] * 2, 0) == [0, 0]


def test_weights_take_their_share_and_the_rest_is_proportional() -> None:
    tasks = [TaskRate(5, weight=Decimal("0.3")), TaskRate(300), TaskRate(100)]
    assert shares(tasks, ONE) == [Fraction(3, 10), Fraction(7, 10) * Fraction(3, 4), Fraction(7, 10) * Fraction(1, 4)]
    only = [TaskRate(5, weight=Decimal("0.2")), TaskRate(5, weight=Decimal("0.8"))]
    assert shares(only, Decimal(7)) == [Fraction(1, 5), Fraction(4, 5)]


def test_a_task_without_rows_gives_its_share_away() -> None:
    assert shares([TaskRate(0, weight=Decimal("0.5")), TaskRate(3), TaskRate(1)], ONE) == [
        0,
        Fraction(3, 4),
        Fraction(1, 4),
    ]
    assert shares([TaskRate(0), TaskRate(4)], Decimal(2)) == [0, 1]
    with pytest.raises(ValueError, match="without rows"):
        shares([TaskRate(0), TaskRate(0)], ONE)


def test_without_a_total_every_task_gives_its_rows_up_to_the_cap() -> None:
    tasks = [TaskRate(10, 4), TaskRate(3, 4), TaskRate(7)]
    assert default_total(tasks) == 14
    assert apportioned(shares(tasks, ONE), 14) == [4, 3, 7]
