"""Rates and whole numbers of a mixture, against the published formula and as laws."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.step_params import MixPart, MixRates
from runtime.apportionment import apportioned, roles, safe_total, shares, total_rows

COUNTS = st.lists(st.integers(1, 10**7), min_size=1, max_size=8)
PARTS = COUNTS.map(lambda counts: [Fraction(count, sum(counts)) for count in counts])
TOTALS = st.integers(0, 10**6)


def seqio_rate(num_examples: int, maximum: int | None, temperature: float, scale: float) -> float:
    """``mixing_rate_num_examples`` as seqio has it: the count, the scale, then the maximum, then the temperature."""
    rate = num_examples * scale
    if maximum:
        rate = min(rate, maximum)
    if temperature != 1.0:
        rate = rate ** (1.0 / temperature)
    return rate


def mixture(*parts: MixPart, temperature: str = "1", total: int | None = None, epochs: int = 1) -> MixRates:
    return MixRates(parts=parts, temperature=Decimal(temperature), total=total, epochs=epochs)


def tasks(count: int, **settings: Any) -> tuple[MixPart, ...]:
    return tuple(MixPart(input=str(number), **settings) for number in range(count))


def there(*counts: int) -> dict[str, int]:
    return {str(number): count for number, count in enumerate(counts)}


@given(
    counts=COUNTS,
    cap=st.none() | st.integers(1, 10**6),
    scale=st.sampled_from(["0.5", "1", "3"]),
    temperature=st.sampled_from(["1", "1.5", "2", "8", "100"]),
)
def test_shares_are_the_normalised_rates_of_seqio(
    counts: list[int], cap: int | None, scale: str, temperature: str
) -> None:
    rates = [seqio_rate(count, cap, float(temperature), float(scale)) for count in counts]
    found = shares(mixture(*tasks(len(counts), cap=cap, by=Decimal(scale)), temperature=temperature), there(*counts))
    assert [float(share) for share in found.values()] == pytest.approx([r / sum(rates) for r in rates], rel=1e-9)
    assert sum(found.values()) == 1


def test_the_example_of_the_t5_paper() -> None:
    # Cap 2^19, temperature 2: the big task is first cut to 524,288 and then square-rooted.
    found = shares(mixture(*tasks(2, cap=2**19), temperature="2"), there(10_000_000, 8_192))
    assert [round(float(share), 6) for share in found.values()] == [round(8 / 9, 6), round(1 / 9, 6)]


def test_mixtures_of_mixtures_as_the_readme_of_seqio_has_them() -> None:
    # mix1 is task1 at rate 1 and task2 at rate 7; mix3 is mix1, task1 and task3 at rate 1 each.
    task1, task2, task3 = (MixPart(input=f"task{number}") for number in (1, 2, 3))
    mix1 = MixPart(mixture=mixture(task1, task2))
    found = shares(
        mixture(mix1, task1.model_copy(update={"by": Decimal(8)}), task3), {"task1": 1, "task2": 7, "task3": 8}
    )
    assert found == {"task1": Fraction(1, 24) + Fraction(1, 3), "task2": Fraction(7, 24), "task3": Fraction(1, 3)}


# Caps and rates of FLAN v2: run_example.py of the FLAN repository has these submixtures.
FLAN_CAPS = {"flan": 30_000, "t0": 20_000, "cot": 100_000, "niv2": 5_000, "dialog": 200_000}
FLAN_RATES = {
    "flan": Decimal("0.4"),
    "t0": Decimal("0.32"),
    "niv2": Decimal("0.2"),
    "cot": Decimal("0.05"),
    "dialog": Decimal("0.03"),
}


def test_the_submixtures_of_flan_v2_row_for_row() -> None:
    sizes = {name: [cap // 3, cap, cap * 7] for name, cap in FLAN_CAPS.items()}
    available = {f"{name}:{n}": size for name, rows in sizes.items() for n, size in enumerate(rows)}
    submixes = [
        MixPart(
            mixture=mixture(*(MixPart(input=f"{name}:{n}", cap=cap) for n in range(3))),
            weight=Decimal(FLAN_RATES[name]),
        )
        for name, cap in FLAN_CAPS.items()
    ]
    whole = mixture(*submixes, total=700_000)
    found = dict(zip(roles(whole), apportioned(list(shares(whole, available).values()), 700_000), strict=True))
    for name, cap in FLAN_CAPS.items():
        inner = [min(size, cap) for size in sizes[name]]
        wanted = [float(FLAN_RATES[name]) * 700_000 * rate / sum(inner) for rate in inner]
        assert [found[f"{name}:{n}"] for n in range(3)] == pytest.approx(wanted, abs=1)
        assert found[f"{name}:1"] == found[f"{name}:2"], "what is over the cap counts no more"
    assert sum(found.values()) == 700_000


@given(counts=COUNTS, data=st.data(), temperature=st.sampled_from(["1", "2"]), total=TOTALS)
def test_a_task_that_grows_never_gives_less(
    counts: list[int], data: st.DataObject, temperature: str, total: int
) -> None:
    grown = data.draw(st.integers(0, len(counts) - 1))
    more = [count + data.draw(st.integers(1, 1000)) if n == grown else count for n, count in enumerate(counts)]
    rates = mixture(*tasks(len(counts)), temperature=temperature)
    before, after = shares(rates, there(*counts)), shares(rates, there(*more))
    assert after[str(grown)] >= before[str(grown)]
    assert all(after[str(n)] <= before[str(n)] for n in range(len(counts)) if n != grown)
    assert int(after[str(grown)] * total) >= int(before[str(grown)] * total)


@given(parts=PARTS, total=TOTALS, repeats=st.integers(1, 3))
def test_a_safe_total_keeps_all_limits_and_nearly_uses_one_up(parts: list[Fraction], total: int, repeats: int) -> None:
    limits = [repeats * max(1, int(part * total)) for part in parts]
    most = safe_total(parts, limits)
    assert all(count <= limit for count, limit in zip(apportioned(parts, most), limits, strict=True))
    assert any(part * (most + 1) > limit for part, limit in zip(parts, limits, strict=True))


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


def test_ties_go_to_the_larger_share_and_then_to_the_part_that_stands_first() -> None:
    assert apportioned([Fraction(1, 3)] * 3, 4) == [2, 1, 1]
    assert apportioned([Fraction(1, 6), Fraction(5, 6)], 3) == [0, 3]
    assert apportioned([Fraction(1, 2)] * 2, 0) == [0, 0]


def test_weights_take_their_share_and_the_rest_is_proportional() -> None:
    weighted = mixture(MixPart(input="0", weight=Decimal("0.3")), *tasks(3)[1:])
    assert list(shares(weighted, there(5, 300, 100)).values()) == [Fraction(3, 10), Fraction(21, 40), Fraction(7, 40)]
    only = mixture(
        MixPart(input="0", weight=Decimal("0.2")), MixPart(input="1", weight=Decimal("0.8")), temperature="7"
    )
    assert list(shares(only, there(5, 5)).values()) == [Fraction(1, 5), Fraction(4, 5)]


def test_a_task_without_rows_gives_its_share_away() -> None:
    weighted = mixture(MixPart(input="0", weight=Decimal("0.5")), *tasks(3)[1:])
    assert list(shares(weighted, there(0, 3, 1)).values()) == [0, Fraction(3, 4), Fraction(1, 4)]
    inner = MixPart(mixture=mixture(*tasks(2)))
    assert shares(mixture(inner, MixPart(input="2")), there(0, 0, 4)) == {"0": 0, "1": 0, "2": 1}
    with pytest.raises(ValueError, match="without rows"):
        shares(mixture(*tasks(2)), there(0, 0))


def test_without_a_total_every_task_gives_its_rows_up_to_the_cap() -> None:
    rates = mixture(*tasks(2, cap=4), MixPart(input="2"))
    assert total_rows(rates, there(10, 3, 7)) == 14
    assert apportioned(list(shares(rates, there(10, 3, 7)).values()), 14) == [4, 3, 7]
    outer = mixture(MixPart(mixture=rates, by=Decimal(2), cap=20), MixPart(input="3"), epochs=2)
    assert total_rows(outer, there(10, 3, 7, 5)) == 2 * (20 + 5)
