"""The lines above a list of items: what is chosen, the outcomes with their counts, why items failed, the filters."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from spec_lang.plain_text import one_line
from tui.cause_queries import Cause
from tui.themes import Ink
from tui.view_models.failures import FilterLine, cause_line

NARROW = 96  # cells below which the names of what is chosen are left away; their keys stay


class FilterHead(Vertical):
    DEFAULT_CSS = """
    FilterHead { height: auto; padding: 0 2; }
    FilterHead Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def compose(self) -> ComposeResult:
        for name in ("chosen", "outcomes", "causes", "filters"):
            yield Static("", id=name, markup=False)

    def clear(self) -> None:
        for part in self.query(Static):
            part.update("")

    def show(self, line: FilterLine, ink: Ink) -> None:
        chosen, narrow = Text(), self.app.size.width < NARROW
        for key, name, value in line.chosen:
            chosen.append(f"{key} ", style=f"bold {ink.accent}")
            chosen.append("" if narrow else f"{name} ", style=ink.faint)
            chosen.append(one_line(value, 24) + "  ", style=f"bold {ink.text}")
        tabs = Text().append("o ", style=f"bold {ink.accent}")
        for position, tab in enumerate(line.tabs):
            tabs.append(" · " if position else "", style=ink.faint)
            tabs.append(
                f"[{tab.title}]" if tab.here else tab.title, style=f"bold {ink.text}" if tab.here else ink.faint
            )
        on = Text().append("only  " if line.on else "", style=ink.faint)
        for key, name, value in line.on:
            on.append(f"{key} ", style=f"bold {ink.accent}").append(f"{one_line(name, 20)} ", style=ink.faint)
            on.append(one_line(value, 40) + "  ", style=f"bold {ink.text}")
        if line.on:
            on.append("u ", style=f"bold {ink.accent}").append("all items again", style=ink.faint)
        for name, text in (("chosen", chosen), ("outcomes", tabs), ("filters", on)):
            self._tell(name, text)

    def show_causes(self, causes: Mapping[Cause, int], ink: Ink) -> None:
        text = Text()
        if causes:
            text.append("w ", style=f"bold {ink.accent}").append(cause_line(causes), style=ink.faint)
        self._tell("causes", text)

    def _tell(self, name: str, text: Text) -> None:
        text.no_wrap, text.overflow = True, "ellipsis"
        part = self.query_one(f"#{name}", Static)
        part.update(text)
        part.display = bool(text)
