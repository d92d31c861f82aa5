"""A gate decides on rows whose loss was watched while training."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.resolved import AnyModel, ResolvedTrain


def _watched(model: AnyModel, rows: str) -> ResolvedTrain | None:
    """The train of a chain that watched these rows."""
    while isinstance(model, ResolvedTrain):
        if model.validation is not None and model.validation.name == rows:
            return model
        if model.base is None:
            return None
        model = model.base
    return None


def _find(facts: Facts) -> Iterator[Finding]:
    for block in facts.own(facts.spec.evals):
        if block.data is None or block.name not in facts.requirements:
            continue
        for train in filter(None, (_watched(model, block.data.name) for model in block.models)):
            yield Finding(
                f"a gate decides on `{block.data.name}`, the rows that `{train.name}` was validated on",
                block.block.data.span,
                "evaluate on a part that tuned nothing",
                (train.block.label(train.block.validation.span, "validated on here"),),
            )
            break


LINT = Lint(
    "SFT0723",
    "gated_on_validation_rows",
    "warn",
    "settings were chosen to look good on these rows, so the number is too high",
    _find,
)
