from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from tui.in_sight import AFTER, begin, first_difference
from tui.item_pages import PredictionRow
from tui.themes import Ink
from tui.widgets.columns import cells_in_sight
from tui.widgets.item_row import ITEM_COLUMNS, item_row

LONG = '{"order": null, "category": "delivery", "urgent": false, "customer": "somebody", "reason": "%s"}'


def test_a_difference_begins_with_its_word() -> None:
    assert first_difference("a cat sat", "a car sat") == 2
    assert first_difference("a cat", "a cat") == 0 and first_difference("a", "a b") == 0
    assert LONG.index("%s") == first_difference(LONG % "late", LONG % "lost")


@example("a" * 11, 3, 10)
@given(st.text(alphabet="ab 世é", max_size=80), st.integers(0, 80), st.integers(10, 60))
def test_the_place_that_matters_is_in_its_column(text: str, place: int, width: int) -> None:
    place = min(place, len(text))
    start = begin(text, place, width)
    assert 0 <= start <= place
    seen = cell_len(text[start:place]) + (1 if start else 0)
    assert not place or seen + min(AFTER, cell_len(text[place:])) <= width


def test_a_list_shows_the_first_difference_however_narrow_it_is() -> None:
    ink = Ink(*[""] * 8)
    row = item_row(
        PredictionRow("r", "t", 0.0, None, LONG % "lost parcel", LONG % "late parcel"), ("share", "higher"), ink
    )
    for width in (80, 100, 120):
        expected, output = (cell for cell in cells_in_sight(row, ITEM_COLUMNS, width)[3:5])
        assert isinstance(expected, Text) and isinstance(output, Text)
        assert "late" in expected.plain[:20] and "lost" in output.plain[:20] and output.plain.startswith("…")
    short = item_row(PredictionRow("r", "t", 0.0, None, "yes", "no"), ("share", "higher"), ink)
    assert [str(cell) for cell in cells_in_sight(short, ITEM_COLUMNS, 80)[3:5]] == ["no", "yes"]
