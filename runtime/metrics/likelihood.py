"""What a model finds likely: which of the options, and how far from another model its own answers are.

Scored options are the JSON that a predict step keeps (docs/store.md). Options with the same text are one option. Two
that differ by less than float32 can tell are tied: where the expected answer is one of them the item cannot be
measured, elsewhere it is wrong, so a tie never passes for a right answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from runtime.metrics.answer import Answer

TIED = 1e-6  # relative to the better score: what the order of additions changes in float32


def choice(answer: Answer, *, normalise: str = "none") -> float | None:
    """1 when the expected answer has the best score of all options.

    ``none`` compares log-likelihoods (lm-eval's ``acc``), ``characters`` these divided by the option's length in code
    points (``acc_norm``), ``bytes`` in UTF-8 (``acc_bytes``), ``tokens`` in tokens, ``unconditional`` takes off the
    log-likelihood that the option has after no prompt (``acc_mutual_info``; Holtzman et al. 2021). None without scored
    options, without the expected one among them, for a score that is no number, and for a tie at the top.
    """
    scores = scored(answer.options, _SCORES[normalise])
    if scores is None or answer.expected not in scores:
        return None
    tied = _best(scores)
    if answer.expected in tied:
        return 1.0 if len(tied) == 1 else None
    return 0.0


def _best(scores: Mapping[str, float]) -> list[str]:
    """The options with the best score: several where they are tied."""
    best = max(scores.values())
    return [text for text, score in scores.items() if best - score <= TIED * max(1.0, abs(best))]


def option_read(answer: Answer, *, normalise: str = "none") -> str:
    """Which option ``choice`` takes for the one that the model chose."""
    scores = scored(answer.options, _SCORES[normalise])
    if not scores:
        return "read no scores"
    best = [f"`{text}`" for text in _best(scores)]
    return f"read {best[0]}" if len(best) == 1 else f"tied: {', '.join(best)}"


def scored(options: str | None, score: Callable[[Mapping[str, Any]], float]) -> dict[str, float] | None:
    """The score of every option by its text; None where any of them has none."""
    try:
        return {option["text"]: score(option) for option in json.loads(options or "null")}
    except (TypeError, ValueError, KeyError, ZeroDivisionError):
        return None


_SCORES: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "none": lambda option: option["log_likelihood"] + 0.0,
    "characters": lambda option: option["log_likelihood"] / option["characters"],
    "bytes": lambda option: option["log_likelihood"] / option["bytes"],
    "tokens": lambda option: option["log_likelihood"] / option["tokens"],
    "unconditional": lambda option: option["log_likelihood"] - option["unconditional"],
}


def kl_from(answer: Answer, *, reference: str, unit: str) -> float | None:
    """KL(model, reference) over the tokens of the model's own answer, exact at each: their sum, or their mean.

    None for an answer that was not read beside the reference, or whose sum is no number.
    """
    read = answer.divergences.get(reference)
    if read is None or read.divergence is None or not read.tokens:
        return None
    return read.divergence / read.tokens if unit == "nats_per_token" else read.divergence
