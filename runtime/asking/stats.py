"""What asking came to, for the summary of a step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from compiler.hashing import decimal_text
from runtime.asking.request import Answer, Request, Result, flaws


@dataclass(slots=True)
class AskingStats:
    """``wanted`` requests are ``known`` (answered before, by whichever step) or ``asked`` now, as far as a budget let.
    Tokens, cost, retries and seconds are those of what was asked now; ``flaws`` and ``unanswered`` of all that was
    given."""

    wanted: int = 0
    known: int = 0
    asked: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    retries: int = 0
    seconds: float = 0.0  # by the clock, asking
    unanswered: Counter[str] = field(default_factory=Counter)
    flaws: Counter[str] = field(default_factory=Counter)

    def came(self, result: Result) -> None:
        """A result of what was asked now."""
        self.asked += 1
        self.retries += max(0, result.attempts - 1)
        if isinstance(result, Answer):
            self.prompt_tokens += result.prompt_tokens or 0
            self.output_tokens += result.output_tokens or 0
            if result.cost is not None:
                self.cost = (self.cost or Decimal(0)) + result.cost

    def given(self, request: Request, result: Result) -> None:
        """A result that the step gets for a request that it makes for the first time."""
        if isinstance(result, Answer):
            self.flaws.update(flaws(request, result))
        else:
            self.unanswered[result.reason] += 1

    def summary(self) -> dict[str, Any]:
        """As JSON; what there was none of is left out, but for the counts."""
        rate = round(self.output_tokens / self.seconds, 1) if self.output_tokens and self.seconds > 0 else None
        told: dict[str, Any] = {
            "requests": self.wanted,
            "known_before": self.known,
            "asked": self.asked,
            "prompt_tokens": self.prompt_tokens,
            "output_tokens": self.output_tokens,
            "tokens_per_second": rate,
        }
        if self.cost is not None:
            told["cost"] = decimal_text(self.cost)
        if self.retries:
            told["retries"] = self.retries
        for name in ("unanswered", "flaws"):
            if counts := getattr(self, name):
                told[name] = dict(sorted(counts.items()))
        return told
