"""Which of an eval's templates its models were trained on: what two lints ask."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts
from compiler.lints.tree import calls
from compiler.resolved import ResolvedEval, ResolvedMixture, ResolvedTrain


def trained_templates(train: ResolvedTrain) -> frozenset[str] | None:
    """Templates that any train of the chain showed its rows with; None when that is not known."""
    if train.base is None or train.data is None:
        return None
    if isinstance(train.data, ResolvedMixture) and not train.data.is_known:
        return None
    tables = [rows.task.templates for rows in train.own_rows]
    if any(table.more for table in tables):
        return None
    own = frozenset(name for table in tables for name in table.names)
    if not isinstance(train.base, ResolvedTrain):
        return own
    below = trained_templates(train.base)
    return None if below is None else own | below


def _measures_drift_alone(block: ResolvedEval) -> bool:
    """Distance from a reference is measured where training happened, so trained templates are right there."""
    return all(any(calls(rule.expr, "kl_from")) for rule in block.block.metrics)


def evals_on_trained_templates(facts: Facts) -> Iterator[tuple[ResolvedEval, ResolvedTrain, frozenset[str]]]:
    """Evals of a trained model in which no template is new to it, with all templates that it was trained on."""
    for block in facts.own(facts.spec.evals):
        as_they_are = all(template.as_it_is for template in block.templates)
        if block.templates.more or as_they_are or _measures_drift_alone(block):
            continue
        for model in block.models:
            trained = trained_templates(model) if isinstance(model, ResolvedTrain) else None
            if trained and isinstance(model, ResolvedTrain) and set(block.templates.names) <= trained:
                yield block, model, trained
                break
