"""About how many rows there are, before anything runs: an upper bound, as filters only take rows away."""

from __future__ import annotations

from math import ceil

from compiler.resolved import Rows


def at_most(rows: Rows | None) -> int | None:
    """Rows of a task or of a part of it; None when that is not known. A split goes by hash, so a part is near its share
    and seldom exactly it."""
    if rows is None or rows.task.source is None or rows.task.source.facts is None:
        return None
    total = rows.task.source.facts.rows
    if rows.part is None:
        return total
    share = rows.task.parts.get(rows.part) if rows.task.parts is not None else None
    return ceil(total * share) if share is not None else None
