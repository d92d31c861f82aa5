"""Mix: rendered rows of several tasks as one training set, in training order.

How many rows a task gives is in ``apportionment``; which ones, and in what order, comes from hashes
of the seed, the row and its template. So a renamed task, another order of ``use`` lines and a filter that takes other
rows away move no row. A task that has to give more rows than it has gives whole passes and then the
first rows of a hash order, never more often than the spec allows; ``mixture_counts`` has the numbers. Rows
that are not taken are not dropped: they are still in their task. Numbers of rows are drawn and put in order first;
conversations are read and sorted once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from compiler.plan import Step
from compiler.step_params import MixParams
from runtime.apportionment import Available, apportioned, roles, safe_total, shares, total_rows
from runtime.context import StepContext, StepResult
from runtime.large_sorts import copy_sorted, unpacked_bytes
from runtime.relational import PLACE, Engine, engine, parquet
from runtime.row_hashes import hash_number
from runtime.step_rows import publish_rows
from spec_lang.diagnostics import DiagnosticError, fatal

_COLUMNS = ("row_id", "template_hash", "messages", "expected", "part")
TOO_OFTEN, EMPTY = "SFT0442", "SFT0443"


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one input: what it has, its share of the mixture and the rows that makes, those that are taken, and how
    often each is taken on average."""

    part: str
    available: int
    share: float
    wanted: float
    realised: int
    repeats: float


def run(ctx: StepContext) -> StepResult:
    """Draw the mixture. The counts in and out are those of the mixture; what was available is in the summary.

    Raises DiagnosticError SFT0442 (rows would repeat more often than the spec allows), SFT0443 (it has no row, and is
    not that of a loop's round, which may have accepted nothing).
    """
    params = ctx.step.params
    assert isinstance(params, MixParams)
    with engine(ctx.out) as db:
        available = {
            role: int(db.value(f"SELECT count(*) FROM {parquet(ctx.inputs[role] / 'rows.parquet')}"))
            for role in roles(params)
        }
        counts = planned(params, available)
        if not any(count.realised for count in counts) and "round" not in ctx.step.local:  # a guard tells of a round
            raise _empty(ctx.step, available)
        _write_counts(db, ctx, counts)
        publish_rows(ctx, {"mixture_counts": ctx.out / "mixture_counts.parquet"})  # also of one that is refused
        too_often = [count for count in counts if count.realised > limit(params) * count.available]
        if too_often:
            raise _too_often(ctx.step, params, available, max(too_often, key=lambda count: count.repeats))
        db.execute("CREATE TABLE drawn (part VARCHAR, nth BIGINT, row_id VARCHAR, template_hash VARCHAR, copy BIGINT)")
        for count in counts:
            ctx.stop.check()
            _insert_drawn(db, parquet(ctx.inputs[count.part] / "rows.parquet"), params.seed, count)
        db.execute(f"CREATE TABLE placed AS {_PLACED}", [f"{params.seed}:order:"])
        db.execute("DROP TABLE drawn")
        files = {count.part: ctx.inputs[count.part] / "rows.parquet" for count in counts}
        sources = {part: parquet(path) for part, path in files.items()}
        total = int(db.value("SELECT count(*) FROM placed"))
        size = unpacked_bytes(db, list(files.values()), _COLUMNS) * total // max(1, sum(available.values()))
        copy_sorted(db, _gathered(sources), list(sources), _COLUMNS, total, size, ctx.out / "rows.parquet")
    summary = {
        count.part: {"available": count.available, "realised": count.realised, "repeats": count.repeats}
        for count in counts
    }
    return StepResult(total, total, 0, {"parts_of_mixture": summary})


def planned(params: MixParams, available: Available) -> list[Count]:
    """What each input gives, in the order of the roles; nothing where none has rows."""
    if not any(available.values()):
        return [Count(role, 0, 0.0, 0.0, 0, 0.0) for role in roles(params)]
    found = shares(params, available)
    total = total_rows(params, available)
    realised = apportioned(list(found.values()), total)
    return [
        Count(role, available[role], float(share), float(share * total), rows, rows / available[role] if rows else 0.0)
        for (role, share), rows in zip(found.items(), realised, strict=True)
    ]


