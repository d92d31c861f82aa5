"""Mixtures that are sure to take rows more often than they may, told before anything runs.

Sure means: whatever filters and splits leave. What only the rows can tell is an error of the run, before anything is
trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.reporting import Reporter
from compiler.resolved import ResolvedMixture, Rows
from compiler.row_bounds import surely_at_most
from spec_lang.source import Span

TOO_OFTEN = "SFT0442"


def check_repeats(mixture: ResolvedMixture, report: Reporter) -> None:
    """Report a total that the rows of the mixture cannot give, or a weighted task that cannot give its share of it."""
    total, repeats = mixture.block.total, mixture.block.repeats
    if total.value is None or not total.known or not repeats.known:
        return
    bounds = [surely_at_most(rows) for rows in mixture.rows] if mixture.is_known else [None]
    most = sum(bound for bound in bounds if bound is not None)
    if None not in bounds and total.value > most * repeats.value:
        message = f"mixture `{mixture.name}` has {total.value:,} rows, and its tasks have {most:,} at most"
        report.error(TOO_OFTEN, message, total.span, _remedy(total.value, most, "a smaller `total`"))
        return
    for what, span, wanted, bound in _fixed(mixture, total.value):
        if wanted > bound * repeats.value:
            message = f"mixture `{mixture.name}` takes {wanted:,} rows of {what} {bound:,} at most"
            report.error(TOO_OFTEN, message, span, _remedy(wanted, bound, "a smaller `weight` or `total`"))


def _remedy(wanted: int, there: int, instead: str) -> str:
    return f"write `repeats = {-(-wanted // there)}` if rows may come so often, or {instead}"


def _fixed(mixture: ResolvedMixture, total: int) -> Iterator[tuple[str, Span, int, int]]:
    """Tasks whose share is fixed by weights, and the others together: what they are, the rows that they give at least,
    and those that are there at most."""
    left = Decimal(1)
    for use in mixture.uses:
        weight = use.entry.clause("weight") if use is not None else None
        if use is None or ("weight" in use.entry.clauses and weight is None):
            return
        if weight is not None:
            left -= weight
            bound = surely_at_most(use.of) if isinstance(use.of, Rows) else None
            if bound:
                yield f"`{use.name}`, which has", use.entry.clauses["weight"].span, int(total * weight), bound
    others = [use.of for use in mixture.uses if use is not None and "weight" not in use.entry.clauses]
    bounds = [surely_at_most(rows) if isinstance(rows, Rows) else None for rows in others]
    most = sum(bound for bound in bounds if bound is not None)
    if left < 1 and most and None not in bounds:
        what = f"`{others[0].name}`, which has" if len(others) == 1 else "the tasks without a weight, which have"
        yield what, mixture.block.total.span, int(total * left), most
