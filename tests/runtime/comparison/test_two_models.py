"""Two models by one metric: laws, buckets, and the same numbers as scipy's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.comparison.pair import Side
from runtime.comparison.two_models import TwoModels, two_models
from runtime.gating.whole_set import WholeSet

Matrix = Sequence[Sequence[float | None]]


def side(label: str, values: Matrix, *, templates: Sequence[str] = ("plain",), ids: Sequence[str] = ()) -> Side:
    matrix = np.array([[np.nan if value is None else value for value in row] for row in values], dtype=float)
    row_ids = tuple(ids or (f"i{number:05}" for number in range(len(values))))
    whole = frozenset(row_id for row_id, row in zip(row_ids, values, strict=True) if None not in row)
    return Side(label, row_ids, tuple(templates), matrix.reshape(len(values), len(templates)), whole)


def one(values: Sequence[float | None]) -> Matrix:
    return [[value] for value in values]


def compared(first: Matrix, second: Matrix, unit: str = "share", templates: Sequence[str] = ("plain",)) -> TwoModels:
    sides = side("a", first, templates=templates), side("b", second, templates=templates)
    return two_models(*sides, "m", unit, better="higher", seed=7)


PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=120)


@given(PAIRS)
@settings(max_examples=60)
def test_right_or_wrong_is_the_binomial_test_of_scipy(pairs: list[tuple[bool, bool]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = compared(one(first), one(second)).change
    assert found is not None
    gained, lost = sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)
    assert (found.gained, found.lost, found.n) == (gained, lost, len(pairs))
    assert found.estimate == pytest.approx((gained - lost) / len(pairs))
    flips = gained + lost
    exact = stats.binomtest(min(gained, lost), flips).pvalue if flips else 1.0
    mid = exact - stats.binom.pmf(min(gained, lost), flips, 0.5) if flips else 1.0
    wanted = 1.0 if gained == lost else min(1.0, mid)
    assert found.p_value == pytest.approx(wanted, abs=1e-12)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=60))
@settings(max_examples=40)
def test_numbers_have_the_paired_t_interval_of_scipy(pairs: list[tuple[float, float]]) -> None:
    first, second = zip(*pairs, strict=True)
    found = compared(one(first), one(second), "plain").change
    assert found is not None
    differences = np.subtract(second, first)
    assert found.estimate == pytest.approx(differences.mean())
    if np.ptp(differences) < 1e-6:
        return  # no bound: said of gates in docs/statistics.md
    ends = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(ends.low), pytest.approx(ends.high))


@given(PAIRS)
@settings(max_examples=40)
def test_swapping_the_sides_flips_the_signs_and_nothing_else(pairs: list[tuple[bool, bool]]) -> None:
    first, second = zip(*pairs, strict=True)
    there, back = compared(one(first), one(second)), compared(one(second), one(first))
    assert there.change is not None and back.change is not None
    assert there.change.estimate == -back.change.estimate
    assert (there.change.low, there.change.high) == (-(back.change.high or 0), -(back.change.low or 0))
    assert there.change.p_value == back.change.p_value
    swapped = {"regressed": "fixed", "fixed": "regressed"}
    assert {swapped.get(name, name): count for name, count in there.buckets.items()} == back.buckets


@pytest.mark.parametrize("unit", ["share", "plain"])
def test_a_model_against_itself_shows_no_difference(unit: str) -> None:
    values = one([1, 0, 1, 1, 0, 1])
    found = compared(values, values, unit)
    assert found.change is not None
    assert (found.change.estimate, found.change.p_value) == (0, 1)
    assert set(found.buckets) <= {"failing", "passing", "same"}


def test_items_are_sorted_into_buckets() -> None:
    found = compared(one([1, 0, 0, 1, None, 1]), one([0, 1, 0, 1, 1, None]))
    assert [(item.row_id, item.bucket) for item in found.items] == [
        ("i00000", "regressed"),
        ("i00004", "incomparable"),
        ("i00005", "incomparable"),
        ("i00001", "fixed"),
        ("i00002", "failing"),
        ("i00003", "passing"),
    ]
    assert [item.reason for item in found.items if item.reason] == ["not answered by a", "not answered by b"]
    assert next(iter(found.buckets.items())) == ("regressed", 1)


def test_a_missing_pair_leaves_it_open_whatever_the_rest_says() -> None:
    clear = compared(one([0] * 40), one([1] * 40))
    assert clear.outcome == "better"
    assert compared(one([0] * 40 + [None]), one([1] * 41)).outcome == "inconclusive"


def test_items_of_one_side_only_are_named_and_leave_it_open() -> None:
    ids = [f"x{number}" for number in range(30)]
    first, second = side("a", one([0] * 30), ids=ids), side("b", one([1] * 29), ids=ids[1:])
    found = two_models(first, second, "m", "share", better="higher", seed=1)
    assert (found.outcome, found.differs) == ("inconclusive", ("data: 1 item is in one of them only",))
    assert [(item.row_id, item.reason) for item in found.items if item.bucket == "incomparable"] == [
        ("x0", "not in the data of b")
    ]
    assert found.change is not None and found.change.n == 29


def test_nothing_in_common_is_no_comparison() -> None:
    found = two_models(
        side("a", one([1, 0]), ids=["p", "q"]),
        side("b", one([1, 0]), ids=["r", "s"]),
        "m",
        "share",
        better="higher",
        seed=1,
    )
    assert (found.change, found.outcome, found.buckets) == (None, "inconclusive", {"incomparable": 4})


def test_what_differs_beside_the_model_leaves_it_open() -> None:
    first, second = side("a", one([0] * 30)), side("b", one([1] * 30))
    found = two_models(first, second, "m", "share", better="higher", seed=1, differs=["decode: greedy against sample"])
    assert (found.outcome, found.differs) == ("inconclusive", ("decode: greedy against sample",))


def test_templates_count_once_an_item_and_others_are_named() -> None:
    first = side("a", [[1, 0]] * 30, templates=["plain", "terse"])
    second = side("b", [[1, 1, 0]] * 30, templates=["terse", "plain", "new"])
    found = two_models(first, second, "m", "share", better="higher", seed=1)
    assert found.templates == ("terse", "plain")
    assert found.differs == ("templates: `plain` and `terse` against `terse` and `plain` and `new`",)
    assert found.change is not None and (found.change.n, found.change.estimate) == (30, 0.5)
    assert {item.template for item in found.items} == {"terse"}


def test_the_direction_of_a_metric_decides_what_is_worse() -> None:
    first, second = side("a", one(range(40))), side("b", one([n + n % 3 for n in range(40)]))
    outcomes = {
        better: (found.outcome, found.buckets)
        for better in ("higher", "lower", None)
        if (found := two_models(first, second, "m", "plain", better=better, seed=1))
    }
    assert outcomes == {
        "higher": ("better", {"fixed": 26, "same": 14}),
        "lower": ("worse", {"regressed": 26, "same": 14}),
        None: ("higher", {"higher": 26, "same": 14}),
    }


def test_slices_have_their_own_change_and_holm_over_their_values() -> None:
    first, second = one([0] * 80), one([1] * 40 + [0] * 40)
    kinds = {f"i{number:05}": ["new" if number < 40 else "old"] for number in range(80)}
    found = two_models(
        side("a", first), side("b", second), "m", "share", better="higher", seed=1, slices={"kind": kinds}
    )
    new, old = found.slices
    assert (new.value, new.buckets, old.value, old.buckets) == ("new", {"fixed": 40}, "old", {"failing": 40})
    assert new.change is not None and new.adjusted == pytest.approx(2 * new.change.p_value)
    assert old.adjusted == 1


def test_a_metric_of_the_whole_set_is_that_of_the_set_and_not_a_mean_of_items() -> None:
    """A share of sums: the difference of sums(hits) / sums(tries), here with tries that vary."""
    random = np.random.default_rng(3)
    tries = random.integers(1, 20, 60)
    columns = [np.stack([random.binomial(tries, share), tries], axis=1).astype(float) for share in (0.4, 0.7)]

    def score(sums: np.ndarray) -> np.ndarray:
        return sums[..., 0] / sums[..., 1]

    sides = [
        replace(side(name, [[hit / n] for hit, n in one]), whole=WholeSet(score, (one,), 5))
        for name, one in zip("ab", columns, strict=True)
    ]
    found = two_models(*sides, "m", "plain", better="higher", seed=5)
    shares = [one[:, 0].sum() / one[:, 1].sum() for one in columns]
    assert found.change is not None and found.outcome == "better"
    assert (found.before.estimate, found.after.estimate) == (pytest.approx(shares[0]), pytest.approx(shares[1]))
    assert found.change.estimate == pytest.approx(shares[1] - shares[0])
    assert found.change.estimate != pytest.approx(float(np.mean(sides[1].values - sides[0].values)), abs=1e-4)
    back = two_models(*reversed(sides), "m", "plain", better="higher", seed=5)
    assert back.change is not None and back.change.estimate == -found.change.estimate
    assert back.change.p_value == found.change.p_value
