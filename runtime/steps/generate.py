"""Generate: rows that a model writes from other rows, every one of them kept with the verdict on it.

A method (``runtime/generating``) asks and judges; this frame reads the rows, opens the model, and writes what came of
it: accepted candidates are rows with the columns of those they were written from and their generation; all candidates
are in the store with prompt, parents and verdict; a rejected one is in the ledger under its rule. Answers are kept as
they come, once a request whichever step asked, so a killed step asks only what it has not been answered, and ends with
the same rows. Costs: what the model costs, and some 2 kB of memory a candidate.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from compiler.generate_params import SelfInstruct
from compiler.step_params import GenerateParams
from runtime.asking import open_asking
from runtime.context import StepContext, StepResult
from runtime.generating.answer_faults import TRUNCATED
from runtime.generating.candidates import Candidates, Numbered, SourceRow, content_of
from runtime.generating.work import Ended, GenerateMethod, Work, drawing_of
from runtime.relational import PLACE, Engine, engine, parquet, quoted
from runtime.row_files import EXAMPLES
from runtime.step_rows import empty_part, publish_rows, write_ledger
from spec_lang.diagnostics import DiagnosticError, fatal

NOTHING_ACCEPTED, MOSTLY_CUT_OFF = "SFT0444", "SFT0572"
_UNANSWERED, _BUDGET = "unanswered", "budget_"  # the rule, and what the rules begin with, of what nobody wrote
GENERATION = "__generation"


def run(ctx: StepContext) -> StepResult:
    """Raises DiagnosticError SFT0413 (the part has no row), SFT0444 (nothing was accepted), SFT0534 (requests that a
    server never answered), what asking a model raises; Interrupted."""
    params = ctx.step.params
    assert isinstance(params, GenerateParams)
    rows = read_rows(ctx, params)
    candidates = Candidates.of(rows)
    inputs = [ctx.input_steps[role].hash for role in sorted(ctx.input_steps)]
    with open_asking(ctx, precision=params.precision, plain=params.prompt, budget=params.budget, tells=False) as asker:
        ended = method_of(params)(Work(ctx, params, rows, asker, candidates, drawing_of(ctx.step, inputs)))
        asker.require_answers()
        asked = asker.summary()
    accepted, rejected = candidates.accepted, dict(sorted(candidates.rejected.items()))
    write(ctx, params, candidates.found)
    if not accepted and not ctx.of_round:
        raise _nothing_accepted(ctx, params, candidates, ended)
    summary = {
        "accepted": len(accepted),
        "dropped_by_rule": rejected,
        "ended": ended.why,
        "ended_because": ended.text,
        "rounds": ended.rounds,
        "generations": max((one.generation for one in accepted), default=0),
        "asking": asked,
    }
    if _mostly_cut_off(candidates):
        summary["findings"] = [_cut_off(ctx, params, candidates)]
    return StepResult(len(candidates.found), len(accepted), len(candidates.found) - len(accepted), summary)


def method_of(params: GenerateParams) -> GenerateMethod:
    """The ``generate`` function of a method's module, imported only where it is used."""
    found: GenerateMethod = import_module(f"runtime.generating.{params.method.method}").generate
    return found


def read_rows(ctx: StepContext, params: GenerateParams) -> list[SourceRow]:
    """The rows that others are written from, in their order. Raises DiagnosticError SFT0413 when there is none."""
    source = parquet(ctx.inputs["rows"] / "rows.parquet")
    where, bound = ("WHERE __split = ?", [params.part]) if params.part is not None else ("", [])
    with engine(ctx.out) as db:
        there = columns_of(db, source)
        generation = GENERATION if GENERATION in there else "0"
        listed = "".join(f", {quoted(name)}" for name in params.columns)
        rows = db.rows(f"SELECT __row_id, {generation}{listed} FROM {source} {where} ORDER BY {PLACE}", bound)
    if not rows:
        raise empty_part(params.part, f"`{ctx.step.local['labels']['from']}`")
    return [SourceRow(row[0], dict(zip(params.columns, row[2:], strict=True)), int(row[1])) for row in rows]


def columns_of(db: Engine, source: str) -> dict[str, str]:
    """Column -> SQL type, of a Parquet file."""
    return {row[0]: row[1] for row in db.rows(f"DESCRIBE SELECT * FROM {source}")}


# --- what came of it ----------------------------------------------------------------------------------

