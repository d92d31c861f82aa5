"""How many rows there are at most, before anything runs: filters only take rows away."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from compiler.resolved import ResolvedMixture, Rows, Use
from spec_lang.quantities import Unit

_DEVIATIONS = 6  # of a binomial: of different rows a sample by hash takes more than this once in a billion


def at_most(rows: Rows | None) -> int | None:
    """About the most rows of a task or of a part of it; None when that is not known. A split goes by hash, so a part is
    near its share and seldom exactly it; where many rows have one key it can be far from it, so no error is made of
    this."""
    total, share = (None, None) if rows is None else (_of_source(rows, surely=False), _share(rows))
    return None if total is None or share is None else ceil(total * share)


def _sampled(rows: int, sample: tuple[Decimal, Unit] | None, *, surely: bool) -> int:
    """The most rows that a sample takes: surely all of them where it takes a share, since equal rows have one hash."""
    if sample is None or sample == (Decimal(1), Unit.SHARE):
        return rows
    number, unit = sample
    if unit is Unit.ROWS:
        return min(rows, int(number))
    return rows if surely else min(rows, ceil(rows * number + _DEVIATIONS * (rows * number * (1 - number)).sqrt()))


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
    """Rows that a task or a part of it has at most, so surely that it can be an error; None when that is not known.

    A part may have them all, whatever its share: rows with equal or similar keys never part.
    """
    if rows is None or (rows.part is not None and _share(rows) is None):
        return None
    return _of_source(rows, surely=True)


def _of_source(rows: Rows, *, surely: bool) -> int | None:
    source = rows.task.source
    if source is None or source.facts is None:
        return None
    return _sampled(source.facts.rows, source.block.sample.value, surely=surely)


def _share(rows: Rows) -> Decimal | None:
    if rows.part is None:
        return Decimal(1)
    return rows.task.parts.get(rows.part) if rows.task.parts is not None else None
