"""``method = rewrite``: rows that are others' rows with an evolved instruction, and an answer to it, in their place.

A row's other columns stay as they are. Its parent is the row that its instruction was made of, which may have been
written in an earlier round; ``facts`` name the operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.respond_params import Rewrite
from compiler.step_params import Sample
from runtime.generating.candidates import Candidate
from runtime.generating.new_instructions import NewInstructions
from runtime.generating.rewriting import Evolved, Rewriting, Written
from runtime.generating.turns import columns_asked
from runtime.generating.work import ALL_ASKED, BUDGET, Ended, Work
from runtime.relational import PLACE, engine, parquet
from runtime.template_sql import value


def generate(work: Work) -> Ended:
    """All attempts of all rounds; candidates are in ``work``. Rows without an instruction are not evolved."""
    method = work.params.method
    assert isinstance(method, Rewrite)
    rows = {row.row_id: row for row in work.rows}
    start = [one for one in _written(work, method) if (one.values[method.column] or "").strip()]
    new, done, total = NewInstructions(work, method.column), 0, len(start) * method.rounds

    def take(one: Evolved) -> str:
        nonlocal done
        done += 1
        work.ctx.progress(done, total, "attempts", round=one.round)
        row_id = new.add(_candidate(one, rows[one.of.row_id].values, method))
        return "" if work.candidates.found[-1].candidate.rule else row_id

    # Not from `drawing`: another limit of words or one more row would draw other operations, and ask everything anew.
    seed = work.params.decode.seed if isinstance(work.params.decode, Sample) else 0
    if not Rewriting(method, work.params.decode, work.asker, seed).run(start, take):
        return Ended(ALL_ASKED, f"all {len(start):,} instructions went through {_rounds(method.rounds)}", method.rounds)
    return Ended(BUDGET, f"the budget ended after {done:,} of {total:,} attempts", method.rounds)


def _candidate(one: Evolved, values: Mapping[str, Any], method: Rewrite) -> Candidate:
    value = one.verdict.value
    return Candidate(
        {**values, method.column: one.instruction, method.answer: one.answer},
        one.verdict.rule,
        None if value is None else f"{value:g}",
        one.verdict.detail or None,
        parents=(one.of.own,),
        requests=one.requests,
        round=one.round,
        facts={"operation": one.operation},
    )


def _written(work: Work, method: Rewrite) -> list[Written]:
    """The rows with the columns that questions show, as templates show them, in their order."""
    names = list(dict.fromkeys([method.column, *columns_asked(method.templates)]))
    ctx, part = work.ctx, work.params.part
    source = parquet(ctx.inputs["rows"] / "rows.parquet")
    where, bound = (" WHERE __split = ?", [part]) if part is not None else ("", [])
    with engine(ctx.out) as db:
        listed = ", ".join(value(name) for name in names)
        found = db.rows(f"SELECT __row_id, {listed} FROM {source}{where} ORDER BY {PLACE}", bound)
    return [Written(row_id, dict(zip(names, texts, strict=True)), row_id) for row_id, *texts in found]


def _rounds(count: int) -> str:
    return f"{count} round{'s' * (count != 1)}"
