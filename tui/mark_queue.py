"""Marks that somebody set and that are not written yet, in order: none is lost when another process holds the store.

A key that marks is answered at once: what waits is shown as if it were written, and a second press takes it back. One
worker writes them, one after the other, and tries again until it can. A note that was taken away with its mark is kept
until the dashboard is left, so that the next press brings it back.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from runtime.store import Store
from tui import marks
from tui.marks import Marked

Notes = dict[tuple[str, str], str]  # (row id, template) -> note, of an eval's marked items


class Change(Struct, frozen=True):
    """A mark, with a note (None keeps the one that it has), or one that is taken away (``gone``)."""

    item: Marked
    note: str | None = None
    gone: bool = False

    def shown_in(self, notes: Notes) -> None:
        key = self.item.row_id, self.item.template
        if self.gone:
            notes.pop(key, None)
        else:
            notes[key] = notes.get(key, "") if self.note is None else self.note


class MarkQueue:
    """The worker looks at the first one, the interface does everything else. ``writing`` says whether a worker is at
    it, ``warned`` whether somebody who wanted to leave was told of those that wait."""

    def __init__(self) -> None:
        self.writing = self.warned = False
        self.marked: set[tuple[str, str, str]] = set()  # items that were marked here, and are still
        self.told_of_copy = False  # whether somebody who wanted to leave was told that marks go with a demo
        self._waiting: deque[Change] = deque()
        self._taken: dict[tuple[str, str, str], str] = {}  # notes that went with their marks

    def __len__(self) -> int:
        return len(self._waiting)

    def toggle(self, item: Marked, notes: Notes) -> Change:
        """Mark an item, or take its mark away; ``notes`` are those on show."""
        key = item.eval, item.row_id, item.template
        note = notes.get((item.row_id, item.template))
        change = Change(item, self._taken.pop(key, None)) if note is None else Change(item, gone=True)
        if note:
            self._taken[key] = note
        self.put(change)
        return change

    def has_note(self, item: Marked) -> bool:
        """Whether a note was taken away with the item's mark."""
        return (item.eval, item.row_id, item.template) in self._taken

    def put(self, change: Change) -> None:
        key = change.item.eval, change.item.row_id, change.item.template
        self.marked.discard(key) if change.gone else self.marked.add(key)
        self._waiting.append(change)

    def first(self) -> Change | None:
        return self._waiting[0] if self._waiting else None

    def done(self, change: Change) -> None:
        """It is written, or can never be."""
        if self._waiting and self._waiting[0] is change:
            self._waiting.popleft()

    def seen(self, eval_name: str, notes: Notes) -> Notes:
        """What the store has, with what waits."""
        shown = dict(notes)
        for change in self._waiting:
            if change.item.eval == eval_name:
                change.shown_in(shown)
        return shown


def write(store: Store, change: Change) -> None:
    """Raises DiagnosticError SFT0901 when the store is held."""
    if change.gone:
        marks.remove_mark(store, change.item)
    else:
        marks.set_mark(store, change.item, change.note)
