"""Which metrics are known not to go below 0. A score recorded elsewhere, a judge's, or an extension's may."""

from __future__ import annotations

from compiler.lints.lint import Facts
from compiler.resolved_gate import Requirement

_COUNTS = frozenset(
    {
        "bits_per_byte",
        "byte_perplexity",
        "characters",
        "latency",
        "length",
        "output_tokens",
        "perplexity",
        "prompt_tokens",
        "repetition",
        "word_perplexity",
        "words",
    }
)


def never_negative(requirement: Requirement, facts: Facts) -> bool:
    """Whether no score of the requirement's metric is below 0: shares, counts, times and perplexities."""
    metric = requirement.metric
    if metric.unit == "share":
        return True
    owner = facts.spec.evals.get(metric.eval)
    found = None if owner is None else owner.metrics.get(metric.metric)
    return found is not None and found.function.name in _COUNTS
