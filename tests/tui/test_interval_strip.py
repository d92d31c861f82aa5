from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.interval_strip import strip

shares = st.floats(min_value=-1, max_value=1, allow_nan=False)


def drawn(low: float | None, high: float | None, estimate: float | None, threshold: float | None) -> str:
    return strip((low, high, None), estimate, () if threshold is None else (threshold,), 21, "", "").plain


def test_an_interval_right_of_its_threshold() -> None:
    line = drawn(0.85, 0.95, 0.9, 0.8)
    assert line.index("┃") < line.index("├") < line.index("●") < line.index("┤")


def test_a_threshold_inside_the_interval() -> None:
    line = drawn(0.7, 0.95, 0.75, 0.85)
    assert line.index("├") < line.index("●") < line.index("┃") < line.index("┤")


@given(shares, shares, shares, shares)
def test_the_strip_has_its_width_and_tells_the_side(a: float, b: float, estimate: float, threshold: float) -> None:
    line = drawn(min(a, b, estimate), max(a, b, estimate), estimate, threshold)
    assert len(line) == 21
    assert "┃" in line
    if "●" in line and estimate != threshold:
        assert (line.index("●") > line.index("┃")) == (estimate > threshold)


def test_what_was_not_measured_is_blank() -> None:
    assert drawn(None, None, None, 0.8).strip() == ""
    assert "├" not in drawn(None, None, 0.9, 0.8)


def test_the_bound_that_decides_stands_on_its_side_of_the_threshold() -> None:
    line = strip((0.78, 0.95, 0.81), 0.9, (0.8,), 41, "", "").plain
    assert line.index("├") < line.index("┃") < line.index("╂") < line.index("●")
    near = strip((0.5, 0.99, 0.801), 0.9, (0.8,), 21, "", "").plain
    assert near.index("┃") < near.index("╂")


def test_an_equivalence_has_two_thresholds() -> None:
    line = strip((0.03, 0.09, 0.04), 0.06, (0.02, -0.02), 41, "", "").plain
    assert line.count("┃") == 2 and line.rindex("┃") < line.index("├")
