"""A score that somebody gave the answer elsewhere."""

from __future__ import annotations

from runtime.metrics.answer import Answer


def recorded(answer: Answer, *, score: str, better: str = "higher") -> float | None:
    """The score as it stands; None where none was recorded."""
    return answer.recorded.get(score)
