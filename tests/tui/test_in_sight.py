from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from sft.plain_tables import Table, aligned
from tui.in_sight import AFTER, begin, first_difference
from tui.item_pages import PredictionRow
from tui.themes import Ink
from tui.view_models.predictions import item_line
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


@example("", "我" * 50, "好", "坏", 12)
@example("id ", "a1b2c3" * 20, "x", "y", 20)
@example("", "a" * 7, "世", "b", 12)
@given(
    st.text(alphabet="ab 世", max_size=60),
    st.text(alphabet="ab世é", max_size=40),
    st.text(alphabet="xy界", min_size=1, max_size=30),
    st.text(alphabet="uv海 ", max_size=30),
    st.integers(12, 60),
)
def test_the_character_that_differs_is_in_sight(head: str, word: str, one: str, other: str, width: int) -> None:
    """However long its word is: many languages have no blanks, nor has a number that is a name."""
    texts = head + word + one, head + word + other
    place = first_difference(*texts)
    for text in texts:
        start = begin(text, place, width)
        before = cell_len(text[start : len(head + word)]) + (1 if start else 0)
        ends = cell_len(text[start:]) + (1 if start else 0) <= width
        assert before + cell_len(text[len(head + word) :][:1]) <= (width if ends else width - 1)


def test_a_difference_behind_what_a_list_reads_is_told() -> None:
    same = "word " * 80
    for later in (False, True):
        read = PredictionRow("r", "t", 0.0, None, same, same, differs_later=later)
        row = item_row(read, ("share", "higher"), Ink(*[""] * 8))
        output = cells_in_sight(row, ITEM_COLUMNS, 80)[4]
        assert isinstance(output, Text) and ("… differs" in output.plain[:20]) is later
        line = item_line(read, ("share", "higher"))
        table = Table("", ("a", "b", "c"), [("x", line.expected, line.output)], compared=(1, 2))
        assert ("… differs" in aligned(table, 60, header=False)[0]) is later


def test_text_of_a_page_shows_a_difference_far_behind() -> None:
    texts = ("lo " * 110 + "early", "lo " * 110 + "late")
    (line,) = aligned(Table("", ("a", "b"), [texts], compared=(0, 1)), 50, header=False)
    assert "early" in line and "late" in line


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
