"""Render: rows become conversations through a template of literal text and column values.

A value is put in place as it is: braces, quotes and control characters in data are data, and nothing
is evaluated. A row that lacks a value its template needs is dropped and the ledger names the column.
With several templates a row takes one by a hash of its id and the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.hashing import hash_value
from compiler.plan import Step
from compiler.step_params import RenderParams, RenderTemplate, Segment
from runtime.context import StepContext, StepResult
from runtime.relational import Engine, engine, parquet, quoted
from runtime.row_hashes import hash_number, is_blank
from runtime.step_rows import publish_rows, write_ledger
from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible

Bound = tuple[str, list[Any]]  # SQL and its parameters
EMPTY_COLUMN = "empty_column"
EMPTY_ANSWER = "empty_answer"


def run(ctx: StepContext) -> StepResult:
    """Render the rows of the part. Raises DiagnosticError SFT0413 (the part is empty), SFT0414 (no row is complete)."""
    params = ctx.step.params
    assert isinstance(params, RenderParams)
    with engine(ctx.out) as db:
        db.execute(
            "CREATE VIEW rows AS SELECT *, file_row_number AS __ord FROM "
            + parquet(ctx.inputs["rows"] / "rows.parquet")
        )
        select, values = statement(params)
        db.execute(f"CREATE TABLE rendered AS {select}", values)
        rows_in = db.value("SELECT count(*) FROM rendered")
        dropped = write_ledger(db, _LEDGER, ctx.out / "ledger.parquet")
        kept = db.copy(_KEPT, ctx.out / "rows.parquet")
        db.copy(f"SELECT * FROM {parquet(ctx.out / 'rows.parquet')}", ctx.out / "renders.parquet")
        causes = db.rows(
            "SELECT lacking, count(*) FROM rendered WHERE lacking IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        by_template = _rows_by_template(db, params)
    publish_rows(ctx, {"ledger": ctx.out / "ledger.parquet", "renders": ctx.out / "renders.parquet"})
    if not kept:
        raise _nothing_rendered(ctx.step, params, rows_in, causes)
    return StepResult(rows_in, kept, dropped, {"templates": by_template, "dropped_by_cause": dict(causes)})


def statements(step: Step) -> list[str]:
    """The SQL of the step, for reading."""
    assert isinstance(step.params, RenderParams)
    return [statement(step.params)[0]]


def template_hash(template: RenderTemplate) -> str:
    """The hash that every row rendered by this template carries."""
    return hash_value(template.model_dump(mode="json"))


def statement(params: RenderParams) -> Bound:
    """The select over ``rows``: ids, template hash, messages, expected answer, and what the row lacks (or NULL)."""
    choice = "0"
    values: list[Any] = []
    if len(params.templates) > 1:
        choice = f"{hash_number('? || __row_id')} % {len(params.templates)}"
        values.append(f"{params.seed}:")
    where = ""
    if params.part is not None:
        where = "\n  WHERE __split = ?"
        values.append(params.part)
    columns = [_by_template(params.templates, build) for build in (_hash, _messages, _answer, _lacking)]
    listed = ",\n  ".join(f"{sql} AS {name}" for (sql, _), name in zip(columns, _COLUMNS, strict=True))
    sql = (
        f"SELECT __ord, __row_id AS row_id, __line AS line, __file AS file,\n  {listed}\n"
        f"FROM (SELECT *, {choice} AS __template FROM rows{where})\nORDER BY __ord"
    )
    return sql, [*(value for _, bound in columns for value in bound), *values]


_COLUMNS = ("template_hash", "messages", "expected", "lacking")

_KEPT = """
SELECT (row_number() OVER (ORDER BY __ord) - 1)::BIGINT AS ord, row_id, template_hash, messages, expected
FROM rendered WHERE lacking IS NULL ORDER BY __ord"""

_LEDGER = f"""
SELECT CASE WHEN lacking = '' THEN '{EMPTY_ANSWER}' ELSE '{EMPTY_COLUMN}' END AS rule, row_id, line, file,
       NULL::VARCHAR AS value, NULL::VARCHAR AS survivor,
       CASE WHEN lacking = '' THEN 'the answer is empty'
            ELSE 'the column `' || lacking || '` is empty and the template needs it' END AS detail
FROM rendered WHERE lacking IS NOT NULL ORDER BY __ord"""


def _by_template(templates: Sequence[RenderTemplate], build: Any) -> Bound:
    built = [build(template) for template in templates]
    if len(built) == 1:
        sql, bound = built[0]
        return sql, list(bound)
    cases = " ".join(f"WHEN {number} THEN {sql}" for number, (sql, _) in enumerate(built))
    return f"CASE __template {cases} END", [value for _, bound in built for value in bound]


def _hash(template: RenderTemplate) -> Bound:
    return "?::VARCHAR", [template_hash(template)]


def _messages(template: RenderTemplate) -> Bound:
    turns, bound = [], []
    for role in template.roles:
        text, values = _text(role.segments)
        turns.append(f"{{'role': '{role.role}', 'content': {text}}}")
        bound += values
    return f"to_json([{', '.join(turns)}])::VARCHAR", bound


def _answer(template: RenderTemplate) -> Bound:
    return _text(_answer_segments(template))


def _answer_segments(template: RenderTemplate) -> tuple[Segment, ...]:
    return [role.segments for role in template.roles if role.role == "assistant"][-1]


def _lacking(template: RenderTemplate) -> Bound:
    """The first column that is needed and empty; '' when only the whole answer is empty; NULL when all is there."""
    columns = dict.fromkeys(
        segment.column for role in template.roles for segment in role.segments if segment.column is not None
    )
    cases = " ".join(f"WHEN {is_blank(f'{quoted(column)}::VARCHAR')} THEN ?" for column in columns)
    answer, values = _text(_answer_segments(template))
    return f"CASE {cases} WHEN {is_blank(answer)} THEN '' END", [*columns, *values]


def _text(segments: Sequence[Segment]) -> Bound:
    """Literal text is bound, values are cast to text; NULL counts as empty here, because such rows are dropped."""
    pieces, bound = ["''"], []
    for segment in segments:
        if segment.column is not None:
            pieces.append(f"{quoted(segment.column)}::VARCHAR")
        elif segment.text:
            pieces.append("?::VARCHAR")
            bound.append(segment.text)
    return f"concat({', '.join(pieces)})", bound


def _rows_by_template(db: Engine, params: RenderParams) -> list[int]:
    """Rows of each template, in the order of declaration."""
    found: dict[str, int] = dict(
        db.rows("SELECT template_hash, count(*) FROM rendered WHERE lacking IS NULL GROUP BY template_hash")
    )
    return [int(found.get(template_hash(template), 0)) for template in params.templates]


def _nothing_rendered(
    step: Step, params: RenderParams, rows_in: int, causes: Sequence[tuple[Any, ...]]
) -> DiagnosticError:
    if not rows_in:
        return fatal(
            "SFT0413",
            f"the part `{params.part}` of {step.name} got no row",
            "give the part a larger share, or the task more rows",
        )
    listed = ", ".join(
        f"`{visible(column)}` is empty in {count:,}" if column else f"the answer is empty in {count:,}"
        for column, count in causes
    )
    return fatal(
        "SFT0414", f"no row of {step.name} is complete, of {rows_in:,}: {listed}", "map the columns that hold the texts"
    )
