"""Per-item metrics: one model output against one expected answer gives one number, or None.

1.0 and 0.0 are right and wrong; ``words`` and ``characters`` are plain numbers. None means that the
item could not be measured (the *expected* answer is no JSON, say): it counts as missing and never
as wrong. Outputs are untrusted: nothing here evaluates them, and no output, however deep, long or
malformed, raises. 1 to 20 µs an item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

MAX_DEPTH = 200  # deeper JSON counts as invalid, so that no comparison can exhaust the stack

# A string (an unclosed one runs to the end, so that scanning stays linear) or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z)|[\[{\]}]', re.DOTALL)
_INVALID = object()  # what _parsed gives for a text that is not JSON; None is a JSON value


# (output, expected, **args) -> value; the arguments are the metric's arguments in the spec.
MetricFunction: TypeAlias = Callable[..., float | None]


def exact_match(output: str, expected: str, *, normalise: str = "none") -> float | None:
    """1 when output and expected answer are equal.

    ``none`` ignores outer whitespace only; ``text`` also ignores case and how words are spaced; ``json``
    compares parsed JSON, in which the order of keys and the spelling of numbers do not matter.
    """
    if normalise == "json":
        wanted = _parsed(expected)
        return None if wanted is _INVALID else float(_same(_parsed(output), wanted))
    if normalise == "text":
        return float(_plain(output) == _plain(expected))
    return float(output.strip() == expected.strip())


def valid_json(output: str, expected: str) -> float:
    """1 when the whole output is one JSON value by RFC 8259: no NaN, no key twice, at most 200 levels deep."""
    return float(_parsed(output) is not _INVALID)


def contains(output: str, expected: str) -> float | None:
    """1 when the expected answer stands somewhere in the output; None for an empty expected answer."""
    wanted = expected.strip()
    return float(wanted in output) if wanted else None


def json_field_match(output: str, expected: str, *, field: str) -> float | None:
    """1 when a field (``"a.b"`` for a nested one) has the same value in both; None when the expected one lacks it."""
    wanted = _field(_parsed(expected), field)
    return None if wanted is _INVALID else float(_same(_field(_parsed(output), field), wanted))


def words(output: str, expected: str) -> float:
    """Number of whitespace-separated words of the output."""
    return float(len(output.split()))


def characters(output: str, expected: str) -> float:
    """Number of characters (Unicode code points) of the output."""
    return float(len(output))


METRICS: Mapping[str, MetricFunction] = {
    "exact_match": exact_match,
    "valid_json": valid_json,
    "contains": contains,
    "json_field_match": json_field_match,
    "words": words,
    "characters": characters,
}


def measure_items(function: str, args: Mapping[str, Any], pairs: Iterable[tuple[str, str]]) -> list[float | None]:
    """The metric of every (output, expected) pair, in order. Raises KeyError for a function that does not exist."""
    metric = METRICS[function]
    return [metric(output, expected, **args) for output, expected in pairs]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


@lru_cache(maxsize=2048)  # an expected answer is parsed once for all models, and once for all metrics of an output
def _parsed(text: str) -> Any:
    """The value of a JSON text with every number as an exact Decimal, or ``_INVALID``. Treat it as read-only."""
    if _too_deep(text):
        return _INVALID
    try:
        return json.loads(
            text,
            parse_constant=_no_constant,
            parse_int=Decimal,
            parse_float=Decimal,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, ArithmeticError, RecursionError):  # ArithmeticError: an exponent beyond what Decimal holds
        return _INVALID


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token in "]}":
            depth -= 1
    return False


def _field(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return _INVALID
        value = value[key]
    return value


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON values; unlike Python's, true is not 1."""
    if left is _INVALID or right is _INVALID or type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same(item, right[key]) for key, item in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
