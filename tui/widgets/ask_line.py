"""One line asked for above the keys while the list stays in sight: a text to look for, a place to go to.

It lies over the last line of the body, so nothing changes its size. It is a part of the screen and not a screen of its
own, because one that is pushed and popped draws everything twice, which is most of what a jump in a list took. Few
screens are ever asked anything, so it is mounted when it is wanted first, and hidden from then on.

Enter takes the text and gives the list the keys back; Escape drops it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from spec_lang.plain_text import visible


class Asked(Struct, frozen=True):
    """What is asked for. ``live`` is called for every change and says what the text came to; ``wrong`` says what is
    wrong with a text that Enter would take, or None; ``then`` takes it. None of them may take long."""

    mark: str
    hint: str
    value: str = ""
    live: Callable[[str], str] | None = None
    wrong: Callable[[str], str | None] | None = None
    then: Callable[[str], None] | None = None


class AskLine(Horizontal):
    BINDINGS: ClassVar = [Binding("escape", "leave", "Leave", show=False)]
    DEFAULT_CSS = """
    AskLine { dock: bottom; layer: above; height: 1; margin-bottom: 1; padding: 0 1; background: $surface; }
    AskLine #ask-mark { width: auto; color: $accent; text-style: bold; }
    AskLine Input { width: 1fr; padding: 0 1; background: $surface; }
    AskLine #ask-told { width: auto; max-width: 60%; color: $foreground 70%; }
    AskLine #ask-told.wrong { color: $error; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._asked = Asked("", "")
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="ask-mark", markup=False)
        yield Input(compact=True)
        yield Static("", id="ask-told", markup=False)

    def open(self, asked: Asked) -> None:
        field = self.query_one(Input)
        if self.screen.focused is not field:
            self._before = self.screen.focused
        self._asked = asked
        self.query_one("#ask-mark", Static).update(visible(asked.mark))
        with self.prevent(Input.Changed):
            field.value = asked.value
        self._tell(asked.hint)
        self.display = True
        field.focus()
        field.select_all()

    def close(self) -> None:
        self.display = False
        if self._before is not None and self._before.is_attached:
            self._before.focus()
        else:  # the line was opened before a list had the keys
            self.screen.focus_next()

    def action_leave(self) -> None:
        if self._asked.live is not None:
            self._asked.live("")
        self.close()

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        told = self.query_one("#ask-told", Static)
        told.update(visible(text))
        told.set_class(wrong, "wrong")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell(self._asked.hint if self._asked.live is None else self._asked.live(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        asked = self._asked
        wrong = asked.wrong(event.value) if asked.wrong is not None else None
        if wrong is not None:
            self._tell(wrong, wrong=True)
            return
        self.close()
        if asked.then is not None:
            asked.then(event.value)


async def ask_on(screen: Screen[Any], asked: Asked) -> None:
    """Ask on a screen. When this returns the line has the keys, so what is typed ahead goes to it."""
    line = line_of(screen)
    if line is None:
        line = AskLine()
        await screen.mount(line)
    line.open(asked)


def open_line(screen: Screen[Any]) -> AskLine | None:
    """The line, where it asks something now."""
    line = line_of(screen)
    return line if line is not None and line.display else None


def line_of(screen: Screen[Any]) -> AskLine | None:
    return next((node for node in screen.children if isinstance(node, AskLine)), None)
