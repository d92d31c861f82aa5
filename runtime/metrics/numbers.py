r"""The number that an answer gives, as a model writes it, against the number that was expected.

Both sides are read in the same way: ``$1,234.50``, ``-3``, ``1,00,000``, ``25 %``, ``3/4``, ``1 1/2``, ``½``, ``2e-3``
and ``\frac{3}{4}`` are numbers, compared exactly as fractions. Units, currencies and percent signs are no part of a
number: ``25%`` is 25. Dates (``3/4/2020``), digits inside of words (``H2O``) and more than ``_MOST_DIGITS`` characters
are none. What the pattern has read it does not read again, so any text takes linear time; some 10 µs an answer.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from runtime.metrics.answer import Answer, best

_MOST_DIGITS = 300
_MOST_GROUPS = 100  # that is as many digits; more groups are read at once, and are no number
_MOST_EXPONENT = 300
_MOST_SPELLED = 20  # digits before or behind the point that are written out where a number is told
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"


def _pattern(group: str, point: str) -> re.Pattern[str]:
    """Numbers with ``group`` (or a space that does not break, or an apostrophe) between thousands, and ``point`` before
    decimals."""
    many, dot = rf"[{group}\u00a0\u202f'’]", re.escape(point)
    # possessive (`++`, `?+`): what was read of a number is not given back to read less of it
    return re.compile(
        rf"""
        (?: (?<! [\w)\]}}] ) (?P<sign> [-+−–] ) )?+                     # in 10-5 and x-5 it is no sign
        (?: \\?+ [$€£¥₹] [ ]?+ )?+
        (?<! \w ) (?<! \d{dot} )                                        # not inside a word, not the 3 of 1.2.3
        (?:
          (?P<date> \d++ (?: / \d++ ){{2,}}+ )
        | \\ [dt]?+ frac \{{ [ ]*+ (?P<above> [-−]?+ \d++ ) [ ]*+ \}} \{{ [ ]*+ (?P<below> \d++ ) [ ]*+ \}}
        | (?: (?P<ones> \d{{1,3}} ) [ ]++ (?= \d++ [ ]?+ / ) )?+ (?P<over> \d++ ) [ ]?+ / [ ]?+ (?P<under> \d++ )
        | (?P<before> \d{{0,3}}+ ) (?P<vulgar> [{_VULGAR}] )
        | (?P<long> \d{{1,3}}+ (?: {many} \d{{2,3}} ){{{_MOST_GROUPS},}}+ )
        | (?P<whole> \d{{1,3}}+ (?: {many} \d{{2,3}} )*+ (?<= {many} \d{{3}} ) (?! \d ) | \d++ )?+
          (?P<part> (?<! {dot} ) {dot} \d++ )?+ (?<= \d )
          (?P<power> [eE] [-+]?+ \d++ (?! \w ) )?
        )
        """,
        re.VERBOSE,
    )


_FORMS = {"point": _pattern(",", "."), "comma": _pattern(".", ",")}


def numeric_match(
    answer: Answer,
    *,
    after: str | None = None,
    tolerance: str = "0",
    relative: str = "0",
    take: str = "last",
    decimal: str = "point",
) -> float | None:
    """1 when the answer's number is the expected one, within ``tolerance`` or the share ``relative`` of it.

    ``take`` says which number of a text counts. With ``after`` it is the first one behind that text, behind the last or
    first place where it stands; an expected answer that is nothing but a number needs no such text. No number in the
    expected answer is None, none in the output is 0.
    """
    given = number_of(answer.output, after, take, decimal)

    def compared(text: str) -> float | None:
        wanted = _wanted(text, after, take, decimal)
        if wanted is None:
            return None
        allowed = max(_exact(tolerance), _exact(relative) * abs(wanted))
        return float(given is not None and abs(given - wanted) <= allowed)

    return best(compared, answer)


def number_read(
    answer: Answer, *, after: str | None = None, take: str = "last", decimal: str = "point", **_: object
) -> str:
    """The number of an answer that ``numeric_match`` with these arguments compares, and where the expected text has
    another one somewhere in it, that too."""
    given, wanted = number_of(answer.output, after, take, decimal), _wanted(answer.expected, after, take, decimal)
    told = f"read {_spelled(given)}" if given is not None else "read no number"
    if wanted is None or wanted == given or "answers" in answer.columns:
        return told
    return told if _spelled(wanted) == answer.expected.strip() else f"{told}, expected {_spelled(wanted)}"


def _wanted(text: str, after: str | None, take: str, decimal: str) -> Fraction | None:
    """The number of an expected answer; one that is nothing but a number needs no ``after``."""
    wanted = number_of(text, after, take, decimal)
    return only_number(text, decimal) if wanted is None and after is not None else wanted


def _spelled(value: Fraction) -> str:
    """As a decimal where that is all of it, else as a fraction; what is too long for a line in six digits."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    whole = Fraction(decimal) == value
    if whole and abs(decimal.adjusted()) < _MOST_SPELLED:
        text = format(decimal, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    fraction = f"{value.numerator}/{value.denominator}" if value.denominator < 10**6 and abs(value) < 10**6 else ""
    return fraction or f"about {Decimal(f'{decimal:.6g}').normalize()}"


@lru_cache(maxsize=2048)
def number_of(text: str, after: str | None, take: str, decimal: str) -> Fraction | None:
    """The last (or ``first``) number of a text, or the first one behind the last (or first) place of ``after``."""
    if after is not None:
        _, there, text = text.partition(after) if take == "first" else text.rpartition(after)
        if not there:
            return None
    found = list(_FORMS[decimal].finditer(_plain(text)))
    in_turn = found if after is not None or take == "first" else reversed(found)
    return next((value for match in in_turn if (value := _value(match)) is not None), None)


def only_number(text: str, decimal: str) -> Fraction | None:
    """The number that a text is, and nothing else beside a unit sign."""
    match = _FORMS[decimal].fullmatch(_plain(text).strip().removesuffix("%").removesuffix(".").strip())
    return _value(match) if match is not None else None


def _plain(text: str) -> str:
    """Without the marks that TeX puts between digits."""
    return text.replace("{,}", ",").replace("\\!", "").replace("\\,", "")


@lru_cache(maxsize=64)
def _exact(text: str) -> Fraction:
    return Fraction(Decimal(text))


def _value(match: re.Match[str]) -> Fraction | None:
    """What a match stands for; None for a date, a division by zero, and numbers that are absurdly long."""
    part = match.groupdict()
    if match.end() - match.start() > _MOST_DIGITS or part["date"] is not None or part["long"] is not None:
        return None
    if part["above"] is not None:
        value = _over(part["above"].replace("−", "-"), part["below"])
    elif part["over"] is not None:
        value = _over(part["over"], part["under"])
        if value is not None and part["ones"] is not None:
            value += int(part["ones"])
    elif part["vulgar"] is not None:
        value = int(part["before"] or 0) + Fraction(unicodedata.numeric(part["vulgar"])).limit_denominator(10)
    else:
        value = _decimal(part["whole"] or "0", part["part"] or "", part["power"] or "")
    return -value if value is not None and part["sign"] is not None and part["sign"] != "+" else value


def _over(above: str, below: str) -> Fraction | None:
    return None if int(below) == 0 else Fraction(int(above), int(below))


def _decimal(whole: str, part: str, power: str) -> Fraction | None:
    if len(power) > 5 or (power and abs(int(power[1:])) > _MOST_EXPONENT):
        return None
    digits = "".join(letter for letter in whole if letter.isdigit())
    return Fraction(Decimal(f"{digits}.{part[1:] or 0}{power}"))
