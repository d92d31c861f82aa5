"""Split: every row to a part, by a hash of its key and the seed.

The key's text is lower-cased and its white space collapsed first, so that rows that differ only
there never part, and a row stays where it is when others come or go. A row without any key value
is split by its id. With ``similar``, keys that are near duplicates go where one of them goes
(``steps.split_groups``).
"""

from __future__ import annotations

from math import sqrt
from typing import Any

from compiler.plan import Step
from compiler.step_params import SplitParams
from runtime.context import StepContext, StepResult
from runtime.extensions import add_extensions
from runtime.relational import engine
from runtime.row_hashes import hash_number, plain_text, upper_ends
from runtime.step_rows import marked, view_rows
from runtime.steps.split_groups import make_groups


def run(ctx: StepContext) -> StepResult:
    """Add the column ``__split``; drops nothing. A part that got no row is noted, and a large group of similar rows."""
    params = ctx.step.params
    assert isinstance(params, SplitParams)
    with engine(ctx.out) as db:
        add_extensions(ctx, db)
        view_rows(db, ctx.inputs["rows"])
        groups = {} if params.similar is None else make_groups(ctx, db, params, *keys(params))
        select, values = statement(params)
        db.execute(f"CREATE TABLE placed AS {select}", values)
        rows = db.value("SELECT count(*) FROM placed")
        of_part = "(SELECT __ord AS ord FROM placed WHERE part = ?)"
        cases = " ".join(
            f"WHEN {marked(db, f'part_{at}', of_part, rows, [part.name])} THEN ?"
            for at, part in enumerate(params.parts)
        )
        db.copy(
            f"SELECT * EXCLUDE (__ord), CASE {cases} END AS __split FROM rows",
            ctx.out / "rows.parquet",
            [part.name for part in params.parts],
        )
        found: dict[str, int] = dict(db.rows("SELECT part, count(*) FROM placed GROUP BY part"))
    counts = {part.name: int(found.get(part.name, 0)) for part in params.parts}
    for part in params.parts:
        count, share = counts[part.name], float(part.share)
        if not count:
            ctx.note(f"the part `{part.name}` of {ctx.step.name} got none of {rows:,} rows")
        elif _is_far_off(count, share, rows):
            ctx.note(
                f"the part `{part.name}` of {ctx.step.name} got {count:,} of {rows:,} rows and not {share:.0%}: "
                "rows of one key stay together, and few keys hold many rows"
            )
    return StepResult(rows, rows, 0, {"parts": counts, **groups})


def _is_far_off(count: int, share: float, rows: int) -> bool:
    """Four standard deviations of a part whose rows had gone their own ways: one split in 16,000 is as far off by
    chance (binomial)."""
    return abs(count - share * rows) > 4 * sqrt(share * (1 - share) * rows)


def statements(step: Step) -> list[str]:
    """The SQL of the step, for reading."""
    assert isinstance(step.params, SplitParams)
    return [statement(step.params)[0]]


def keys(params: SplitParams) -> tuple[str, list[Any]]:
    """The select of ``__ord``, ``key`` and ``named`` (false for a row without any key value), with its parameters."""
    names = [f"k{i}" for i in range(len(params.key))]
    listed = ", ".join(f"({key.sql})::VARCHAR AS {name}" for key, name in zip(params.key, names, strict=True))
    # chr(31) keeps ("a b", "c") and ("a", "b c") apart; a missing value is an empty one.
    joined = " || chr(31) || ".join(f"coalesce({plain_text(name)}, '')" for name in names)
    any_key = " OR ".join(f"{name} IS NOT NULL" for name in names)
    sql = (
        f"    SELECT __ord, CASE WHEN {any_key} THEN {joined} ELSE __row_id END AS key, {any_key} AS named\n"
        f"    FROM (SELECT __ord, __row_id, {listed} FROM rows)\n"
    )
    return sql, [param for key in params.key for param in key.params]


def statement(params: SplitParams) -> tuple[str, list[Any]]:
    """The select over ``rows`` of ``__ord`` and the part that the row goes to, with its parameters."""
    ends = upper_ends([part.share for part in params.parts])
    cases = " ".join("WHEN h < ? THEN ?" for _ in ends)
    sql, values = keys(params)
    if params.similar is not None:  # a key that is like others goes where the first of them goes
        sql = f"    SELECT __ord, coalesce(leads, key) AS key FROM (\n{sql}    ) LEFT JOIN groups USING (key, named)\n"
    sql = (
        f"SELECT __ord, CASE {cases} END AS part\nFROM (\n"
        f"  SELECT __ord, {hash_number('? || key')} AS h FROM (\n{sql}  )\n)"
    )
    bounds = [value for end, part in zip(ends, params.parts, strict=True) for value in (end, part.name)]
    return sql, [*bounds, f"{params.seed}:", *values]
