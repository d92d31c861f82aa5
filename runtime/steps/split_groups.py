"""The groups of a split with ``similar``: keys that are near duplicates, directly or through other keys.

Of each group one key leads, and all its rows go where that key alone would go, so a row without a near duplicate stays
where it is when ``similar`` is set. The one with the smallest hash leads: that depends on the keys of the group and on
nothing else, neither on the order of the rows nor on what other groups there are.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from compiler.step_params import SplitParams
from runtime.context import StepContext
from runtime.distinct_forms import distinct_forms
from runtime.near_groups import near_groups
from runtime.relational import Engine

LARGE = 0.01  # share of all rows


def make_groups(ctx: StepContext, db: Engine, params: SplitParams, keys: str, values: list[Any]) -> dict[str, int]:
    """The table ``groups(key, named, leads)`` of the keys that are alike, and what there is to say of it. ``keys`` is
    the select of ``__ord``, ``key`` and ``named``. A group with more than a hundredth of all rows is noted."""
    import numpy as np

    db.execute(
        "CREATE TEMP TABLE keys AS SELECT row_number() OVER (ORDER BY key) - 1 AS n, key, rows FROM ("
        f"SELECT key, count(*) AS rows FROM ({keys}) WHERE named GROUP BY key)",
        values,
    )
    forms = distinct_forms(key for (key,) in db.stream("SELECT key FROM keys ORDER BY n"))

    def tick(done: int, of: int) -> None:
        ctx.stop.check()
        ctx.progress(done, of, "keys")

    assert params.similar is not None
    groups = near_groups(forms.texts, Fraction(params.similar), tick)
    row = np.flatnonzero(forms.of_row >= 0)
    group = groups[forms.of_row[row]]
    db.execute("CREATE TEMP TABLE members (n BIGINT, number BIGINT)")
    db.append_columns("members", [row, group])
    db.execute(_GROUPS)
    count, largest, all_rows = db.rows(_SIZES)[0]
    if count and largest > LARGE * all_rows:
        ctx.note(
            f"{largest:,} of {all_rows:,} rows of {ctx.step.name} are alike, directly or through others, and go to one"
            " part together; a higher `similar` makes smaller groups"
        )
    return {"groups": int(count), "largest_group": int(largest or 0)}


_GROUPS = """
CREATE TEMP TABLE groups AS
SELECT key, true AS named, arg_min(key, sha256('leads:' || key)) OVER (PARTITION BY number) AS leads, number, rows
FROM members JOIN keys USING (n)
QUALIFY count(*) OVER (PARTITION BY number) > 1"""

_SIZES = """
SELECT count(*), max(size), (SELECT count(*) FROM rows)
FROM (SELECT sum(rows) AS size FROM groups GROUP BY number)"""
