"""The help screen: what the keys do here, made from the action table."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.actions import actions_for, key_name
from tui.themes import ink

GROUPS = (
    ("run", "Views of a run"),
    ("table", "Lists"),
    ("long", "Long lists"),
    ("app", "Everywhere"),
)
NAMES = {"plan": "In the plan", "act": "On a run"}  # of scopes that are no view


class KeysScreen(ModalScreen[None]):
    BINDINGS: ClassVar = [Binding("escape,q,question_mark,enter,h", "dismiss", "Close")]

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self._scopes = scopes  # those of the screen in front

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="keys"):
            yield Static("", id="key-list", markup=False)

    def on_mount(self) -> None:
        self.query_one("#keys").border_title = "Keys"
        self.query_one("#keys").border_subtitle = "Esc closes"
        self.query_one("#key-list", Static).update(self._text())
        self.query_one("#keys").focus()

    def _text(self) -> Text:
        look, text = ink(self.app), Text()
        shared = {scope for scope, _ in GROUPS}
        own = [
            (scope, NAMES.get(scope, f"In {scope.replace('_', ' ').capitalize()}"))
            for scope in self._scopes
            if scope not in shared
        ]
        for scope, title in (*own, *(group for group in GROUPS if group[0] in self._scopes)):
            actions = actions_for(scope)
            if not actions:
                continue
            text.append(("\n\n" if text else "") + title, style=f"bold {look.accent}")
            for action in actions:
                keys = " ".join(key_name(key) for key in action.keys)
                text.append(f"\n  {keys:<12}", style=f"bold {look.text}").append(action.help, style=look.faint)
        return text