def limit(params: MixParams) -> int:
    """How often a row may stand in the mixture."""
    return params.repeats * params.epochs


def statements(step: Step) -> list[str]:
    """The SQL of the step, for reading; ``rendered`` stands for one task's rendered rows."""
    assert isinstance(step.params, MixParams)
    return [_draw("rendered"), _PLACED.strip(), f"{_gathered({'rows': 'rendered'})}\nORDER BY ord"]


def _draw(source: str) -> str:
    """The rows of one task: all of them once a whole pass, and the first ``rest`` of a hash order once more."""
    return (
        "SELECT part, nth, row_id, template_hash, copy\n"
        "FROM (\n"
        f"  SELECT ?::VARCHAR AS part, {PLACE} AS nth, row_id, template_hash, row_number() OVER (ORDER BY "
        f"{hash_number('? || row_id || template_hash')}, row_id, {PLACE}) AS place\n  FROM {source}\n"
        ") CROSS JOIN (SELECT unnest(range(?)) AS copy)\n"
        "WHERE copy < ? OR place <= ?"
    )


# `time` counts how often the same conversation came before, whichever task brought it, so that copies are apart.
_PLACED = f"""
SELECT part, nth, row_number() OVER (ORDER BY place, row_id, template_hash, time) - 1 AS ord
FROM (
  SELECT *, {hash_number("? || row_id || template_hash || chr(58) || time")} AS place
  FROM (SELECT *, row_number() OVER (PARTITION BY row_id, template_hash ORDER BY copy, part) AS time FROM drawn)
)"""


def _gathered(sources: Mapping[str, str]) -> str:
    """The conversations with their new place, which is ``ord``. Takes the names of the parts."""
    rows = "\n  UNION ALL ".join(
        f"SELECT ?::VARCHAR AS part, {PLACE} AS nth, row_id, template_hash, messages, expected FROM {source}"
        for source in sources.values()
    )
    return f"SELECT {', '.join(_COLUMNS)}, ord\nFROM (\n  {rows}\n) JOIN placed USING (part, nth)"


def _insert_drawn(db: Engine, source: str, seed: int, count: Count) -> None:
    if not count.available:
        return
    passes, rest = divmod(count.realised, count.available)
    db.execute(f"INSERT INTO drawn {_draw(source)}", [count.part, f"{seed}:pick:", passes + 1, passes, rest])


def _write_counts(db: Engine, ctx: StepContext, counts: list[Count]) -> None:
    columns: list[list[Any]] = [list(column) for column in zip(*map(astuple, counts), strict=True)]
    db.copy(
        "SELECT unnest(?::VARCHAR[]) AS part, unnest(?::BIGINT[]) AS available, unnest(?::DOUBLE[]) AS share, "
        "unnest(?::DOUBLE[]) AS wanted, unnest(?::BIGINT[]) AS realised, unnest(?::DOUBLE[]) AS repeats",
        ctx.out / "mixture_counts.parquet",
        columns,
    )


def _empty(step: Step, available: Available) -> DiagnosticError:
    labels = step.local.get("labels", {})
    listed = ", ".join(f"`{labels.get(role, role)}` has {rows:,}" for role, rows in available.items())
    return fatal(
        EMPTY,
        f"mixture `{step.name}` has no row: what it counts of its tasks is less than one ({listed})",
        "write a larger number after `by`, or a `total`",
    )


def _too_often(step: Step, params: MixParams, available: Available, worst: Count) -> DiagnosticError:
    name = step.local.get("labels", {}).get(worst.part, worst.part)
    found = shares(params, available)
    most = safe_total(list(found.values()), [limit(params) * available[role] for role in found])
    needed = -(-worst.realised // (worst.available * params.epochs))
    allowed = "once" if limit(params) == 1 else f"at most {limit(params)} times"
    return fatal(
        TOO_OFTEN,
        f"mixture `{step.name}` takes {worst.realised:,} rows of `{name}`, which has {worst.available:,}, "
        f"and a row may be in it {allowed}",
        f"write `repeats = {needed}`, or a `total` of at most {most:,} rows",
        about=None if "mixtures" in step.local else worst.part.replace("rows:", "parts."),
    )
