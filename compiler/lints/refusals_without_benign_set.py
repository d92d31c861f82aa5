"""Refusals are gated, and nothing measures what is refused without need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.requirements import Required, judges_of
from compiler.lints.tree import clause, metrics, of_kind, tag, value, words
from compiler.tree import references
from spec_lang.ast import Block

_REFUSAL = re.compile(r"(?:^|[\W\d_])refus\w*(?=$|[\W\d_])", re.IGNORECASE)


def _find(facts: Facts) -> Iterator[Finding]:
    seen: set[int] = set()
    for item in facts.required:
        owner = item.owner
        if owner is None or owner.kind.text != "eval" or id(owner) in seen:
            continue
        if _about_refusals(item, facts) and not _measures_benign(owner) and not _elsewhere(item, owner, facts):
            seen.add(id(owner))
            yield Finding(
                f"the gate requires `{item.ref.text}`, and {owner.title} measures no refusals of benign requests",
                item.ref.span,
                "let a second eval measure the same judge over benign requests that look harmful",
                ((owner.head, "declared here"),),
            )


def _elsewhere(item: Required, owner: Block, facts: Facts) -> bool:
    """Whether another eval measures the same judge over other rows."""
    judges = {judge.name.text for judge in judges_of(item, facts) if judge.name is not None}
    for other in of_kind(facts.blocks, "eval"):
        asked = {ref.parts[0].text for metric in metrics(other).values() for ref in references(metric.expr)}
        if other is not owner and judges & asked and words(value(other, "data")) != words(value(owner, "data")):
            return True
    return False


def _about_refusals(item: Required, facts: Facts) -> bool:
    labels = (label for judge in judges_of(item, facts) for label in words(value(judge, "labels")))
    return bool(_REFUSAL.search(item.part)) or any(_REFUSAL.search(label) for label in labels)


def _measures_benign(owner: Block) -> bool:
    return any(tag(clause(metric, "over")) == "benign" for metric in metrics(owner).values())


LINT = Lint(
    "SFT0702",
    "refusals_without_benign_set",
    "deny",
    "a model that refuses everything would pass",
    _find,
    needs="spelled",
)