_CANDIDATES = """CREATE TABLE candidates (number INTEGER, row_id VARCHAR, round INTEGER, generation INTEGER,
parents VARCHAR, requests VARCHAR, verdict VARCHAR, rule VARCHAR, value VARCHAR, detail VARCHAR, nearest VARCHAR,
similarity DOUBLE, content VARCHAR, facts VARCHAR)"""
_LIST = '["VARCHAR"]'
_LISTS = (
    f"SELECT * REPLACE (from_json(parents, '{_LIST}') AS parents, from_json(requests, '{_LIST}') AS requests) "
    "FROM candidates ORDER BY number"
)
_LEDGER = (
    "SELECT rule, row_id, NULL::BIGINT AS line, NULL::VARCHAR AS file, value, "
    "CASE WHEN rule = 'novelty' THEN nearest END AS survivor, detail "
    "FROM candidates WHERE verdict = 'rejected' ORDER BY number"
)


def write(ctx: StepContext, params: GenerateParams, found: Sequence[Numbered]) -> None:
    """``rows.parquet`` of what was accepted, and the step's rows of the tables ``candidates`` and ``ledger``."""
    source = parquet(ctx.inputs["rows"] / "rows.parquet")
    tables = {name: ctx.out / f"{name}.parquet" for name in ("candidates", "ledger")}
    with engine(ctx.out) as db:
        db.execute(_CANDIDATES)
        db.append("candidates", [_line(one) for one in found])
        db.copy(_LISTS, tables["candidates"])
        write_ledger(db, _LEDGER, tables["ledger"])
        examples = "SELECT row_id, NULL::VARCHAR AS file, NULL::BIGINT AS line, content FROM candidates ORDER BY number"
        db.copy(examples, ctx.out / EXAMPLES, kept=True)
        types = columns_of(db, source)
        types |= dict.fromkeys(params.method.writes, "VARCHAR")
        typed = "".join(f", {quoted(name)} {types[name]}" for name in params.columns)
        db.execute(f"CREATE TABLE written (__row_id VARCHAR{typed}, {GENERATION} INTEGER)")
        accepted = [one for one in found if not one.candidate.rule]
        db.append("written", [_row(one, params.columns) for one in accepted])
        listed = "".join(f", {quoted(name)}" for name in (*params.columns, GENERATION))
        place = "NULL::VARCHAR AS __file, NULL::BIGINT AS __line"
        db.copy(f"SELECT __row_id, {place}{listed} FROM written ORDER BY rowid", ctx.out / "rows.parquet")
    publish_rows(ctx, tables)


def _line(one: Numbered) -> tuple[Any, ...]:
    of = one.candidate
    verdict = "rejected" if of.rule else "accepted"
    return (
        *(one.number, one.row_id, of.round, one.generation, json.dumps(of.parents), json.dumps(of.requests)),
        *(verdict, of.rule or None, _writable(of.value), _writable(of.detail)),
        *(of.nearest, of.similarity, _writable(content_of(of.values))),
        json.dumps(dict(of.facts), ensure_ascii=False) if of.facts else None,
    )


def _writable(text: str | None) -> str | None:
    """Without halves of surrogate pairs, which a server may send and no table takes."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _row(one: Numbered, columns: Sequence[str]) -> tuple[Any, ...]:
    return (one.row_id, *(one.candidate.values.get(name) for name in columns), one.generation)


def _nothing_accepted(
    ctx: StepContext, params: GenerateParams, candidates: Candidates, ended: Ended
) -> DiagnosticError:
    most = ", ".join(f"{count:,} by `{rule}`" for rule, count in candidates.rejected.most_common(4))
    what = f"it rejected all of {len(candidates.found):,} candidates: {most}" if most else "the model was not asked"
    return fatal(
        NOTHING_ACCEPTED,
        f"generate `{ctx.step.name}` accepted nothing ({ended.text}); {what}",
        (f"{_longer(params)}; " if _mostly_cut_off(candidates) else "")
        + "`sft show RUN generated` shows what the model wrote, with the rule that each broke",
        about="method",
    )


def _mostly_cut_off(candidates: Candidates) -> bool:
    """Whether more than half of what the model wrote ended at the limit of tokens."""
    written = len(candidates.found) - sum(
        count for rule, count in candidates.rejected.items() if rule == _UNANSWERED or rule.startswith(_BUDGET)
    )
    return 2 * candidates.rejected[TRUNCATED] > written


def _cut_off(ctx: StepContext, params: GenerateParams, candidates: Candidates) -> dict[str, Any]:
    """A warning of the run: rows are lost to a limit, and those that are left are the short ones."""
    counts = f"{candidates.rejected[TRUNCATED]:,} of {len(candidates.found):,} candidates"
    message = f"generate `{ctx.step.name}`: {counts} were cut off, by a limit of tokens or the server"
    return {"code": MOSTLY_CUT_OFF, "message": message, "help": _longer(params), "entry": "decode"}


def _longer(params: GenerateParams) -> str:
    method, tokens = params.method, params.decode.max_new_tokens
    instances = f", or `instance_tokens` ({method.instance_tokens:,})" if isinstance(method, SelfInstruct) else ""
    return f"raise `max_new_tokens` of `decode` ({tokens:,}){instances}: what is left are the short answers alone"
