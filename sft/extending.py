"""Marks for functions of your own, which a spec names with ``extension mine { path = "./mine.py" }``.

The compiler reads the marks and the types from the text of the file; they do nothing when the file is loaded.

    import sft

    @sft.scorer
    def density(text: str) -> float:
        return len(set(text.split())) / max(1, len(text.split()))

    @sft.filter
    def polite(text: str) -> bool:
        return "please" in text.lower()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def scorer(function: F) -> F:
    """Mark a function of a row's values that gives a number: for scores, and wherever a number stands."""
    return function


def filter(function: F) -> F:
    """Mark a function of a row's values that is true or false: for `keep` and `drop`, and in conditions."""
    return function
