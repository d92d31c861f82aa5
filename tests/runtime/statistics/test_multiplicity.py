"""Holm's adjustment against statsmodels."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from runtime.statistics.multiplicity import holm


@settings(max_examples=100)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_equals_statsmodels(p_values: list[float]) -> None:
    with patch("gc.collect"):  # which statsmodels calls each time, and which takes a second where much is loaded
        published = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(tuple(published))


def test_nothing_to_adjust() -> None:
    assert holm([]) == ()
    assert holm([0.03]) == (0.03,)
