"""Elements of a JSON list one by one, whatever the size of the file: for fingerprints, which have to be the same ones
before and after a file grew.

A piece of the file is held at a time, and an element that does not end in it takes more. About 60 MB a second.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from runtime.json_lines import first_wins
from runtime.packed_files import open_bytes
from spec_lang.diagnostics import fatal

_CHUNK = 1 << 20
_MOST = 1 << 30  # characters of one element
_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")


def json_elements(path: Path) -> Iterator[Any]:
    """The values in the list. Raises DiagnosticError SFT0407 when the file is not a list, or not JSON somewhere."""
    decoder = json.JSONDecoder(parse_int=_whole, object_pairs_hook=first_wins, strict=False)
    with open_bytes(path) as handle, io.TextIOWrapper(handle, "utf-8-sig", errors="surrogateescape") as text:
        buffer = _Buffer(text)
        buffer.skip(_SPACE)
        if buffer.ended:
            return
        if not buffer.take("["):
            raise _broken(path, "it is not a list")
        buffer.skip(_SPACE)
        if buffer.take("]"):
            return
        for number in count(1):
            try:
                value, end = buffer.value(decoder)
            except json.JSONDecodeError:
                raise _broken(path, f"element {number} is not JSON") from None
            except RecursionError:
                raise _broken(path, f"element {number} is nested too deeply") from None
            yield value
            if end == "]":
                return


class _Buffer:
    """A text that is read as far as somebody looks; what was taken is forgotten."""

    def __init__(self, text: io.TextIOBase) -> None:
        self.text = text
        self.read = ""
        self.at = 0
        self.complete = False

    @property
    def ended(self) -> bool:
        return self.complete and self.at >= len(self.read)

    def more(self) -> None:
        """At least as much again as there is, so that a long element is not parsed often."""
        rest = self.read[self.at :]
        found = self.text.read(max(_CHUNK, len(rest)))
        self.read, self.at, self.complete = rest + found, 0, not found

    def skip(self, pattern: re.Pattern[str]) -> None:
        while True:
            found = pattern.match(self.read, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.read) or self.complete:
                return
            self.more()

    def take(self, word: str) -> bool:
        if not self.read.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def value(self, decoder: json.JSONDecoder) -> tuple[Any, str]:
        """The value that begins here, and the comma or bracket behind it, without which a number may go on."""
        while True:
            try:
                value, end = decoder.raw_decode(self.read, self.at)
                behind = _BETWEEN.match(self.read, end)
                if behind is not None and (behind.end() < len(self.read) or behind[1] == "]" or self.complete):
                    self.at = behind.end()
                    return value, behind[1]
                problem = json.JSONDecodeError("a comma is missing", "", 0)
            except json.JSONDecodeError as error:
                problem = error
            if self.complete or len(self.read) - self.at > _MOST:
                raise problem
            self.more()


def _whole(text: str) -> int | str:
    """Python reads no integer of more than 4,300 digits; a fingerprint needs only the text of one."""
    return int(text) if len(text) < 4000 else text


def _broken(path: Path, why: str) -> Exception:
    return fatal("SFT0407", f"`{path.name}` cannot be read: {why}", "mend it there")
