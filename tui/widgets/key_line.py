"""The last line of every screen: the keys that matter here, and that of the command palette.

One widget that draws what Textual's ``Footer`` shows with one widget a key: those cost 5 ms each whenever a screen
opens or the focus moves. A click on a key presses it.
"""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from tui.themes import ink


class KeyLine(Widget):
    DEFAULT_CSS = "KeyLine { dock: bottom; height: 1; background: $surface; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self.refresh()

    def render(self) -> Text:
        shown = self.screen.active_bindings
        palette = shown.get(self.app.COMMAND_PALETTE_BINDING)
        seen: dict[str, Text] = {}
        for found in shown.values():
            if found.binding.show and found is not palette:  # of several keys for an action the first
                seen.setdefault(found.binding.action, self._key(found.binding))
        right = self._key(palette.binding) if palette is not None else Text()
        room = max(1, self.size.width - right.cell_len - 2)
        wide, narrow = (Text(gap).join(seen.values()) for gap in ("  ", " "))
        line = Text(" ", end="", no_wrap=True).append_text(wide if wide.cell_len < room else narrow)
        line.truncate(room, overflow="ellipsis", pad=True)
        return line.append(" ").append_text(right)

    def _key(self, binding: Binding) -> Text:
        colours = ink(self.app)
        text = Text(self.app.get_key_display(binding), style=f"bold {colours.accent}")
        text.append(f" {binding.description}", style=colours.text)
        text.apply_meta({"key": binding.key})
        return text

    def on_click(self, event: events.Click) -> None:
        key = event.style.meta.get("key")
        if isinstance(key, str):
            self.app.simulate_key(key)
