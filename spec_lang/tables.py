"""The parser's tables as plain data: `tables.json`, which `python -m spec_lang.make_tables` makes from `sft.lark`.

Reading them costs 1 ms. Lark, which makes them, costs 90 ms to import and as much again to make them, so it is needed
where the grammar changes and nowhere else. The file names the grammar that it was made from: in a checkout where the
grammar is newer, the tables are made anew by every process, and a test tells to write them.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

from msgspec import Struct, json

GRAMMAR = Path(__file__).parent / "sft.lark"
FILE = Path(__file__).parent / "tables.json"


class Rule(Struct, frozen=True, array_like=True):
    """A rule to reduce by: what it makes, of how many children, and which of these are taken apart into their own.

    ``single``: of one child it makes that child and nothing of its own (``?rule`` in the grammar).
    """

    name: str
    goto: str
    size: int
    apart: tuple[int, ...] = ()
    single: bool = False


class Tables(Struct, frozen=True):
    """What Lark makes of the grammar.

    ``pattern`` has one group a terminal, by its name, behind what is passed over; at the end of a text none of them
    matches. ``words`` are the texts of a terminal that are another one. An action by state and terminal is the next
    state, or ``~n`` to reduce by rule n; a
    goto by state and rule is the state that a reduction leads to. The first state
    is 0, and at ``end`` the item is read.
    """

    grammar: int
    pattern: str
    words: dict[str, dict[str, str]]
    end: int
    rules: tuple[Rule, ...]
    actions: tuple[dict[str, int], ...]
    gotos: tuple[dict[str, int], ...]


def checksum(grammar: bytes) -> int:
    """Tells whether tables are those of a grammar: against forgetting, not against malice, so CRC-32 is enough."""
    return zlib.crc32(grammar)


@cache
def tables() -> Tables:
    """The tables of the grammar, once a process."""
    made = json.decode(FILE.read_bytes(), type=Tables) if FILE.exists() else None
    if made is None or made.grammar != checksum(GRAMMAR.read_bytes()):
        from spec_lang.make_tables import made_tables

        return made_tables()
    return made
