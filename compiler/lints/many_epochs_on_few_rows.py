"""Many passes over few rows.

Up to about four passes, repeated rows are worth nearly as much as new ones; after that their worth decays (Muennighoff
et al. 2023, arXiv:2305.16264).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lints.lint import Facts, Finding, Lint
from compiler.lints.row_counts import at_most
from compiler.resolved import ResolvedMixture

EPOCHS = 4
FEW = 1000


def _find(facts: Facts) -> Iterator[Finding]:
    for train in facts.own(facts.spec.trains):
        epochs = train.block.epochs
        if not epochs.known or epochs.value <= EPOCHS:
            continue
        if isinstance(train.data, ResolvedMixture) and None in train.data.uses:
            continue
        counts = [at_most(rows) for rows in train.own_rows]
        known = [count for count in counts if count is not None]
        if known and len(known) == len(counts) and sum(known) < FEW:
            yield Finding(
                f"train `{train.name}` goes {epochs.value} times over about {sum(known):,} rows",
                epochs.span,
                f"use {EPOCHS} epochs or fewer, or more rows",
            )


LINT = Lint(
    "SFT0720",
    "many_epochs_on_few_rows",
    "warn",
    "after about four passes a model learns its rows by heart and little else",
    _find,
)
