"""How numbers read in a reason: ``86.7%``, ``-3.3 pt``, ``12.4``; intervals and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

# Of an answer that is not there: its row fell when it was rendered, or was never answered.
WHERE = "`sft show predictions --all` and `sft show ledger` have the rows that lacked a value"

_ENDS = (0, 100, -100)  # of a percentage
_MOST_DIGITS = 6


class Form(Protocol):
    """A way to write a number of a unit, with at least so many decimals (of a percentage) where they are needed."""

    def __call__(self, number: float, unit: str, digits: int = 1) -> str: ...


def value(number: float, unit: str, digits: int = 1) -> str:
    """A share as a percentage, a plain number with up to four significant digits."""
    return f"{_trim(100 * number, digits)}%" if unit == "share" else f"{number:.{digits + 3}g}"


def change(number: float, unit: str, digits: int = 1) -> str:
    """A difference with its sign; shares in percentage points."""
    return f"{_trim(100 * number, digits, sign=True)} pt" if unit == "share" else f"{number:+.{digits + 3}g}"


def size(number: float, unit: str, digits: int = 1) -> str:
    """A difference without a sign."""
    return f"{_trim(100 * number, digits)} pt" if unit == "share" else f"{number:.{digits + 3}g}"


def apart(form: Form, first: float, second: float, unit: str) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart (-5.04 pt and -5 pt, not -5 pt twice)."""
    for digits in (1, 2, 3, 4, 5):
        shown = form(first, unit, digits), form(second, unit, digits)
        if shown[0] != shown[1]:
            break
    return shown


def percent(level: float) -> str:
    return f"{100 * level:.6g}%"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number != 1 else f"1 {noun.removesuffix('s')}"


def verb(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def listing(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _trim(number: float, digits: int, *, sign: bool = False) -> str:
    """So many decimals; more where they would round a non-zero number, or a distance to 100, away: 99.997% of a set is
    not all of it. Six tell one of a hundred million; what is nearer is noise of the arithmetic."""
    rounded = round(number, digits)
    digits += rounded != number and rounded not in _ENDS and abs(number) < 1
    while rounded != number and rounded in _ENDS and digits < _MOST_DIGITS:
        digits += 1
        rounded = round(number, digits)
    text = f"{number:+.{digits}f}" if sign else f"{number:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", "+0"} else text


def paragraph(sentences: Sequence[str]) -> str:
    """Sentences with capitals and full stops; one that starts with a name in backticks keeps it as it is."""
    return " ".join(f"{text[:1].upper()}{text[1:]}." for text in sentences)
