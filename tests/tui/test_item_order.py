"""The order of items: by bytes where there are few values, and always the one that sorting by both values gives."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tui.item_index import Asked, ItemIndex
from tui.item_order import Ranked

ITEMS = 300
VALUE = st.sampled_from([np.nan, 0.0, -0.0, 1.0, 0.5, -3.0, 7.25])
FEW = arrays(np.float64, ITEMS, elements=VALUE, fill=st.nothing())
MANY = st.integers(1, ITEMS).map(lambda values: (np.arange(ITEMS) * 7 % values) / values)
NOTHING = st.just(np.full(ITEMS, np.nan))
COLUMN = st.one_of(FEW, MANY, NOTHING)


def ranked(value: np.ndarray, base: np.ndarray, better: str) -> Ranked:
    cells, prints = np.zeros(len(value), np.int16), np.arange(len(value)).astype(np.uint64)
    asked = Asked("run", "eval", "model", "base", "metric")
    places = np.arange(len(value))
    return Ranked(
        ItemIndex(asked, ("s",), ("t",), "share", better, places, cells, prints, value, base, ~np.isnan(base), None)
    )


@given(COLUMN, COLUMN, st.sampled_from(["higher", "lower", "neither"]))
@example(np.full(ITEMS, np.nan), np.arange(ITEMS) % 255 / 255, "higher")  # as many levels as a byte has
@example(np.arange(ITEMS) % 255 / 255, np.full(ITEMS, np.nan), "higher")
@example(np.arange(ITEMS) % 127 / 127, np.arange(ITEMS) % 2 / 1.0, "lower")
def test_not_measured_first_then_the_worst_then_what_the_baseline_does_best(
    value: np.ndarray, base: np.ndarray, better: str
) -> None:
    sign = -1.0 if better == "lower" else 1.0

    def key(item: int) -> tuple[float, ...]:
        measured, beside = not np.isnan(value[item]), not np.isnan(base[item])
        return (measured, sign * value[item] if measured else 0.0, not beside, -sign * base[item] if beside else 0.0)

    assert ranked(value, base, better).order.tolist() == sorted(range(ITEMS), key=key)


@pytest.mark.parametrize("items", [0, 1])
def test_no_item_and_one(items: int) -> None:
    assert ranked(np.ones(items), np.zeros(items), "higher").order.tolist() == list(range(items))
