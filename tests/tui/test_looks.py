"""What a reader sees: keys that stand whole, facts beside their names, lines that hang, first rows below a rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import queries
from tui.actions import ACTIONS, key_name
from tui.screens.compare import CompareScreen
from tui.themes import Ink
from tui.widgets.marked_text import BETWEEN, hanging, labelled

Walk = Callable[..., None]
PLAIN = Ink(*[""] * 8)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_keys_stand_whole_and_the_one_for_all_keys_is_always_there(done: Store, walk: Walk, width: int) -> None:
    known = {f"{key_name(action.keys[0])} {action.title}" for action in ACTIONS} | {"^p palette", "…"}

    async def journey(go: Journey) -> None:
        for key in "12345":
            await go.press(key)
            line = go.text().split("\n")[-1].strip()
            assert "? Keys" in line and line.startswith("Enter Open") and cell_len(line) <= width, line
            while line:
                first = next((one for one in known if f"{line} ".startswith(f"{one} ")), None)
                assert first is not None, line
                line = line.removeprefix(first).lstrip()
        await go.press("1", "slash")
        assert go.text().split("\n")[-1].split() == ["Enter", "keep", "it", "Esc", "drop", "it"]

    walk(done, journey, run_id=RUN, size=(width, 24))


def test_there_is_no_way_back_from_the_first_screen(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert "Esc Back" not in go.text()
        await go.press("enter")
        assert "Esc Back" in go.text()

    walk(done, journey, size=(120, 24))


@pytest.mark.parametrize("width", [12, 25, 40, 80])
def test_a_fact_stays_with_its_name_where_a_line_holds_both(width: int) -> None:
    facts = [("learning rate", "7.1e-06"), ("loss", "0.5"), ("p", "1"), ("items", "121"), ("test", "x" * 30)]
    lines = labelled(facts, PLAIN, width).plain.split("\n")
    found = [fact for line in lines for fact in line.split(BETWEEN)]
    assert found == [f"{name} {value}" for name, value in facts]
    assert all(cell_len(line) <= width or BETWEEN not in line for line in lines)


@pytest.mark.parametrize("width", [20, 38, 60, 200])
def test_a_line_that_goes_on_stands_deeper_than_it_began(width: int) -> None:
    line = "    templates = [plain, chatty]   # chatty was never trained on: template overfit shows here"
    first, *rest = hanging(line, 5, width).split("\n")
    assert first.startswith("    templates") and all(one.startswith(" " * 7) for one in rest)
    assert all(len(one) <= max(width, 21) for one in (" " * 5 + first, *rest))
    assert "".join("".join((first, *rest)).split()) == "".join(line.split())
    assert hanging("", 5, width) == ""


def test_a_comparison_begins_at_what_became_another(three: Path, walk: Walk) -> None:
    first, second = (row.run_id for row in reversed(queries.runs(Store(three / ".sft"), 3)[1:]))

    async def journey(go: Journey) -> None:
        go.app.open_above("compare", first, second)
        await go.settle()
        assert isinstance(go.app.screen, CompareScreen)
        line = next(line for line in go.app.screen.lines if line.mark)
        assert go.app.screen.table().current == line.key and line.key != go.app.screen.lines[1].key

    walk(Store(three / ".sft"), journey, size=(120, 34))


def test_the_first_rows_that_a_rule_dropped_stand_below_the_funnel(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("2", *["down"] * 3)
        await go.until("tickets.jsonl:31  2  ")
        assert "tickets.jsonl:402  93  " in go.text()
        await go.press("down")
        await go.until("tickets.jsonl:77  Lorem Ipsum  ")
        assert "tickets.jsonl:31" not in go.text()

    walk(done, journey, run_id=RUN, size=(120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_question_lies_above_a_list_that_is_as_wide_as_the_screen(
    begun: Store, walk: Walk, size: tuple[int, int]
) -> None:
    async def journey(go: Journey) -> None:
        assert go.app.screen.query_one("#runs").size.width == size[0]
        for key, asked in (("S", "Stop run"), ("question_mark", "In the list of runs")):
            await go.press(key)
            assert asked in go.text() and str(begun.root)[:40] in go.text()
            await go.press("escape")

    walk(begun, journey, size=size)


def test_a_check_that_finds_nothing_says_so(three: Path, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("6")
        await go.until("no findings")
        assert "is looking at it" not in go.text()

    walk(Store(three / ".sft"), journey, run_id=queries.runs(Store(three / ".sft"), 1)[0].run_id, size=(120, 34))


def test_an_item_stands_beside_its_list_where_a_line_has_room_for_both(done: Store, walk: Walk) -> None:
    """And below it where it has none; either way nothing of the body is left empty, and the item can have it all."""

    async def journey(go: Journey) -> None:
        await go.press("5")
        body, head, rows, item = (
            go.app.screen.query_one(name).region for name in ("#body", "FilterHead", "#items", "#item")
        )
        assert head.width == body.width and rows.height + item.height + head.height >= body.height
        if go.app.size.width < 160:
            assert rows.width == item.width == body.width and item.y == rows.bottom
        else:
            assert rows.y == item.y == head.bottom and rows.bottom == item.bottom == body.bottom
            assert rows.width == item.width == body.width // 2 and item.x == rows.right
        await go.press("enter")
        assert go.app.screen.query_one("#item").region == body
        await go.press("escape", "slash", *"zzz", "enter")
        assert "zzz" in go.text() and go.app.screen.query_one("#nothing").region.width == body.width
        await go.press("2", *["down"] * 3, "enter")
        rows, item = go.app.screen.query_one("#drops").region, go.app.screen.query_one(".detail").region
        assert (rows.y == item.y) == (go.app.size.width >= 160)

    for size in ((120, 40), (200, 60)):
        walk(done, journey, run_id=RUN, size=size)


def test_what_gets_the_screen_has_lines_of_its_width(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        def line_of(words: str) -> str:
            return next(line for line in go.text().split("\n") if words in line)

        await go.press("5")
        assert "item c3" not in line_of("marked against")
        await go.press("enter")
        assert "item c3" in line_of("marked against")
        await go.press("escape")
        assert "item c3" not in line_of("marked against")
        await go.press("1", *["down"] * 4)
        assert "train:tuned" in go.text() and "72af3ff0e333" not in line_of("validation render:")
        await go.press("z")
        assert "72af3ff0e333" in line_of("validation render:")

    walk(done, journey, run_id=RUN, size=(160, 40))
