"""What a metric read of an answer, in a few words: the number that was compared, the field, the option, the code.

A wrong answer that looks right, or the other way round, is understood by this alone. It is told when somebody looks at
an item, by the functions that the metric itself reads with, so that both cannot come apart; nothing of it is kept. Of a
measurement by another version of the step nothing is told. Some 20 µs an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.metrics.answer import Answer
from runtime.metrics.code import code_read
from runtime.metrics.exact import form_read
from runtime.metrics.json_schema import schema_read
from runtime.metrics.json_values import field_read
from runtime.metrics.likelihood import option_read
from runtime.metrics.numbers import number_read
from spec_lang.plain_text import one_line

MOST_CHARACTERS = 120

# (answer, **args) -> what it read; the arguments are those of the metric of this name.
READINGS: Mapping[str, Callable[..., str]] = {
    "numeric_match": number_read,
    "json_field_match": field_read,
    "exact_match": form_read,
    "json_schema": schema_read,
    "choice": option_read,
    "passes_tests": code_read,
}


def reading(function: str, args: Mapping[str, Any], answer: Answer) -> str:
    """What a metric of the language read of an answer; empty for one that takes the text as it is."""
    read = READINGS.get(function)
    return one_line(read(answer, **args), MOST_CHARACTERS) if read is not None else ""
