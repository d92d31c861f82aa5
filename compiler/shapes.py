"""Shapes of rows that are conversations already: which columns each reads, and which ones the rows get.

``messages`` and ``sharegpt`` are one layout to us, a list of turns; who spoke is read from a turn's own keys. Flat
layouts (``alpaca``, ``prompt_completion``, and ``preference`` as plain texts) could as well be meant for templates, so
they have to be declared; lists of turns can be meant for nothing else and are recognised. All shapes give the same
columns, so that a filter, a key or a slice reads the same over every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from compiler.world import ColumnType

Layout: TypeAlias = Literal["conversation", "alpaca", "prompt_completion", "preference"]

SHAPES: Mapping[str, Layout | None] = MappingProxyType(
    {
        "rows": None,
        "messages": "conversation",
        "sharegpt": "conversation",
        "alpaca": "alpaca",
        "prompt_completion": "prompt_completion",
        "preference": "preference",
    }
)

LISTS = ("messages", "conversations")  # columns that hold a list of turns
_TEXT: tuple[ColumnType, ...] = ("text",)
_TURNS: tuple[ColumnType, ...] = ("list", "json")
_EITHER: tuple[ColumnType, ...] = ("text", "list", "json")
_ASIDE: Mapping[str, tuple[ColumnType, ...]] = {"system": _TEXT, "tools": _EITHER}

# What a layout cannot do without; of the groups inside, one has to be there.
NEEDED: Mapping[Layout, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "conversation": (LISTS,),
        "alpaca": (("instruction",), ("output",)),
        "prompt_completion": (("prompt",), ("completion",)),
        "preference": (("chosen",), ("rejected",)),
    }
)
# Every column that a layout reads where it is there, with the types it may have.
READ: Mapping[Layout, Mapping[str, tuple[ColumnType, ...]]] = MappingProxyType(
    {
        "conversation": {**dict.fromkeys(LISTS, _TURNS), **_ASIDE},
        "alpaca": {"instruction": _TEXT, "input": _TEXT, "output": _TEXT, "history": _TURNS, **_ASIDE},
        "prompt_completion": {"prompt": _EITHER, "completion": _EITHER, **_ASIDE},
        "preference": {
            "chosen": _EITHER,
            "rejected": _EITHER,
            "prompt": _EITHER,
            **dict.fromkeys(LISTS, _TURNS),
            "instruction": _TEXT,
            "input": _TEXT,
            "history": _TURNS,
            **_ASIDE,
        },
    }
)

_EVERY: Mapping[str, ColumnType] = {
    "messages": "list",
    "system": "text",
    "user": "text",
    "assistant": "text",
    "turns": "number",
}
_PAIR: Mapping[str, ColumnType] = {"chosen": "text", "rejected": "text"}


def generated(layout: Layout) -> Mapping[str, ColumnType]:
    """The columns that rows of a layout get: the conversation, its system text, the first turn of the user, the last
    answer, how many turns there are; of a pair the two answers."""
    return {**_EVERY, **_PAIR} if layout == "preference" else _EVERY


def replaced(layout: Layout, columns: Iterable[str]) -> frozenset[str]:
    """Columns of the file that give way: lists of turns, and what a generated column that is made of them is called."""
    read = READ[layout]
    return frozenset(name for name in columns if name in read and (name in LISTS or name in generated(layout)))


def fits(layout: Layout, columns: Mapping[str, ColumnType | None]) -> bool:
    """Whether columns could be of a layout, by their names and types."""
    return all(
        any(columns.get(name, "null") in (*READ[layout][name], None) for name in group) for group in NEEDED[layout]
    )
