"""Lines of a JSONL file, looked at closely: which are blank, and why one cannot be read.

DuckDB reads the rows; it skips blank lines without counting them and says nothing about a line that
it could not read. The scan here finds the blank lines (16 MiB at a time, about 1 GB/s, no Python per
line), so that every row keeps its exact line number, and :func:`row_of` says what is wrong with one
line. Both readers have to agree on what a row is: strict JSON, one object, valid Unicode.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from runtime.packed_files import open_bytes

BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 24
_TOO_DEEP = "not readable: nested too deeply"
_SPACE = b" \t\r"
_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_DIGITS = 300  # of a number, so that it has a place among the 64-bit floats
DEEPEST = 200  # levels of lists and objects; every reader of JSON downstream can take that many


@dataclass(frozen=True)
class LineScan:
    """``blank`` holds the numbers (from 1) of lines with nothing but white space, ``filled`` counts the others.

    ``longest`` is the length in bytes of the longest line.
    """

    has_bom: bool
    blank: tuple[int, ...]
    filled: int
    longest: int


def scan_lines(path: Path) -> LineScan:
    """Find the blank lines of a file."""
    import numpy as np

    blank: list[int] = []
    lines = longest = 0
    tail = b""
    has_bom = False
    with open_bytes(path) as handle:
        first = True
        while chunk := handle.read(_CHUNK):
            block = tail + chunk
            if first:
                first, has_bom = False, block.startswith(BOM)
                block = block.removeprefix(BOM)
            ends = np.flatnonzero(np.frombuffer(block, np.uint8) == 10)
            if not len(ends):
                tail = block
                continue
            starts = np.concatenate([[0], ends[:-1] + 1])
            heads = np.frombuffer(block, np.uint8)[starts]
            for index in np.flatnonzero((heads == 10) | (heads == 32) | (heads == 9) | (heads == 13)):
                if not block[starts[index] : ends[index]].strip(_SPACE):
                    blank.append(lines + int(index) + 1)
            lines += len(ends)
            longest = max(longest, int((ends - starts).max()))
            tail = block[ends[-1] + 1 :]
    if tail:
        lines += 1
        if not tail.strip(_SPACE):
            blank.append(lines)
    return LineScan(has_bom, tuple(blank), lines - len(blank), max(longest, len(tail)))


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number, without a byte-order mark."""
    with open_bytes(path) as handle:
        for number, line in enumerate(handle, 1):
            text = line.removeprefix(BOM) if number == 1 else line
            if text.strip(b" \t\r\n"):
                yield number, text


def lines_at(path: Path, wanted: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """The lines with these numbers, in one pass over the file up to the last of them."""
    numbers = set(wanted)
    if not numbers:
        return
    last = max(numbers)
    with open_bytes(path) as handle:
        for number, line in enumerate(handle, 1):
            if number in numbers:
                yield number, line.removeprefix(BOM) if number == 1 else line
            if number == last:
                return


def row_of(line: bytes) -> dict[str, Any] | str:
    """The row in a line, or a sentence that says why there is none."""
    try:
        text = line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}"
    try:
        value = json_value(text)
    except json.JSONDecodeError as error:
        return f"not JSON: {reason_at(error, f'column {error.colno}')}"
    except ValueError as error:
        return f"not readable: {error}"
    except RecursionError:
        return _TOO_DEEP
    return checked_row(value, Doubts.of(text))


def json_value(text: str) -> Any:
    """A JSON text read strictly; a number has to fit a float. Raises ValueError (JSONDecodeError), RecursionError."""
    return json.loads(
        text, parse_constant=_no_constant, parse_float=_float, parse_int=_int, object_pairs_hook=first_wins
    )


def reason_at(error: json.JSONDecodeError, place: str) -> str:
    """What is wrong with a JSON text."""
    if error.msg.startswith("Unterminated string"):
        return f"the string that begins at {place} is not closed"
    return f"{error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')} at {place}"


@dataclass(frozen=True, slots=True)
class Doubts:
    """What the values of a JSON text may be, found by one look at it: only many brackets can nest deeply, and only an
    escape can be half a surrogate pair."""

    deep: bool
    half: bool

    @classmethod
    def of(cls, text: str) -> Doubts:
        return cls(text.count("[") + text.count("{") > DEEPEST, "\\u" in text)


def checked_row(value: Any, doubts: Doubts) -> dict[str, Any] | str:
    """The value when it is an object of valid Unicode, or a sentence that says what it is."""
    if not isinstance(value, dict):
        return f"not an object but {_kind(value)}"
    if doubts.deep and _is_deeper(value, DEEPEST):
        return _TOO_DEEP
    return "not Unicode: half of a surrogate pair" if doubts.half and _has_lone_surrogate(value) else value


def first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A repeated key keeps its first value, as in DuckDB."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else dict(reversed(pairs))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError("a number is too large")
    return value


def _int(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {bool: "a truth value", str: "a text", list: "a list"}.get(type(value), "a number")


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _has_lone_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return _SURROGATE.search(value) is not None
    if isinstance(value, dict):
        return any(_has_lone_surrogate(key) or _has_lone_surrogate(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_lone_surrogate, value))
