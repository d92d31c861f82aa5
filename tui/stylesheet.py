"""The style sheet of the dashboard, which parses a source once for as long as its colours are the same.

Textual parses every source again when a screen with rules of its own is opened for the first time and when the first
theme is set: 50 ms each time, for rules that have not changed. Here what was parsed stays until a variable changes.
"""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

SOURCES = 512  # more than there are: with 64, Textual's own number, one round of parsing would push out the next


class LastingStylesheet(Stylesheet):
    """A drop-in for ``App.stylesheet``; raises what Textual's does."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Rules of a source that cannot be parsed leave those that stand as they are, as with Textual's."""
        self.parse()
