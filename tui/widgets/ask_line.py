"""One line asked for above the keys while the list stays in sight: a text to look for, a place to go to.

It lies over what is above the keys, so nothing changes its size; while a text is looked for as it is typed the body has
a line less, because what is found may stand there. It is a part of the screen and not a screen of its own, because one
that is pushed and popped draws everything twice, which is most of what a jump in a list took. Few screens are ever
asked anything, so it is mounted when it is wanted first, and hidden from then on.

Enter takes the text and gives the list the keys back; Escape drops it.
"""

from __future__ import annotations

import asyncio
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
    does: str = "keep it"  # what Enter does
    live: Callable[[str], str] | None = None
    wrong: Callable[[str], str | None] | None = None
    then: Callable[[str], None] | None = None


class AskLine(Horizontal):
    BINDINGS: ClassVar = [
        Binding("enter", "take", "Take", show=False, priority=True),
        Binding("escape", "leave", "Leave", show=False),
        Binding("tab,shift+tab", "stay", "Stay", show=False),  # else letters were commands, with the line in sight
    ]
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
        self.screen.set_class(asked.then is None, "searching")
        self.screen.set_focus(field)  # at once: ``Widget.focus`` would come after keys that were typed ahead
        field.select_all()

    def close(self) -> None:
        self.display = False
        self.screen.remove_class("searching")
        self.screen.set_focus(self._before if self._before is not None and self._before.is_attached else None)
        if self.screen.focused is None:  # the line was opened before a list had the keys
            self.screen.focus_next()

    def action_leave(self) -> None:
        if self._asked.live is not None:
            self._asked.live("")
        self.close()

    def action_stay(self) -> None:
        """Only Enter and Escape lead out of the line."""

    @property
    def does(self) -> str:
        return self._asked.does

    def _tell(self, text: str, *, wrong: bool = False) -> None:
        told = self.query_one("#ask-told", Static)
        told.update(visible(text))
        told.set_class(wrong, "wrong")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell(self._asked.hint if self._asked.live is None else self._asked.live(event.value))

    async def action_take(self) -> None:
        """Before the next key is looked at, but after those that the field has not looked at yet."""
        asked, field, typed = self._asked, self.query_one(Input), asyncio.Event()
        if not field.call_later(typed.set):
            return  # its screen is being left, and nobody would ever say that it has looked
        await typed.wait()
        wrong = asked.wrong(field.value) if asked.wrong is not None else None
        if wrong is not None:
            self._tell(wrong, wrong=True)
            return
        if asked.then is not None:
            asked.then(field.value)  # what it asks of the store is read while the line closes
        self.close()


async def ask_on(screen: Screen[Any], asked: Asked) -> None:
    """Ask on a screen. When this returns the line has the keys, so what is typed ahead goes to it; what was told before
    would lie over it."""
    screen.app.clear_notifications()
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
