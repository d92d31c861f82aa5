"""One line asked for at the foot of the screen that something is done with: a condition, a note, a name.

Enter takes it, Escape leaves it. What was typed is checked in a worker thread, because a condition is asked of the
store, and what is wrong with it stands below the line that it is about, which stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from runtime.internal_errors import finding_of
from spec_lang.plain_text import visible
from tui.questions import answer_of, ask_beside

Check = Callable[[str], str | None]


class AskScreen(ModalScreen[str | None]):
    """Gives the line, or None. ``check`` says what is wrong with it, or None."""

    BINDINGS: ClassVar = [Binding("escape", "leave", "Leave")]
    DEFAULT_CSS = """
    AskScreen { align: left bottom; background: transparent; }
    AskScreen > Vertical { height: auto; background: $panel; padding: 0 1; }
    AskScreen Horizontal { height: 1; }
    AskScreen #ask-label { width: auto; color: $accent; text-style: bold; }
    AskScreen Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    AskScreen Input:focus { border: none; }
    AskScreen #ask-said { height: auto; max-height: 6; color: $foreground 70%; }
    AskScreen #ask-said.wrong { color: $error; }
    """

    def __init__(self, label: str, value: str = "", hint: str = "", *, check: Check | None = None) -> None:
        super().__init__()
        self._label, self._value, self._hint, self._check = label, value, hint, check

    def compose(self) -> ComposeResult:
        with Vertical():
            with Horizontal():
                yield Static(visible(self._label), id="ask-label", markup=False)
                yield Input(self._value, select_on_focus=True)
            yield Static(visible(self._hint), id="ask-said", markup=False)

    def on_mount(self) -> None:
        self.query_one("#ask-said").display = bool(self._hint)
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        self._say(self._hint, wrong=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        check, text = self._check, event.value
        if check is None:
            self.dismiss(text)
            return

        async def work() -> None:
            try:
                wrong = await answer_of(lambda: check(text))
            except Exception as error:  # the line stays open, whatever it was
                finding = finding_of(error)
                wrong = f"{finding.message}; {finding.help}" if finding.help else finding.message
            self._checked(text, wrong)

        ask_beside(self, work, "default", alone=True)

    def _checked(self, text: str, wrong: str | None) -> None:
        if not self.is_attached:
            return
        if wrong is None:
            self.dismiss(text)
        else:
            self._say(wrong, wrong=True)

    def _say(self, text: str, *, wrong: bool) -> None:
        said = self.query_one("#ask-said", Static)
        said.update(visible(text))
        said.display = bool(text)
        said.set_class(wrong, "wrong")

    def action_leave(self) -> None:
        self.dismiss(None)
