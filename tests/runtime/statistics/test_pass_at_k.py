"""pass@k against all choices of k samples, and against the formula of the paper's own code."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.statistics.pass_at_k import at_k, pass_at_k


@given(st.data())
def test_it_is_the_share_of_choices_with_one_that_passed(data: st.DataObject) -> None:
    passed = data.draw(st.lists(st.booleans(), min_size=1, max_size=8))
    k = data.draw(st.integers(1, len(passed)))
    choices = [any(choice) for choice in combinations(passed, k)]
    assert pass_at_k(len(passed), sum(passed), k) == pytest.approx(sum(choices) / len(choices), abs=1e-15)


@given(st.integers(1, 300), st.data())
def test_it_is_the_paper_s_product(samples: int, data: st.DataObject) -> None:
    passed, k = data.draw(st.integers(0, samples)), data.draw(st.integers(1, samples))
    product = 1.0 if samples - passed < k else 1.0 - np.prod(1.0 - k / np.arange(samples - passed + 1, samples + 1))
    assert pass_at_k(samples, passed, k) == pytest.approx(product, abs=1e-12)


def test_it_is_unbiased() -> None:
    """Its mean over how many of 10 samples pass is the truth, 1 - (1 - p)^k."""
    for p in (0.03, 0.4):
        mean = sum(comb(10, c) * p**c * (1 - p) ** (10 - c) * (pass_at_k(10, c, 4) or 0.0) for c in range(11))
        assert mean == pytest.approx(1 - (1 - p) ** 4)


def test_known_values() -> None:
    assert pass_at_k(5, 2, 1) == 0.4
    assert pass_at_k(5, 2, 3) == 0.9
    assert pass_at_k(200, 0, 100) == 0.0
    assert pass_at_k(200, 1, 200) == 1.0
    assert pass_at_k(4, 4, 5) is None  # four samples do not tell of five


@pytest.mark.parametrize("counts", [(5, 6, 1), (5, -1, 1), (5, 2, 0)])
def test_counts_that_cannot_be(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no counts"):
        pass_at_k(*counts)


def test_of_a_matrix_each_item_by_itself() -> None:
    nan = float("nan")
    passed = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1], [1, 1, nan, 0]], dtype=np.float64)
    assert at_k(passed, 2).tolist()[:3] == [0.0, 0.5, 1.0]
    assert np.isnan(at_k(passed, 2)[3])
    assert at_k(passed, 1).tolist()[:3] == passed[:3].mean(axis=1).tolist()
    assert np.isnan(at_k(passed, 5)).all()
    assert at_k(np.empty((0, 3)), 2).tolist() == []
