"""What the dashboard read and found last about items: a filter that changes in one part asks only for that part.

Kept by what was asked, together with the state of the store in which it was: another state makes it new. Few are kept,
and of the large ones (an index of all items, 30 bytes each) two: the one on show and the one before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
KEPT = 24
KEPT_LARGE = 2


class Shelf:
    """Not for several threads at once: who asks holds the store, which one thread does."""

    def __init__(self) -> None:
        self._small: OrderedDict[object, tuple[object, Any]] = OrderedDict()
        self._large: OrderedDict[object, tuple[object, Any]] = OrderedDict()

    def get(self, key: object, state: object, make: Callable[[], T], *, large: bool = False) -> T:
        """What is kept under a key, when it was made in the same state of the store; else what ``make`` gives."""
        shelf, most = (self._large, KEPT_LARGE) if large else (self._small, KEPT)
        kept = shelf.get(key)
        if kept is None or kept[0] != state:
            shelf.pop(key, None)  # an old index is not to be held while the new one is made
            kept = state, make()
            shelf[key] = kept
        shelf.move_to_end(key)
        while len(shelf) > most:
            shelf.popitem(last=False)
        found: T = kept[1]
        return found

    def has(self, key: object, state: object) -> bool:
        """Whether something small is kept under a key that was made in this state."""
        kept = self._small.get(key)
        return kept is not None and kept[0] == state

    def forget(self) -> None:
        self._large.clear()
        self.forget_small()

    def forget_small(self) -> None:
        self._small.clear()
