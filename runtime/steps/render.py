"""Render: rows become conversations through a template of literal text and column values, or are ones already.

A value is put in place as it is: braces, quotes and control characters in data are data, and nothing
is evaluated. A row that lacks a value its template needs is dropped and the ledger names the column.
With several templates a row takes one by a hash of its id and the seed, in the shares that they have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from compiler.hashing import hash_value
from compiler.plan import Step
from compiler.step_params import RenderParams, RenderTemplate
from runtime import candidates, few_shot
from runtime.context import StepContext, StepResult
from runtime.relational import Engine, engine, parquet, quoted
from runtime.row_files import RENDERS, second_name
from runtime.row_hashes import hash_number, upper_ends
from runtime.step_rows import empty_part, publish_rows, view_rows, write_ledger
from runtime.template_sql import (
    EMPTY_ANSWER,
    EMPTY_OPTION,
    NO_OPTIONS,
    NOT_AN_OPTION,
    TOO_FEW_EXAMPLES,
    TOO_FEW_OPTIONS,
    TOO_MANY_OPTIONS,
    Bound,
    answer_segments,
    fault,
    lacking,
    text,
    turns,
    with_options,
)
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible


def run(ctx: StepContext) -> StepResult:
    """Render the rows of the part. Raises DiagnosticError SFT0413 (the part is empty), SFT0414 (no row is complete),
    SFT0440 (too few rows to draw examples from)."""
    params = ctx.step.params
    assert isinstance(params, RenderParams)
    with engine(ctx.out) as db:
        view_rows(db, ctx.inputs["rows"])
        _draw_examples(db, ctx, params)
        select, values = statement(params)
        # Twice over the columns instead of once with the conversations in memory.
        db.execute(f"CREATE TABLE fates AS SELECT {_FATE} FROM ({select})", values)
        rows_in = db.value("SELECT count(*) FROM fates")
        dropped = write_ledger(db, _LEDGER, ctx.out / "ledger.parquet")
        kept = db.copy(_kept(params, select), ctx.out / "rows.parquet", values)
        causes = db.rows(
            "SELECT CASE WHEN lacking <> '' OR fault = 'empty_answer' THEN lacking ELSE fault END, count(*) "
            "FROM fates WHERE fault IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        by_template = _rows_by_template(db, params)
    second_name(ctx.out / "rows.parquet", RENDERS)
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet"})
    if not kept and not ctx.of_round:
        raise _nothing_rendered(ctx.step, params, rows_in, causes)
    return StepResult(rows_in, kept, dropped, {"templates": by_template, "dropped_by_cause": dict(causes)})


def _draw_examples(db: Engine, ctx: StepContext, params: RenderParams) -> None:
    names = ctx.step.local.get("templates", [])
    for at, template in enumerate(params.templates):
        if template.few_shot is not None:
            source = parquet(ctx.inputs[f"examples:{at}"] / "rows.parquet")
            name = names[at] if at < len(names) else str(at)
            few_shot.draw(db, template, at, chosen_rows(params), f"SELECT * FROM {source}", name)


def statements(step: Step) -> list[str]:
    """The SQL of the step, for reading."""
    params = step.params
    assert isinstance(params, RenderParams)
    drawn = [
        sql
        for at, template in enumerate(params.templates)
        if template.few_shot is not None
        for sql in few_shot.statements(template, at, chosen_rows(params)[0])
    ]
    return [*drawn, statement(params)[0]]


def template_hash(template: RenderTemplate) -> str:
    """The hash that every row rendered by this template carries."""
    return hash_value(template.model_dump(mode="json"))


def statement(params: RenderParams) -> Bound:
    """The select over ``rows``: ids, template hash, messages, expected answer, and what the row lacks (or NULL)."""
    asked = _COLUMNS
    if (wanted := params.candidates) is not None:
        asked = {**_COLUMNS, "options": lambda template, at: candidates.listed(wanted, template, at)}
    columns = [_by_template(params.templates, build) for build in asked.values()]
    listed = ",\n  ".join(f"{sql} AS {name}" for (sql, _), name in zip(columns, asked, strict=True))
    rows, values = with_options(enumerate(params.templates), chosen_rows(params))
    shots = "".join(
        f" LEFT JOIN shots_{at} USING (__ord)" for at, item in enumerate(params.templates) if item.few_shot is not None
    )
    sql = f"SELECT __ord, __row_id AS row_id, __line AS line, __file AS file,\n  {listed}\nFROM ({rows}){shots}"
    if wanted is not None:
        sql = candidates.with_faults(sql)
    return sql, [*(value for _, bound in columns for value in bound), *values]


def chosen_rows(params: RenderParams) -> Bound:
    """The rows of the part, each with the number of its template."""
    where, part = ("\n  WHERE __split = ?", [params.part]) if params.part is not None else ("", [])
    if len(params.templates) == 1:
        return f"SELECT *, 0 AS __template FROM rows{where}", part
    number = hash_number("? || __row_id")
    salt = f"{params.seed}:"
    if params.weights is None:
        return f"SELECT *, {number} % {len(params.templates)} AS __template FROM rows{where}", [salt, *part]
    ends = upper_ends(_shares(params.weights))
    cases = " ".join(f"WHEN __number < ? THEN {at}" for at in range(len(ends)))
    rows = f"SELECT *, {number} AS __number FROM rows{where}"
    return f"SELECT * EXCLUDE (__number), CASE {cases} END AS __template FROM ({rows})", [*ends, salt, *part]


def _shares(weights: Sequence[Decimal | None]) -> list[Fraction]:
    """The share of each template; those without a weight divide the rest evenly."""
    rest = 1 - sum(Fraction(weight) for weight in weights if weight is not None)
    free = sum(weight is None for weight in weights)
    return [Fraction(weight) if weight is not None else rest / free for weight in weights]


def _hash(template: RenderTemplate, at: int) -> Bound:
    return "?::VARCHAR", [template_hash(template)]


def _messages(template: RenderTemplate, at: int) -> Bound:
    if not template.roles:  # a row of a source of conversations, whole since it was read
        return quoted("messages"), []
    parts, bound = [], []
    for role, (content, values) in turns(template, at):
        parts.append((role, f"{{'role': '{role}', 'content': {content}}}"))
        bound += values
    if template.few_shot is None or template.few_shot.text is not None:
        return f"to_json([{', '.join(turn for _, turn in parts)}])::VARCHAR", bound
    system = ", ".join(f"to_json({turn})::VARCHAR" for role, turn in parts if role == "system")
    others = ", ".join(f"to_json({turn})::VARCHAR" for role, turn in parts if role != "system")
    return f"'[' || array_to_string([{system}] || __shots_{at} || [{others}], ',') || ']'", bound


def _answer(template: RenderTemplate, at: int) -> Bound:
    return text(answer_segments(template), at) if template.roles else (quoted("assistant"), [])


def _fault(template: RenderTemplate, at: int) -> Bound:
    return fault(template, at) if template.roles else ("NULL::VARCHAR", [])


def _lacking(template: RenderTemplate, at: int) -> Bound:
    return lacking(template)


_COLUMNS: Mapping[str, Callable[[RenderTemplate, int], Bound]] = {
    "template_hash": _hash,
    "messages": _messages,
    "expected": _answer,
    "fault": _fault,
    "lacking": _lacking,
}

_FATE = "__ord, row_id, line, file, template_hash, fault, lacking"


def _kept(params: RenderParams, rendered: str) -> str:
    """The rows to write, in their order. Only where examples are joined they have to be ordered again."""
    order = "ORDER BY __ord" if any(template.few_shot is not None for template in params.templates) else ""
    options = ", options" if params.candidates is not None else ""
    return f"SELECT row_id, template_hash, messages, expected{options}\nFROM ({rendered}) WHERE fault IS NULL {order}"


_DETAILS = {
    EMPTY_ANSWER: "the answer is empty",
    NO_OPTIONS: "there are no options to choose from",
    TOO_MANY_OPTIONS: "there are more options than letters",
    NOT_AN_OPTION: "the answer is not among the options",
    TOO_FEW_EXAMPLES: "there are too few examples beside the row itself",
    TOO_FEW_OPTIONS: "there are fewer than two different options",
    EMPTY_OPTION: "an option is empty",
}

_LEDGER = f"""
SELECT fault AS rule, row_id, line, file, NULL::VARCHAR AS value, NULL::VARCHAR AS survivor,
       CASE fault {" ".join(f"WHEN '{rule}' THEN '{detail}'" for rule, detail in _DETAILS.items())}
            ELSE 'the column `' || lacking || '` is empty and the template needs it' END AS detail
