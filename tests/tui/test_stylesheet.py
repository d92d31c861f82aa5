"""The dashboard's style sheet against Textual's own: the same rules, parsed once; and what of Textual it stands on."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from textual.css import stylesheet as textual_css
from textual.css.errors import StylesheetError
from textual.css.stylesheet import Stylesheet

from tui.stylesheet import SOURCES, LastingStylesheet

MOVED = (
    "Textual has changed {}, on which `tui/stylesheet.py` stands: read `textual/css/stylesheet.py` and mend it there"
)
DARK, LIGHT = {"ground": "#101010"}, {"ground": "#f0f0f0"}
CSS = {"one": "Label { background: $ground; }", "two": "Input { color: $ground; }\nLabel { width: 3; }"}


def filled(kind: type[Stylesheet]) -> Stylesheet:
    made = kind(variables=DARK)
    for name, css in CSS.items():
        made.add_source(css, read_from=(name, ""))
    made.parse()
    return made


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that Textual has parsed, in their order."""
    found: list[str] = []
    real = textual_css.parse

    def counted(scope: str, css: str, *more: Any, **how: Any) -> Any:
        found.append(css)
        return real(scope, css, *more, **how)

    monkeypatch.setattr(textual_css, "parse", counted)
    return found


def test_what_it_takes_from_textual_is_still_there() -> None:
    plain = Stylesheet(variables=DARK)
    for private in ("_variables", "_parse_cache", "_invalid_css", "_rules", "_rules_map"):
        assert private in vars(plain), MOVED.format(f"`Stylesheet.{private}`")
    assert plain._variables == DARK, MOVED.format("what `_variables` holds")
    for name, given in (("set_variables", ["self", "variables"]), ("reparse", ["self"]), ("parse", ["self"])):
        assert [*inspect.signature(getattr(Stylesheet, name)).parameters] == given, MOVED.format(f"`{name}`")
    plain.add_source(CSS["one"])
    plain.parse()
    assert len(plain._parse_cache) == 1, MOVED.format("what is put into `_parse_cache`")
    plain.set_variables(LIGHT)
    assert len(plain._parse_cache) == 0, MOVED.format("`set_variables`, which emptied `_parse_cache`")


def test_a_source_is_parsed_again_when_a_colour_has_changed_and_not_before(parsed: list[str]) -> None:
    ours, sources = filled(LastingStylesheet), [*CSS.values()]
    assert parsed == sources
    for _ in range(2):
        ours.set_variables(dict(DARK))
        ours.reparse()
    assert parsed == sources, MOVED.format("how a source that was parsed is known again")
    ours.add_source("Button { height: 1; }", read_from=("three", ""))
    ours.reparse()
    assert parsed == [*sources, "Button { height: 1; }"]
    ours.set_variables(LIGHT)
    ours.reparse()
    assert sorted(parsed[3:]) == sorted([*sources, "Button { height: 1; }"])


def test_it_keeps_more_sources_than_textual(parsed: list[str]) -> None:
    ours, many = LastingStylesheet(variables=DARK), 200
    assert many < SOURCES
    for number in range(many):
        ours.add_source(f"Label.c{number} {{ width: 1; }}", read_from=(str(number), ""))
    for _ in range(2):
        ours.reparse()
    assert len(parsed) == many, MOVED.format("the place of its cache")


def test_it_gives_the_rules_of_textual_s_own(parsed: list[str]) -> None:
    ours, theirs = filled(LastingStylesheet), filled(Stylesheet)
    for variables in (DARK, LIGHT, LIGHT, DARK):
        for sheet in (ours, theirs):
            sheet.set_variables(dict(variables))
            sheet.reparse()
        assert ours.css == theirs.css and variables["ground"].upper() in ours.css
        assert ours.rules_map.keys() == theirs.rules_map.keys()


def test_a_source_that_cannot_be_parsed_leaves_the_rules_as_they_are() -> None:
    for sheet in (filled(LastingStylesheet), filled(Stylesheet)):
        before = sheet.css
        sheet.add_source("Label { nosuch: 3; }", read_from=("bad", ""))
        with pytest.raises(StylesheetError):
            sheet.reparse()
        sheet._require_parse = False  # else asking for the rules parses them again
        assert sheet.css == before, type(sheet)
