"""Whether an output is JSON, and whether two JSON texts say the same.

Numbers are compared exactly, keys in any order. JSON deeper than ``MAX_DEPTH`` counts as invalid, so that no comparison
can exhaust the stack; scanning for brackets is linear. A text is parsed once for all metrics that look at it in turn.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from runtime.metrics.answer import Answer

MAX_DEPTH = 200

# A string (an unclosed one runs to the end, so that scanning stays linear) or a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z)|[\[{\]}]', re.DOTALL)
INVALID = object()  # what ``parsed`` gives for a text that is not JSON; None is a JSON value


def valid_json(answer: Answer) -> float:
    """1 when the whole output is one JSON value by RFC 8259: no NaN, no key twice, at most 200 levels deep."""
    return float(parsed(answer.output) is not INVALID)


def json_field_match(answer: Answer, *, field: str) -> float | None:
    """1 when a field (``"a.b"`` for a nested one) has the same value in both; None when the expected one lacks it."""
    wanted = _field(parsed(answer.expected), field)
    return None if wanted is INVALID else float(same(_field(parsed(answer.output), field), wanted))


def field_read(answer: Answer, *, field: str) -> str:
    """What ``json_field_match`` compares of an answer."""
    if parsed(answer.output) is INVALID:
        return "read no JSON"
    given, wanted = _field(parsed(answer.output), field), _field(parsed(answer.expected), field)
    told = "read no such field" if given is INVALID else f"read {spelled(given)}"
    return told if wanted is INVALID or same(given, wanted) else f"{told}, expected {spelled(wanted)}"


def spelled(value: Any) -> str:
    """A parsed value as JSON again, its numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {spelled(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spelled, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


@lru_cache(maxsize=2048)  # an expected answer is parsed once for all models, and once for all metrics of an output
def parsed(text: str) -> Any:
    """The value of a JSON text with every number as an exact Decimal, or ``INVALID``. Treat it as read-only."""
    if _too_deep(text):
        return INVALID
    try:
        return json.loads(
            text,
            parse_constant=_no_constant,
            parse_int=Decimal,
            parse_float=Decimal,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, ArithmeticError, RecursionError):  # ArithmeticError: an exponent beyond what Decimal holds
        return INVALID


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
            return INVALID
        value = value[key]
    return value


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values; unlike Python's, true is not 1."""
    if left is INVALID or right is INVALID or type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
