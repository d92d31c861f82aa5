from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.braille_plot import Frame, Series, dots, frame_of, plot, short

values = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
curves = st.lists(st.tuples(values, values), min_size=1, max_size=20)


@given(curves, st.integers(1, 80), st.integers(1, 30))
def test_a_chart_has_exactly_its_size(points: list[tuple[float, float]], width: int, height: int) -> None:
    lines = plot([Series("a", sorted(points))], width, height).plain.split("\n")
    if width >= 14 and height >= 3:
        assert len(lines) == height
    assert all(cell_len(line) <= max(width, len("no values yet")) for line in lines[:-1])


@given(curves)
def test_every_point_has_its_dot(points: list[tuple[float, float]]) -> None:
    frame = frame_of([Series("a", points)])
    assert frame is not None
    grid = dots(points, frame, 20, 5)
    for x, y in points:
        column = round((x - frame.left) / (frame.right - frame.left) * 39)
        row = round((frame.top - y) / (frame.top - frame.bottom) * 19)
        assert grid[row // 4][column // 2]


def test_a_rising_line_goes_from_corner_to_corner() -> None:
    frame = Frame(0, 1, 0, 1)
    rising = dots([(0, 0), (1, 1)], frame, 2, 1)
    assert [chr(0x2800 + mask) for mask in rising[0]] == ["⡠", "⠊"]
    assert [chr(0x2800 + mask) for mask in dots([(0, 0.5), (1, 0.5)], frame, 2, 1)[0]] == ["⠤", "⠤"]


def test_values_that_are_not_numbers_are_gaps() -> None:
    frame = Frame(0, 2, 0, 1)
    grid = dots([(0, 0.0), (1, math.nan), (2, 0.0)], frame, 9, 1)
    assert grid[0][0] and grid[0][8] and not any(grid[0][1:8])
    assert frame_of([Series("a", [(0, math.inf)])]) is None


def test_a_loss_never_gets_an_axis_below_zero() -> None:
    frame = frame_of([Series("loss", [(0, 2.0), (1, 0.01)])])
    assert frame is not None and frame.bottom == 0.0


def test_no_values() -> None:
    assert "no values yet" in plot([], 40, 10).plain


def test_labels_stay_short() -> None:
    for value in (0.0, 0.00012, 0.5, 12.34, 999.9, 123456.0, -1234567.0, 1e-12):
        assert len(short(value)) <= 8
    assert short(0.5) == "0.5"
    assert short(123456.0) == "123.5k"