FROM fates WHERE fault IS NOT NULL ORDER BY __ord"""


def _by_template(templates: Sequence[RenderTemplate], build: Callable[[RenderTemplate, int], Bound]) -> Bound:
    built = [build(template, at) for at, template in enumerate(templates)]
    if len(built) == 1:
        sql, bound = built[0]
        return sql, list(bound)
    cases = " ".join(f"WHEN {number} THEN {sql}" for number, (sql, _) in enumerate(built))
    return f"CASE __template {cases} END", [value for _, bound in built for value in bound]


def _rows_by_template(db: Engine, params: RenderParams) -> list[int]:
    """Rows of each template, in the order of declaration."""
    found: dict[str, int] = dict(
        db.rows("SELECT template_hash, count(*) FROM fates WHERE fault IS NULL GROUP BY template_hash")
    )
    return [int(found.get(template_hash(template), 0)) for template in params.templates]


def _nothing_rendered(
    step: Step, params: RenderParams, rows_in: int, causes: Sequence[tuple[Any, ...]]
) -> DiagnosticError:
    if not rows_in:
        return empty_part(params.part, step.name)
    listed = ", ".join(
        f"{_DETAILS[cause or EMPTY_ANSWER]} in {count:,}"
        if cause in ("", *_DETAILS)
        else f"`{visible(cause)}` is empty in {count:,}"
        for cause, count in causes
    )
    return fatal(
        "SFT0414",
        f"no row of {step.name} is complete, of {rows_in:,}: {listed}",
        "map the columns that hold the texts",
        about="templates",
    )
