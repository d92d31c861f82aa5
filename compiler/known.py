"""What is known of a spec that has mistakes.

Every block is resolved as far as it could be read, so that one run reports all independent
mistakes. What could not be read is not known, and a reference into it is accepted: only the
mistake itself is reported, never what follows from it. Lowering runs on specs without mistakes
alone, where everything is known, and says so with ``sure``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Known(Struct, Generic[T], frozen=True, eq=False):
    """What a block names, in order. A value is None where the name was read and its meaning was not; ``more`` tells
    that there may be further names."""

    items: Mapping[str, T | None] = {}
    more: bool = False

    def __iter__(self) -> Iterator[T]:
        """The values that are known."""
        return (value for value in self.items.values() if value is not None)

    def get(self, name: str) -> T | None:
        return self.items.get(name)

    def lacks(self, name: str) -> bool:
        """Whether it is certain that there is no such name."""
        return name not in self.items and not self.more

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.items)

    @property
    def empty(self) -> bool:
        """Whether it is certain that there is nothing."""
        return not self.items and not self.more

    @property
    def whole(self) -> tuple[T, ...]:
        """All values, of a spec without mistakes."""
        assert not self.more
        return tuple(sure(value) for value in self.items.values())


def sure(value: T | None) -> T:
    """A value that is known because the spec has no mistakes."""
    assert value is not None
    return value
