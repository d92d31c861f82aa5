"""Outputs that are JSON of the shape that a JSON Schema describes.

Patterns of the schema run in an engine that takes linear time (``jsonschema_rs`` on Rust's ``regex``; Python's
``jsonschema`` would run them in ``re``, which an output can make hang), no schema is fetched from anywhere, and numbers
are exact. ``format`` says nothing of validity, as drafts since 2019-09 have it. Some 5 µs an output.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from runtime.metrics.answer import Answer
from runtime.metrics.json_values import INVALID, parsed

if TYPE_CHECKING:
    from jsonschema_rs import Validator


def json_schema(answers: Sequence[Answer], *, schema: str) -> list[float | None]:
    """1 for every output that is JSON (see ``valid_json``) and valid. ``schema`` is the text of one that was sound."""
    validator = _validator(schema)
    return [float(_is_valid(validator, answer.output)) for answer in answers]


def _is_valid(validator: Validator, output: str) -> bool:
    value = parsed(output)
    try:
        return value is not INVALID and validator.is_valid(value)
    except ValueError:  # half of a surrogate pair, which JSON can spell and no text can hold
        return False


def schema_read(answer: Answer, *, schema: str) -> str:
    """What ``json_schema`` finds first that is wrong with an answer."""
    value = parsed(answer.output)
    if value is INVALID:
        return "read no JSON"
    try:
        first = next(iter(_validator(schema).iter_errors(value)), None)
    except ValueError:
        return "read half of a surrogate pair"
    if first is None:
        return "read JSON that the schema allows"
    place = "/".join(map(str, first.instance_path))
    return f"the schema refuses {f'`{place}`' if place else 'it'}: {first.message}"


@lru_cache(maxsize=16)
def _validator(schema: str) -> Validator:
    from jsonschema_rs import RegexOptions, validator_for

    return validator_for(json.loads(schema), pattern_options=RegexOptions(), offline=True)
