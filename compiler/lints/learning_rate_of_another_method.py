"""A learning rate for full weights on an adapter, or the other way round.

Adapters are trained at about ten times the rate of full weights (Biderman et al. 2024, arXiv:2405.09673). The limits
leave a wide band between them in which either is fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.hashing import decimal_text
from compiler.lints.lint import Facts, Finding, Lint

LOW_FOR_ADAPTER = Decimal("2e-5")
HIGH_FOR_FULL = Decimal("2e-4")


def _find(facts: Facts) -> Iterator[Finding]:
    for train in facts.own(facts.spec.trains):
        rate, adapter = train.block.learning_rate, train.block.adapter
        if not rate.known or not adapter.known or rate.value is None:
            continue
        full = adapter.value == "none"
        if full and rate.value >= HIGH_FOR_FULL:
            yield Finding(
                f"`learning_rate` of {decimal_text(rate.value)} is for adapters, and `{train.name}` trains all weights",
                rate.span,
                "rates around 2e-5 suit full weights",
            )
        elif not full and rate.value <= LOW_FOR_ADAPTER:
            yield Finding(
                f"`learning_rate` of {decimal_text(rate.value)} is for full weights, and `{train.name}` has an adapter",
                rate.span,
                "rates around 2e-4 suit LoRA",
            )


LINT = Lint(
    "SFT0721",
    "learning_rate_of_another_method",
    "warn",
    "the one forgets what the model knew, the other hardly learns",
    _find,
)
