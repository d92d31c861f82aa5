"""Many passes over few rows.

Up to about four passes, repeated rows are worth nearly as much as new ones; after that their worth decays (Muennighoff
et al. 2023, arXiv:2305.16264).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compiler.lints.lint import Facts, Finding, Lint
from compiler.resolved import ResolvedMixture, Rows
from compiler.row_bounds import at_most, counted_rows

if TYPE_CHECKING:
    from fractions import Fraction

EPOCHS = 4
FEW = 1000


def _find(facts: Facts) -> Iterator[Finding]:
    for train in facts.own(facts.spec.trains):
        epochs = train.block.epochs
        seen = _rows_and_passes(train.data)
        if not epochs.known or seen is None:
            continue
        rows, passes = seen
        times = epochs.value * passes
        if times > EPOCHS and rows < FEW:
            yield Finding(
                f"train `{train.name}` goes {_shown(times)} times over about {rows:,} rows",
                epochs.span,
                f"use {EPOCHS} epochs or fewer, or more rows",
            )


def _rows_and_passes(data: Rows | ResolvedMixture | None) -> tuple[int, Fraction] | None:
    """About how many different rows an epoch has, and how often each; None where that is not known."""
    from fractions import Fraction

    if not isinstance(data, ResolvedMixture):
        rows = at_most(data)
        return (rows, Fraction(1)) if rows else None
    counted = counted_rows(data)
    there = [at_most(rows) for rows in data.rows]
    known = [rows for rows in there if rows is not None]
    if not counted or len(known) < len(there):
        return None
    different = min(counted, sum(known))
    return different, Fraction(counted, different)


def _shown(times: Fraction) -> str:
    return str(times) if times.denominator == 1 else f"{float(times):.1f}"


LINT = Lint(
    "SFT0720",
    "many_epochs_on_few_rows",
    "warn",
    "after about four passes a model learns its rows by heart and little else",
    _find,
)
