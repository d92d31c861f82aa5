"""Regular expressions in RE2's syntax, which is what DuckDB runs.

RE2 matches in linear time and for that has no look-around and no back-references. There is no
RE2 in Python, so a pattern is checked in two steps: constructs that RE2 refuses are named; what
is left must compile as a Python pattern once RE2's own escapes are replaced by plain ones.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

_MAX_REPEAT = 1000  # RE2's own limit


@dataclass(frozen=True, slots=True)
class RegexProblem:
    """``unsupported`` tells what RE2 leaves out on purpose from what is simply malformed."""

    unsupported: bool
    message: str
    help: str | None = None


_GROUPS = (
    ("(?=", "look-ahead"),
    ("(?!", "negative look-ahead"),
    ("(?<=", "look-behind"),
    ("(?<!", "negative look-behind"),
    ("(?<", "this kind of named group"),
    ("(?P=", "a back-reference"),
    ("(?>", "an atomic group"),
    ("(?(", "a condition"),
    ("(?#", "a comment"),
)
_ESCAPES = {"Z": ("`\\Z`", "write `\\z` for the end of the text"), "u": ("`\\u`", "write `\\x{20AC}`")}
_POSSESSIVE = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\+")
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_UNIT = re.compile(
    r"""\\Q.*?(?:\\E|\Z)              # quoted text
      | \\[pP](?:\{\^?\w+\}|\w)       # a class of Unicode
      | \\x\{[0-9A-Fa-f]{1,6}\}       # a code point
      | \\.                           # any other escape
      | \[\^?\]?(?:\\Q.*?\\E|\\x\{[0-9A-Fa-f]+\}|\\[pP]\{\^?\w+\}|\\.|\[:\^?\w+:\]|[^\]\\])*\]   # a class of characters
      | \(\?[imsU]*(?:-[imsU]+)?[:)]  # flags
      | .""",
    re.VERBOSE | re.DOTALL,
)


def group_count(pattern: str) -> int:
    """How many groups a sound pattern has."""
    units = (match.group() for match in _UNIT.finditer(pattern))
    return re.compile("".join(_as_python(unit) for unit in units)).groups


def problem(pattern: str) -> RegexProblem | None:
    """Why RE2 would refuse a pattern; None when it will take it."""
    python: list[str] = []
    position = 0
    while position < len(pattern):
        match = _UNIT.match(pattern, position)
        assert match is not None  # the last alternative takes any character
        found = _refused(match.group(), pattern, position)
        if found is not None:
            return found
        python.append(_as_python(match.group()))
        position = match.end()
    return _compile("".join(python))


def _refused(unit: str, pattern: str, position: int) -> RegexProblem | None:
    if unit == "(":
        for start, name in _GROUPS:
            if pattern.startswith(start, position):
                named = "write `(?P<name>…)`" if start == "(?<" else None
                help = named or "write the condition with `and`, `not` and another `matches`"
                return RegexProblem(True, f"{name} (`{start}`) is not supported", help)
    if len(unit) == 2 and unit[0] == "\\":
        if unit[1] in "123456789":
            return RegexProblem(True, f"a back-reference (`{unit}`) is not supported")
        if unit[1] in _ESCAPES:
            name, help = _ESCAPES[unit[1]]
            return RegexProblem(True, f"{name} is not supported", help)
    if unit in "*+?{":
        possessive = _POSSESSIVE.match(pattern, position)
        if possessive:
            return RegexProblem(True, f"a possessive repetition (`{possessive.group()}`) is not supported")
        repeat = _REPEAT.match(pattern, position)
        if repeat and any(int(number) > _MAX_REPEAT for number in repeat.groups() if number):
            return RegexProblem(True, f"`{repeat.group()}` repeats more than {_MAX_REPEAT} times")
    return None


def _as_python(unit: str) -> str:
    """An RE2 unit as something of the same shape that Python's parser knows."""
    if unit.startswith("\\Q"):
        return re.escape(unit[2:].removesuffix("\\E"))
    if unit.startswith(("\\p", "\\P", "\\x{", "\\z", "\\C")):
        return "a"
    if unit.startswith("["):
        body = re.sub(r"\\x\{[0-9A-Fa-f]+\}|\\[pP]\{\^?\w+\}|\\[pP]\w|\[:\^?\w+:\]", r"\\w", unit)
        # a range whose end became a class cannot be checked; its shape is sound
        return body if "\\w-" not in body and "-\\w" not in body else "a"
    if unit.startswith("(?") and unit.endswith(")"):
        return "(?:)"
    if unit.startswith("(?") and unit.endswith(":"):
        return "(?:"
    return unit


def _compile(pattern: str) -> RegexProblem | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return RegexProblem(False, f"the regular expression is malformed: {str(error).split(' at position')[0]}")
    return None
