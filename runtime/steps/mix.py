"""Mix: rendered rows of several tasks as one training set, in training order.

How many rows a task gives is in ``apportionment``; which ones, and in what order, comes from hashes
of seed, task and row. A task that has to give more rows than it has gives whole passes and then the
first rows of a hash order; nothing is repeated in silence, ``mixture_counts`` has the numbers. Rows
that are not taken are not dropped: they are still in their task.
"""

from __future__ import annotations

from typing import Any

from compiler.plan import Step
from compiler.step_params import MixParams
from runtime.apportionment import TaskRate, apportioned, default_total, shares
from runtime.context import StepContext, StepResult
from runtime.relational import Engine, engine, parquet
from runtime.row_hashes import hash_number
from runtime.step_rows import publish_rows


def run(ctx: StepContext) -> StepResult:
    """Draw the mixture. The counts in and out are those of the mixture; what was available is in the summary."""
    params = ctx.step.params
    assert isinstance(params, MixParams)
    with engine(ctx.out) as db:
        available = [
            int(db.value(f"SELECT count(*) FROM {parquet(ctx.inputs[part.input] / 'rows.parquet')}"))
            for part in params.parts
        ]
        wanted = wanted_rows(params, available)
        db.execute(
            "CREATE TABLE drawn (task VARCHAR, row_id VARCHAR, template_hash VARCHAR, messages VARCHAR, "
            "expected VARCHAR, place BIGINT, copy BIGINT)"
        )
        counts: list[Count] = []
        for part, count, rows in zip(params.parts, wanted, available, strict=True):
            ctx.stop.check()
            source = parquet(ctx.inputs[part.input] / "rows.parquet")
            drawn = _insert_drawn(db, source, f"{params.seed}:{part.task}:", part.task, rows, count)
            counts.append((part.task, rows, count, drawn, drawn / rows if rows else 0.0))
        total = db.copy(_ORDERED, ctx.out / "rows.parquet")
        _write_counts(db, ctx, counts)
    publish_rows(ctx, {"mixture_counts": ctx.out / "mixture_counts.parquet"})
    summary = {
        task: {"available": have, "wanted": want, "realised": got, "repeats": repeats}
        for task, have, want, got, repeats in counts
    }
    return StepResult(total, total, 0, {"tasks": summary})


def wanted_rows(params: MixParams, available: list[int]) -> list[int]:
    """Rows of each part, in order of declaration. Raises ValueError when no task has rows."""
    tasks = [TaskRate(rows, part.cap, part.weight) for rows, part in zip(available, params.parts, strict=True)]
    total = default_total(tasks) if params.total is None else params.total
    return apportioned(shares(tasks, params.temperature), total)


def statements(step: Step) -> list[str]:
    """The SQL of the step, for reading; ``rendered`` stands for one task's rendered rows."""
    assert isinstance(step.params, MixParams)
    return [_draw("rendered"), _ORDERED.strip()]


def _draw(source: str) -> str:
    """The rows of one task: all of them once a whole pass, and the first ``rest`` of a hash order once more."""
    return (
        "SELECT task, row_id, template_hash, messages, expected,\n"
        f"  {hash_number('? || row_id || chr(58) || copy')} AS place, copy\n"
        "FROM (\n"
        "  SELECT ?::VARCHAR AS task, *, row_number() OVER (ORDER BY "
        f"{hash_number('? || row_id')}, ord) AS nth\n  FROM {source}\n"
        ") CROSS JOIN (SELECT unnest(range(?)) AS copy)\n"
        "WHERE copy < ? OR nth <= ?"
    )


_ORDERED = """
SELECT (row_number() OVER (ORDER BY place, task, row_id, copy) - 1)::BIGINT AS ord,
       row_id, template_hash, messages, expected, task
FROM drawn ORDER BY place, task, row_id, copy"""

Count = tuple[str, int, int, int, float]  # task, available, wanted, realised, how often a row is seen on average


def _insert_drawn(db: Engine, source: str, salt: str, task: str, available: int, wanted: int) -> int:
    """Add a task's rows to ``drawn``; how many they are."""
    if not available:
        return 0
    passes, rest = divmod(wanted, available)
    values = [f"{salt}order:", task, f"{salt}pick:", passes + 1, passes, rest]
    return int(db.value(f"INSERT INTO drawn {_draw(source)}", values))


def _write_counts(db: Engine, ctx: StepContext, counts: list[Count]) -> None:
    columns: list[list[Any]] = [list(column) for column in zip(*counts, strict=True)]
    db.copy(
        "SELECT unnest(?::VARCHAR[]) AS task, unnest(?::BIGINT[]) AS available, unnest(?::BIGINT[]) AS wanted, "
        "unnest(?::BIGINT[]) AS realised, unnest(?::DOUBLE[]) AS repeats",
        ctx.out / "mixture_counts.parquet",
        columns,
    )
