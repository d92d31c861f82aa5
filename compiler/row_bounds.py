"""How many rows there are at most, before anything runs: filters only take rows away."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from compiler.resolved import ResolvedMixture, Rows, Use
from compiler.schema.sampled import Amount

_DEVIATIONS = 6  # of a binomial: a split by hash gives a part more than this once in a billion


def at_most(rows: Rows | None) -> int | None:
    """About the most rows of a task or of a part of it; None when that is not known. A split goes by hash, so a part is
    near its share and seldom exactly it."""
    found = _rows_and_share(rows)
    return None if found is None else ceil(found[0] * found[1])


def sampled(rows: int, sample: Decimal | Amount | None) -> int:
    """The most rows that a sample takes: a share goes by hash too."""
    if isinstance(sample, Amount):
        return min(rows, sample.rows)
    if sample is None or sample == 1:
        return rows
    return min(rows, ceil(rows * sample + _DEVIATIONS * (rows * sample * (1 - sample)).sqrt()))


def counted_rows(mixture: ResolvedMixture) -> int | None:
    """About how many rows a mixture has, at most: its total, or what its parts count after caps. None where that is not
    known."""
    block = mixture.block
    if not mixture.is_known or not (block.total.known and block.epochs.known):
        return None
    if block.total.value is not None:
        return block.total.value
    counts = [_counted(use) for use in mixture.uses if use is not None]
    known = [count for count in counts if count is not None]
    return block.epochs.value * sum(known) if len(known) == len(counts) else None


def _counted(use: Use) -> int | None:
    rows = at_most(use.of) if isinstance(use.of, Rows) else counted_rows(use.of)
    if rows is None:
        return None
    times, cap = use.entry.clause("by"), use.entry.clause("cap")
    count = rows if times is None else int(rows * times)
    return count if cap is None else min(count, cap)


def surely_at_most(rows: Rows | None) -> int | None:
    """Rows that a task or a part of it has at most, so surely that it can be an error; None when that is not known."""
    found = _rows_and_share(rows)
    if found is None:
        return None
    total, share = found
    return min(total, ceil(total * share + _DEVIATIONS * (total * share * (1 - share)).sqrt()))


def _rows_and_share(rows: Rows | None) -> tuple[int, Decimal] | None:
    if rows is None or rows.task.source is None or rows.task.source.facts is None:
        return None
    total = sampled(rows.task.source.facts.rows, rows.task.source.block.sample.value)
    if rows.part is None:
        return total, Decimal(1)
    share = rows.task.parts.get(rows.part) if rows.task.parts is not None else None
    return (total, share) if share is not None else None
