"""The parts of a view in one line, the one on show underlined; a click chooses a part.

Where the terminal is too narrow for all, those around the one on show are there, and arrows say that there are more.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from spec_lang.plain_text import one_line
from tui.themes import Ink

MOST_NAME = 40


class PartsLine(Static):
    """``tell`` gives it what to show; posts ``Chosen`` with the position of a part that was clicked."""

    class Chosen(Message):
        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def __init__(self) -> None:
        super().__init__(id="parts", markup=False)
        self._names: tuple[str, ...] = ()
        self._here = 0
        self._ink: Ink | None = None

    def tell(self, ink: Ink, names: Sequence[str], here: int) -> None:
        self._ink, self._names, self._here = ink, tuple(one_line(name, MOST_NAME) for name in names), here
        self.refresh()

    def render(self) -> Text:
        ink, text = self._ink, Text(no_wrap=True, end="")
        if ink is None or not self._names:
            return text
        first, last = window([cell_len(name) + 2 for name in self._names], self._here, self.content_size.width - 4)
        text.append("‹ " if first else "  ", style=ink.faint)
        for position in range(first, last):
            here = position == self._here
            look = f"bold {ink.text} underline" if here else ink.faint
            click = Style.from_meta({"part": position})
            text.append(self._names[position], Style.parse(look) + click).append("  ")
        return text.append("›" if last < len(self._names) else "", style=ink.faint)

    def on_click(self, event: events.Click) -> None:
        position = event.style.meta.get("part")
        if isinstance(position, int):
            event.stop()
            self.post_message(self.Chosen(position))


def window(widths: Sequence[int], here: int, room: int) -> tuple[int, int]:
    """The longest stretch of neighbours around ``here`` that has room; at least ``here`` itself."""
    first, last, used = here, here + 1, widths[here]
    while True:
        if last < len(widths) and used + widths[last] <= room:
            used, last = used + widths[last], last + 1
        elif first > 0 and used + widths[first - 1] <= room:
            first, used = first - 1, used + widths[first - 1]
        else:
            return first, last
