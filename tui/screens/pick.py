"""One of a list: a slice, a cause, what to compare with. Opens over a screen, Enter takes one, Escape none.

Counts are drawn as bars beside their numbers, so that where the failures are is seen before it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from spec_lang.plain_text import one_line
from tui.formats import count
from tui.themes import ink

LABEL, BAR = 34, 14  # with the number they fill a line of the dialog


@dataclass(frozen=True)
class Choice:
    """``key`` is given back; ``items`` is drawn as a bar of the largest one."""

    key: str
    label: str
    items: int | None = None


class PickScreen(ModalScreen[str | None]):
    BINDINGS: ClassVar = [
        Binding("escape,q,h", "leave", "Leave"),
        Binding("j", "move(1)", "Down"),
        Binding("k", "move(-1)", "Up"),
        Binding("l", "take", "Take"),
    ]
    DEFAULT_CSS = """
    PickScreen { align: center middle; background: $background 60%; }
    PickScreen > Vertical {
        width: 66; max-width: 95%; height: auto; max-height: 80%; padding: 1 2;
        background: $surface; border: round $primary; border-title-color: $accent;
        border-subtitle-color: $foreground 68%;
    }
    PickScreen OptionList {
        height: auto; max-height: 100%; border: none; padding: 0; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    PickScreen OptionList:focus { border: none; background-tint: $foreground 0%; }
    PickScreen OptionList:focus > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    PickScreen OptionList:ansi:focus > .option-list--option-highlighted {
        background: ansi_default; color: ansi_default; text-style: bold underline;
    }
    PickScreen #about { color: $foreground 68%; height: auto; margin-bottom: 1; }
    """

    def __init__(self, title: str, choices: Sequence[Choice], about: str = "", *, at: str | None = None) -> None:
        super().__init__()
        self._title, self._choices, self._about, self._at = title, tuple(choices), about, at

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._about, id="about", markup=False)
            yield OptionList(*(Option(self._line(choice), id=str(n)) for n, choice in enumerate(self._choices)))

    def on_mount(self) -> None:
        self.query_one(Vertical).border_title = self._title
        self.query_one(Vertical).border_subtitle = "Enter chooses, Esc closes"
        self.query_one("#about").display = bool(self._about)
        options = self.query_one(OptionList)
        options.highlighted = next((n for n, one in enumerate(self._choices) if one.key == self._at), 0)
        options.focus()

    def _line(self, choice: Choice) -> Text:
        look, text = ink(self.app), Text(no_wrap=True, overflow="ellipsis")
        text.append(one_line(choice.label, LABEL), style=look.text)
        if choice.items is None:
            return text
        most = max((one.items or 0 for one in self._choices), default=0) or 1
        cells = max(1, round(BAR * choice.items / most)) if choice.items else 0
        text.append(" " * max(1, LABEL + 1 - text.cell_len))
        text.append(f"{count(choice.items):>9} ", style=look.faint)
        return text.append("▇" * cells, style=look.primary)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._choices[event.option_index].key)

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_take(self) -> None:
        self.query_one(OptionList).action_select()

    def action_leave(self) -> None:
        self.dismiss(None)
