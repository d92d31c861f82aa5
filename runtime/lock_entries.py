"""Entries of a lock file, read as strictly as they were written: what is missing, of another kind or impossible raises
``Damaged`` with a sentence that says which entry it is. A lock is edited by merges and by hand, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.lock import FilePin, ModelPin, Pins, PolicyPin
from compiler.row_drift import Group, Prints

_PRINT = re.compile(r"([A-Za-z0-9_-]{4})([1-9][0-9]{0,11})?", re.ASCII)
_MOST_ROWS_A_PRINT = 1 << 40


class Damaged(Exception):
    """Why a lock cannot be read."""


@dataclass(frozen=True)
class Entry:
    """A value of the JSON, and the names that lead to it, outermost first."""

    value: Any
    names: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Entry:
        if not isinstance(self.value, dict):
            raise self.wrong("not an object")
        if name not in self.value:
            raise self.wrong(f"without `{name}`")
        return Entry(self.value[name], (*self.names, name))

    def __contains__(self, name: str) -> bool:
        return isinstance(self.value, dict) and name in self.value

    def items(self) -> Iterator[tuple[str, Entry]]:
        if not isinstance(self.value, dict):
            raise self.wrong("not an object")
        return ((name, self[name]) for name in self.value)

    def list(self) -> Iterator[Entry]:
        if not isinstance(self.value, list):
            raise self.wrong("not a list")
        return (Entry(item, self.names) for item in self.value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("not a text")
        return self.value

    def number(self, least: int = 0) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < least:
            raise self.wrong(f"not a whole number from {least}")
        return self.value

    def wrong(self, what: str) -> Damaged:
        place = " of ".join(f"`{name}`" for name in reversed(self.names))
        return Damaged(f"{place or 'it'} is {what}")


def section_of(entry: Entry) -> Pins:
    """The pins of one spec."""
    return Pins(
        files={name: _file(item) for name, item in entry["files"].items()},
        models={name: _model(item) for name, item in entry["models"].items()},
        policies={name: _policy(item, item["version"].text()) for name, item in entry["policies"].items()},
        edition=entry["edition"].number(),
        sft=entry["sft"].text(),
        earlier={
            name: tuple(_policy(item, version) for version, item in sorted(versions.items()))
            for name, versions in (entry["earlier"].items() if "earlier" in entry else ())
        },
    )


def _file(entry: Entry) -> FilePin:
    rows = entry["rows"].number()
    prints = _prints(entry) if "prints" in entry or "rows_a_print" in entry else None
    if prints is not None and prints.rows != rows:
        raise entry["prints"].wrong(f"of {prints.rows} rows where `rows` is {rows}")
    return FilePin(entry["hash"].text(), rows, entry["source"].text(), prints)


def _prints(entry: Entry) -> Prints:
    size = entry["rows_a_print"].number(1)
    if size & (size - 1) or size > _MOST_ROWS_A_PRINT:
        raise entry["rows_a_print"].wrong("not a power of two")
    return Prints(size, tuple(_group(token, line) for line in entry["prints"].list() for token in line.text().split()))


def _group(token: str, line: Entry) -> Group:
    """A fingerprint, and its number of rows where that is not 1."""
    found = _PRINT.fullmatch(token)
    if found is None:
        raise line.wrong(f"not made of fingerprints: `{token[:20]}`")
    return Group(found[1], int(found[2] or 1))


def _model(entry: Entry) -> ModelPin:
    names = ("weights", "tokenizer", "chat_template", "written")
    return ModelPin(*(entry[name].text() for name in names))


def _policy(entry: Entry, version: str) -> PolicyPin:
    rubric = entry["rubric"]
    return PolicyPin(version, entry["text"].text(), None if rubric.value is None else rubric.text())
