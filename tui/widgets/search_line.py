"""The line of ``/`` at the foot of a screen: what is typed is looked for at once.

Enter keeps the text (``n`` and ``N`` go on from there) and gives the list back; Escape drops it. The screen does the
looking and tells what it came to.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static


class SearchLine(Horizontal):
    """Posts ``Changed`` for every change of the text."""

    class Changed(Message):
        def __init__(self, line: SearchLine, text: str) -> None:
            super().__init__()
            self.line, self.text = line, text

    def __init__(self) -> None:
        super().__init__(id="search")
        self.display = False
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("/", id="search-mark", markup=False)
        yield Input(placeholder="text to look for", compact=True, id="search-text")
        yield Static("", id="search-told", markup=False)

    def open(self) -> None:
        if not self.display:
            self._before, self.display = self.screen.focused, True
        field = self.query_one(Input)
        field.focus()
        field.select_all()

    def close(self, *, drop: bool) -> None:
        field = self.query_one(Input)
        if drop and field.value:
            field.value = ""
        self.display = False
        if self._before is not None and self._before.is_attached:
            self._before.focus()
        else:  # the line was opened before a list had the keys
            self.screen.focus_next()

    def tell(self, text: str) -> None:
        self.query_one("#search-told", Static).update(Text(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close(drop=False)
