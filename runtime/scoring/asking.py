"""What a scoring model is asked, and what it answers: the seam between the score step and the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

ANSWER, ALONE = "answer", "alone"  # mean token losses of answers: after their prompts, and after nothing
REWARD, LABEL = "reward", "label:"  # a label's measure is the prefix and the label


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a text by one measure, rounded to six decimals: in float32, what lies below is the order of
    additions. In bfloat16 that order moves a value up to its third decimal (1.2e-3 was measured in November 2026).
    ``value`` is None for a text that cannot be measured, with a reason."""

    measure: str
    text: str
    value: float | None
    reason: str | None
    tokens: int


class Asker(Protocol):
    """A loaded model. ``device``, ``precision`` and ``way`` are for the record."""

    device: str
    precision: str
    way: str

    def ask(self, texts: Mapping[str, str], wanted: Mapping[str, Set[str]]) -> Iterator[list[Answer]]:
        """Answers as they come, a batch at a time. ``wanted`` are hashes of texts by measure."""
        ...
