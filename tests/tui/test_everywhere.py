"""What holds on every screen: searching, copying, colours, tabs under the mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from textual.color import Color
from textual.widgets import OptionList

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui.app import Dashboard
from tui.screens.nearest import NearestScreen
from tui.screens.run import RunScreen
from tui.screens.training import TrainingScreen
from tui.screens.verdicts import VerdictsScreen
from tui.themes import DARK, LIGHT, THEMES, Ink, first_theme, ink
from tui.view_models import plan_tree
from tui.widgets.ask_line import open_line
from tui.widgets.big_table import BigTable
from tui.widgets.row_table import RowTable

Walk = Callable[..., None]


def colours(go: Journey) -> set[str]:
    """The colours of what stands on the screen; empty where it only uses the terminal's own two."""
    found = set()
    for strip in go.app.screen._compositor.render_strips():
        for segment in strip:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if colour is not None and not colour.is_default:
                    found.add(colour.name)
    return found


def test_a_bug_costs_an_answer_and_not_the_dashboard(done: Store, walk: Walk, bugs: dict[str, str]) -> None:
    async def journey(go: Journey) -> None:
        screen = go.app.screen
        for question, then in ((lambda: 1 // 0, print), (dict, lambda found: found["nothing"])):
            screen.ask("any", question, then)  # type: ignore[attr-defined]
            await go.settle()
            told = next(line for line in go.text().splitlines() if "internal error: " in line)
            assert "ZeroDivisionError" in told or "KeyError: 'nothing'" in told
        assert len(bugs) == 2
        await go.press("r", "j")
        assert isinstance(go.app.screen, RunScreen) and "internal error" not in go.text()
        bugs.clear()

    walk(done, journey, run_id=RUN, size=(120, 34))


def test_a_search_goes_to_what_holds_the_text_and_back_again(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        table = go.app.screen.query_one(RowTable)
        await go.press("slash", *"PREDICT")
        found = [row.key for row in table.records if row.key.startswith("predict:")]
        assert len(found) == 4 and len(table.records) == 14
        assert "1 of 4, in 14 lines" in go.text() and table.current == found[0]
        await go.press("enter", "n")
        assert table.current == found[1] and table.has_focus
        await go.press("N", "N")
        assert table.current == found[-1]  # round the end
        await go.press("slash", *"zzz")
        assert "no line holds it" in go.text()
        await go.press("escape")
        assert isinstance(go.app.screen, RunScreen) and table.sought == "" and table.has_focus
        await go.press("n")
        assert "press / and say what to look for" in go.text()

    walk(done, journey, run_id=RUN)


def test_a_search_finds_what_is_folded_and_opens_it(done: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_tree, "MANY_ANSWERS", 3)

    async def journey(go: Journey) -> None:
        table = go.app.screen.query_one(RowTable)
        assert not [row.key for row in table.records if row.key.startswith("predict:")]
        await go.press("slash", *"smol.chatty")
        assert table.current == "predict:format.smol.chatty" and "1 of 1, in 15 lines" in go.text()
        await go.press("enter", "space")
        assert table.current is not None and table.current.endswith("answers of format")
        await go.press("n")
        assert table.current == "predict:format.smol.chatty" and table.has_focus

    walk(done, journey, run_id=RUN)


def test_a_line_that_asks_lies_over_the_list_and_goes_before_the_screen_does(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        table = go.app.screen.query_one(BigTable)
        size, here = table.size, go.app.screen
        await go.press("colon", *"99,999,999,999", "enter")
        assert table.has_focus and table.cursor == table.total - 1 and open_line(here) is None
        await go.press("g", "colon", *"half", "enter")
        assert "a row's number, or a place such as 50%" in go.text() and table.size == size
        await go.pilot.click(BigTable, offset=(5, 3))
        assert table.has_focus and open_line(here) is not None
        await go.press("escape")
        assert open_line(here) is None and go.app.screen is here and table.cursor == 2
        await go.press("slash", "escape", "escape")
        assert go.app.screen is not here

    walk(done, journey, run_id=RUN)


def test_a_text_to_look_for_is_no_pattern_and_letters_are_no_keys(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("slash", *"q.h(")
        assert "no line holds it" in go.text() and isinstance(go.app.screen, RunScreen)

    walk(done, journey, run_id=RUN)


def test_other_colours_are_those_of_all_that_is_on_show(done: Store, data: Store, walk: Walk) -> None:
    """An item that has the screen and lines of a spec too, of which nothing is read again; and where there are no tints
    what is under the cursor is reversed in lists of any length too."""

    async def turn(go: Journey) -> None:
        dark = {getattr(ink(go.app), name).lower() for name in Ink.__struct_fields__}
        assert dark & colours(go)
        await go.press("T")
        assert go.app.theme == LIGHT.name and not dark & colours(go), dark & colours(go)
        await go.press("T")
        assert not [name for name in colours(go) if name.startswith("#")], go.app.theme
        for one in go.app.screen.query(BigTable):
            if one.size.height:
                strip = go.app.screen._compositor.render_strips()[one.region.y + 1 + one.cursor - one.scroll_offset.y]
                words = [s.style for s in strip if s.text.strip() and s.style and s.text.strip() not in "▁▂▃▄▅▆▇█"]
                assert words and all(style.reverse for style in words), words
        await go.press("T", "T")
        assert go.app.theme == DARK.name and dark & colours(go)

    async def items(go: Journey) -> None:
        for key in ("1", "4", "5", "enter"):
            await go.press(key)
            await turn(go)
        await go.press("r", "a")  # what has the screen is still the item that keys are about
        assert isinstance(go.app.screen, NearestScreen)

    async def spec(go: Journey) -> None:
        await go.press("6")
        await turn(go)

    walk(done, items, run_id=RUN, size=(120, 40))
    walk(data, spec, run_id=data.query("SELECT run_id FROM runs")[0][0], size=(120, 40))


def test_a_choice_under_the_cursor_can_be_read_in_all_colours(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("5")
        for name in THEMES:  # from dark on
            await go.press("s")
            place = go.app.screen.query_one(OptionList).region
            strip = go.app.screen._compositor.render_strips()[place.y].crop(place.x, place.right)
            look = next(segment.style for segment in strip if segment.style and "category" in segment.text)
            if name.startswith("ansi"):
                assert look.bold and look.underline and look.bgcolor.is_default
            else:
                written, behind = (Color.parse(one.name).brightness for one in (look.color, look.bgcolor))
                assert abs(written - behind) > 0.4 and not look.underline, (name, look)
            await go.press("escape", "T")

    walk(done, journey, run_id=RUN, size=(120, 40))


def test_a_line_and_its_detail_are_copied_with_controls_as_symbols(hostile: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("y")
        assert go.app.clipboard.startswith("=\tingest tickets")
        await go.press("4", "Y")  # the cursor stands on what decided
        assert go.app.clipboard.startswith("✗ fail") and "estimate" in go.app.clipboard
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", go.app.clipboard)

    walk(hostile, journey, run_id=RUN, size=(120, 40))


def test_what_is_copied_has_a_size(done: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(go: Journey) -> None:
        monkeypatch.setattr(type(go.app.screen), "copied", lambda self, what: "ä" * 1_000_000)
        await go.press("y")
        assert len(go.app.clipboard.encode()) <= 74_994
        assert "the first 37,497 of 1,000,000 characters" in " ".join(go.text().split())

    walk(done, journey, run_id=RUN)


def test_a_click_on_a_tab_opens_its_view(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        line = go.text().split("\n")[1]
        await go.pilot.click("#top", offset=(line.index("Training") + 1, 1))
        await go.settle()
        assert isinstance(go.app.screen, TrainingScreen)
        await go.pilot.click("#top", offset=(line.index("4"), 1))
        await go.settle()
        assert isinstance(go.app.screen, VerdictsScreen)

    walk(done, journey, run_id=RUN)


def test_a_key_goes_through_the_themes(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        seen = []
        for _ in THEMES:
            seen.append(go.app.theme)
            await go.press("T")
        assert seen == list(THEMES) and go.app.theme == DARK.name

    walk(done, journey, run_id=RUN)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_sixteen_colours_are_those_of_the_terminal(
    done: Store, walk: Walk, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFT_THEME", theme)

    async def journey(go: Journey) -> None:
        for key in "12345":
            await go.press(key)
            mixed = {colour for colour in colours(go) if colour.startswith("#")}
            assert not mixed, (key, mixed)
        go.app.screen.say("what could not be read")
        await go.settle()
        strip = go.app.screen._compositor.render_strips()[go.app.screen.query_one("#status").region.y]
        looks = [segment.style for segment in strip if segment.style and "could not" in segment.text]
        assert looks and all(look.bgcolor.is_default and look.bold for look in looks), "words on a solid colour"

    walk(done, journey, run_id=RUN, size=(120, 40))


def test_without_colour_there_is_none_and_all_is_said(done: Store, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def journey(go: Journey) -> None:
        for key in ("1", "2", "3", "4", "5", "question_mark"):
            await go.press(key)
            assert not colours(go), (key, colours(go))
        await go.press("escape", "4")
        assert "✗ fail" in go.text() or "✗ gate fail" in go.text()
        strips = go.app.screen._compositor.render_strips()
        assert any(segment.style and segment.style.reverse for strip in strips for segment in strip), "the cursor"

    walk(done, journey, run_id=RUN, size=(120, 40))


@pytest.mark.parametrize(
    ("wanted", "system", "no_color", "theme"),
    [
        (None, "truecolor", False, "sft-dark"),
        (None, "256", False, "sft-dark"),
        (None, "standard", False, "ansi-dark"),
        (None, None, False, "ansi-dark"),
        (None, "truecolor", True, "ansi-dark"),
        ("light", "standard", False, "sft-light"),
        ("ansi-light", "truecolor", False, "ansi-light"),
        ("no such theme", "truecolor", False, "sft-dark"),
    ],
)
def test_the_first_theme_can_be_shown(wanted: Any, system: Any, no_color: bool, theme: str) -> None:
    assert first_theme(wanted, system, no_color=no_color) == theme


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_colour_of_text_can_be_read_on_what_is_behind_it(done: Store, theme: str) -> None:
    """4.5 to 1 as WCAG 2 asks of text, and 3.5 on the line under the cursor."""
    app = Dashboard(done, theme=theme)
    colours, own = ink(app), app.theme_variables
    background, surface, primary = (Color.parse(own[name]) for name in ("background", "surface", "primary"))
    cursor = background.blend(primary, 0.22)
    for name in Ink.__struct_fields__:
        colour = Color.parse(getattr(colours, name))
        for behind, least in ((background, 4.5), (surface, 4.4), (cursor, 3.5)):
            assert contrast(colour, behind) >= least, (name, contrast(colour, behind))


def contrast(one: Color, other: Color) -> float:
    def light(colour: Color) -> float:
        parts = ((p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4) for p in colour.normalized)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
