"""Several passes over the rows, and no loss on rows that are not trained on."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint


def _find(facts: Facts) -> Iterator[Finding]:
    for train in facts.own(facts.spec.trains):
        block = train.block
        if block.epochs.known and block.epochs.value > 1 and block.validation.known and block.validation.value is None:
            yield Finding(
                f"train `{train.name}` goes over its rows {block.epochs.value} times without `validation`",
                block.epochs.span,
                "add `validation = TASK.PART`",
            )


LINT = Lint(
    "SFT0715",
    "no_validation",
    "warn",
    "the training loss falls on and on while the model only memorises",
    _find,
)
