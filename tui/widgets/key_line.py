"""The last line of every screen: open and back, the keys that matter here, and right of them where all keys are told.

A key stands there whole or not at all: those that have no room are behind ``?``. While somebody types, letters are no
keys, so the line tells what ends the typing.

One widget that draws what Textual's ``Footer`` shows with one widget a key: those cost 5 ms each whenever a screen
opens or the focus moves. A click on a key presses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.themes import ink
from tui.widgets.ask_line import open_line

FIRST, LAST, HELP = ("open", "back"), ("search", "quit"), "keys"


def _rank(action: str) -> int:
    return FIRST.index(action) if action in FIRST else len(FIRST) + (action in LAST)


class KeyLine(Widget):
    DEFAULT_CSS = "KeyLine { dock: bottom; height: 1; background: $surface; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self.refresh()

    def render(self) -> Text:
        if isinstance(self.screen.focused, Input):
            does = line.does if (line := open_line(self.screen)) is not None else "take it"
            return self._line([self._key("Enter", does, "enter"), self._key("Esc", "drop it", "escape")], [])
        shown = self.screen.active_bindings
        palette = shown.get(self.app.COMMAND_PALETTE_BINDING)
        seen: dict[str, Binding] = {}
        for found in shown.values():
            if found.binding.show and found is not palette:  # of several keys for an action the first
                seen.setdefault(found.binding.action, found.binding)
        keys = sorted(seen.items(), key=lambda item: _rank(item[0]))  # of one rank as they are bound
        right = [self._of(binding) for action, binding in keys if action == HELP]
        right += [self._of(palette.binding)] if palette is not None else []
        return self._line([self._of(binding) for action, binding in keys if action != HELP], right)

    def _line(self, keys: Sequence[Text], right: Sequence[Text]) -> Text:
        """As many keys as have room, two blanks apart, or one where more fit then; those on the right before others."""
        end, width = Text("  ").join(right), self.size.width - 2
        room = width - end.cell_len - 2 if right else width
        for gap in ("  ", " "):
            line = Text(gap).join(keys)
            if line.cell_len <= room:
                break
        else:
            fitting = (n for n in range(len(keys), 0, -1) if Text(" ").join(keys[:n]).cell_len <= room - 2)
            most = next(fitting, 0)
            line = Text(" ").join([*keys[:most], Text("…", style=ink(self.app).faint)])
        line.append(" " * max(0, width - line.cell_len - end.cell_len)).append_text(end)
        return Text(" ", end="", no_wrap=True).append_text(line)

    def _of(self, binding: Binding) -> Text:
        return self._key(self.app.get_key_display(binding), binding.description, binding.key)

    def _key(self, sign: str, does: str, key: str) -> Text:
        colours = ink(self.app)
        text = Text(sign, style=f"bold {colours.accent}").append(f" {does}", style=colours.text)
        text.apply_meta({"key": key})
        return text

    def on_click(self, event: events.Click) -> None:
        key = event.style.meta.get("key")
        if isinstance(key, str):
            self.app.simulate_key(key)
