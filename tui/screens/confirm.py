"""A question before something is changed: what will happen, and two keys.

Actions that write, start or stop something ask here first and say in full what they will do; Escape does nothing.
"""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from spec_lang.plain_text import visible
from tui.themes import ink


class ConfirmScreen(ModalScreen[bool]):
    """Gives whether it is to be done. ``does`` is what Enter does, in a few words; ``lines`` say what that means."""

    BINDINGS: ClassVar = [
        Binding("enter,y", "answer(True)", "Do it"),
        Binding("escape,n,q", "answer(False)", "Leave it"),
    ]
    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; background: $background 60%; }
    ConfirmScreen > VerticalScroll {
        width: 76; max-width: 96%; height: auto; max-height: 90%; padding: 1 2;
        background: $surface; border: round $accent; border-title-color: $accent;
        scrollbar-size-vertical: 1;
    }
    ConfirmScreen Static { height: auto; }
    """

    def __init__(self, question: str, lines: tuple[str, ...], does: str) -> None:
        super().__init__()
        self._question, self._lines, self._does = question, lines, does

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("", markup=False)

    def on_mount(self) -> None:
        look, text = ink(self.app), Text()
        text.append(visible(self._question), style=f"bold {look.text}").append("\n\n")
        for line in self._lines:
            text.append(visible(line, newlines=True) + "\n", style=look.text)
        text.append("\nEnter", style=f"bold {look.accent}").append(f" {visible(self._does)}   ", style=look.text)
        text.append("Esc", style=f"bold {look.accent}").append(" leaves everything as it is", style=look.text)
        self.query_one(Static).update(text)
        self.query_one(VerticalScroll).focus()

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
