"""Marks for functions of your own, which a spec names with ``extension mine { path = "./mine.py" }``.

The compiler reads the marks and the types from the text of the file; they do nothing when the file is loaded.

    import sft

    @sft.scorer
    def density(text: str) -> float:
        return len(set(text.split())) / max(1, len(text.split()))

    @sft.filter
    def polite(text: str) -> bool:
        return "please" in text.lower()

    @sft.verifier
    def ends_with(output: str, expected: str) -> bool:
        return output.rstrip(". ").endswith(expected.strip())

    @sft.metric(higher_is_better=True)
    def closeness(output: str, expected: str, *, scale: float = 1.0) -> float:
        return scale / (1 + abs(len(output) - len(expected)))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])


def scorer(function: F) -> F:
    """Mark a function of a row's values that gives a number: for scores, and wherever a number stands."""
    return function


def filter(function: F) -> F:
    """Mark a function of a row's values that is true or false: for `keep` and `drop`, and in conditions."""
    return function


def verifier(function: F) -> F:
    """Mark a function of an answer that is true or false, for `verify` of a generate and for metrics of an eval."""
    return function


@overload
def metric(function: F) -> F: ...


@overload
def metric(*, higher_is_better: bool | None) -> Callable[[F], F]: ...


def metric(function: F | None = None, *, higher_is_better: bool | None = None) -> F | Callable[[F], F]:
    """Mark a function of an answer, for `metric x = …` of an eval: a truth value, or a number and which way is better.

    ``output``, ``expected``, ``prompt``, ``seconds``, ``prompt_tokens``, ``output_tokens`` and ``stop_reason`` are what
    the model did; other parameters are columns of the item's row, and those behind ``*`` are written out in the spec.
    """
    return function if function is not None else lambda marked: marked
