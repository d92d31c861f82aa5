"""Arguments of instructions, as they stand in the rows of data: read strictly, so that no verdict rests on a guess.

The published program draws an argument at random where a row has none, or where it does not like the one that is there.
Here such a row is not measured, and the reason says what is wrong with it. A key whose value is null counts as absent:
data with one column for all arguments has nulls for those that an instruction does not take.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from spec_lang.plain_text import one_line

Kind: TypeAlias = Callable[[Any], Any]  # the value as the verifier takes it, or None where it is none of this kind
RELATIONS = ("at least", "less than")
_SHOWN = 40


def count(value: Any) -> int | None:
    """A whole number from 0; ``3.0`` is one, since columns of numbers may be read as fractions."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


def relation(value: Any) -> str | None:
    return value if value in RELATIONS else None


def words(value: Any) -> str | None:
    """A text that is more than white space."""
    return value if isinstance(value, str) and value.strip() else None


def word_list(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        return None
    return tuple(value) if all(words(item) is not None for item in value) else None


def one_character(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) == 1 and not value.isspace() else None


def language(value: Any) -> str | None:
    """A code that the model of languages knows; ``zh-cn`` and ``zh-tw`` are one to it."""
    from compiler.functions.languages import LANGUAGES

    code = value.lower().split("-")[0] if isinstance(value, str) else None
    return code if code in LANGUAGES else None


def read_arguments(wanted: Mapping[str, Kind], given: Any) -> dict[str, Any] | str:
    """The arguments of an instruction, or what is wrong with those that are given, in a few words."""
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        return f"its arguments are no object but {_shown(given)}"
    there = {key: value for key, value in given.items() if value is not None}
    unknown = [key for key in there if key not in wanted]
    if unknown:
        return f"it takes no `{one_line(str(unknown[0]), _SHOWN)}`"
    found: dict[str, Any] = {}
    for name, kind in wanted.items():
        if name not in there:
            return f"it needs `{name}`"
        found[name] = kind(there[name])
        if found[name] is None:
            return f"`{name}` cannot be {_shown(there[name])}"
    return found


def _shown(value: Any) -> str:
    return one_line(json.dumps(value, ensure_ascii=False, default=str), _SHOWN)
