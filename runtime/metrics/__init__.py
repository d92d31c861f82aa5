"""Metrics of answers: what a model gave against what was expected, one number an item, or None.

1.0 and 0.0 are right and wrong where the metric is a share; the others are plain numbers. None means that the item
could not be measured (the *expected* answer is no JSON, say): it counts as missing and never as wrong. Answers are
untrusted: nothing here evaluates them, and no output, however deep, long or malformed, raises or hangs. A family of
metrics a file, each the twin of one in ``compiler/functions/metrics``; 1 to 20 µs an item where the file says nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from runtime.metrics.answer import Answer
from runtime.metrics.exact import characters, contains, exact_match, words
from runtime.metrics.json_values import json_field_match, valid_json

# (answer, **args) -> value; the arguments are those that the spec writes out. Columns are in the answer.
ItemMetric: TypeAlias = Callable[..., float | None]

METRICS: Mapping[str, ItemMetric] = {
    "exact_match": exact_match,
    "valid_json": valid_json,
    "contains": contains,
    "json_field_match": json_field_match,
    "words": words,
    "characters": characters,
}


def measure_items(function: str, args: Mapping[str, Any], answers: Iterable[Answer]) -> list[float | None]:
    """The metric of every answer, in order. Raises KeyError for a function that does not exist."""
    metric = METRICS[function]
    return [metric(answer, **args) for answer in answers]


__all__ = ["METRICS", "Answer", "ItemMetric", "measure_items"]
