"""The help screen: what the keys do here, made from the action table."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
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
NAMES = {  # of other scopes; a view is called what its tab is
    "runs": "In the list of runs",
    "act": "On a run",
    "plan": "In the plan",
    "compare": "Comparing",
    "parts": "Parts of the data",
    "thresholds": "A threshold",
    "training_row": "A training row",
    "predictions": "Failures",
    "verdicts": "Gates",
}
KEYS = 14  # cells of the keys of an action, and of the blanks around them


class KeysScreen(ModalScreen[None]):
    BINDINGS: ClassVar = [Binding("escape,q,question_mark,f1,enter,h", "dismiss", "Close")]

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self._scopes = scopes  # those of the screen in front

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="keys"):
            yield Static("", id="key-list", markup=False)

    def on_mount(self) -> None:
        self.query_one("#keys").border_title = "Keys"
        self.query_one("#keys").border_subtitle = "↑ ↓ scroll, Esc closes"
        self.query_one("#keys").focus()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        field = self.query_one("#key-list", Static)
        field.update(self._text(field.content_size.width - 2))  # a scroll bar may come

    def _text(self, width: int) -> Text:
        """What an action does stands beside its keys, also on its second line."""
        look, text = ink(self.app), Text()
        shared = {scope for scope, _ in GROUPS}
        own = [
            (scope, NAMES.get(scope, scope.replace("_", " ").capitalize()))
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
                first, *rest = wrap(action.help, max(20, width - KEYS))
                text.append(f"\n  {keys}", style=f"bold {look.text}")
                text.append(" " * max(1, KEYS - 2 - cell_len(keys)) + first, style=look.faint)
                for line in rest:
                    text.append("\n" + " " * KEYS + line, style=look.faint)
        return text
