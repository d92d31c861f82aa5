"""Preference training, and no metric says how far the model went from its reference."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.tree import calls, metrics, of_kind, tag, value, words

PREFERENCE_OBJECTIVES = ("dpo",)


def _find(facts: Facts) -> Iterator[Finding]:
    measured = {
        model
        for block in of_kind(facts.blocks, "eval")
        if any(any(calls(metric.expr, "kl_from")) for metric in metrics(block).values())
        for model in words(value(block, "models"))
    }
    for train in of_kind(facts.blocks, "train"):
        objective = value(train, "objective")
        if tag(objective) in PREFERENCE_OBJECTIVES and train.name is not None and train.name.text not in measured:
            yield Finding(
                f"{train.title} trains on preferences, and no eval measures its drift",
                objective.span if objective is not None else train.head,
                f"add an eval of `{train.name.text}` with `metric kl = kl_from(REFERENCE, unit = nats_per_token)`",
            )


LINT = Lint(
    "SFT0704",
    "preferences_without_kl",
    "deny",
    "preferences can be met by leaving the model's language, which no reward shows",
    _find,
    needs="spelled",
)
