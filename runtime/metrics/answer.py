"""One answer of a model, as metrics see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

# What a metric makes of an answer, and why it could not be measured, or what is wrong with it; empty for neither.
Explained: TypeAlias = tuple[float | None, str]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TextLikelihood:
    """What a model gives to a text: nats summed over ``tokens`` tokens, of the end-of-turn token after it, and from
    another model. None where it was not asked, or is no number. Lengths are those of the text."""

    log_likelihood: float | None
    ending: float | None
    divergence: float | None
    tokens: int
    words: int
    characters: int
    bytes: int


@dataclass(frozen=True, slots=True)
class JudgedAs:
    """A judge's label of an answer and its number, or why it has none."""

    label: str | None
    score: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``output`` and ``expected`` are text as the model wrote it and as the data has it; nothing of them is trusted.

    ``columns`` has what the metric's arguments say of the item's row, by the name of the argument: text, a number, a
    truth value, a list of what JSON has, an object as the text of its JSON, or None. What the run did not record (an
    answer that was made elsewhere has no ``seconds``) is None. ``prompt`` is the JSON list of messages; ``seconds`` the
    item's share of the time of its batch; ``stop_reason`` is ``end_of_turn``, ``length`` or ``chosen``; ``options`` are
    the scored options of a chosen answer, as JSON. ``likelihood`` is that of the expected answer, ``divergences`` are
    those of the output from other models by their names; ``recorded`` are scores that somebody gave the answer
    elsewhere, ``judged`` what judges say of it, by their names.
    """

    output: str
    expected: str
    columns: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    prompt: str = ""
    seconds: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    stop_reason: str | None = None
    options: str | None = None
    likelihood: TextLikelihood | None = None
    divergences: Mapping[str, TextLikelihood] = field(default_factory=lambda: _NOTHING)
    recorded: Mapping[str, float | None] = field(default_factory=lambda: _NOTHING)
    judged: Mapping[str, JudgedAs] = field(default_factory=lambda: _NOTHING)

    @property
    def accepted(self) -> list[str]:
        """The expected answer, and those of the argument ``answers``."""
        more = [item for item in self.columns.get("answers") or () if item is not None]
        return [self.expected, *(item if isinstance(item, str) else json.dumps(item) for item in more)]


def best(of: Callable[[str], float | None], answer: Answer) -> float | None:
    """The best that any accepted answer gives; None when none of them can be measured."""
    if "answers" not in answer.columns:
        return of(answer.expected)
    return max((value for text in answer.accepted if (value := of(text)) is not None), default=None)
