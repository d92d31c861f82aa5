"""What a generate's rows are before they are there: a task like any other, whose source no file has.

They have the columns of the rows that they are written from, and the templates of that task unless the generate names
others. So a mixture, a train, a task or an export takes them as it takes every task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from compiler.column_scope import ColumnScope
from compiler.known import Known
from compiler.names import Names
from compiler.resolve.task import Find, columns_of, find_rows, find_templates, passed_filters, passed_scores
from compiler.resolve.turns import sole_column
from compiler.resolved import ResolvedSource, ResolvedTask, ResolvedTemplate, Rows
from compiler.resolved_template import Role
from compiler.schema.fields import Shape, Value
from compiler.schema.filter import Filter
from compiler.schema.generate import Generate, SelfInstructBody
from compiler.schema.generate_methods import BacktranslateBody, RespondBody, RewriteBody
from compiler.schema.reading import read_body
from compiler.schema.score import Score
from compiler.schema.source import Source
from compiler.schema.task import Task
from compiler.world import ColumnType
from spec_lang.ast import Body, Ref
from spec_lang.diagnostics import Diagnostics

B = TypeVar("B", bound=Shape)


def resolve_written(
    block: Generate,
    names_of: Callable[[Shape], Names],
    filters: Mapping[str, Filter],
    templates: Mapping[str, ResolvedTemplate],
    scores: Mapping[str, Score],
    tasks: Mapping[str, ResolvedTask],
    find: Find,
) -> ResolvedTask:
    """The rows of a generate, as far as they are known. ``find`` gives rows that a filter compares with."""
    names = names_of(block)
    rows = made_of(block, names, tasks)
    scope = columns_of(rows.task.source if rows is not None else None, names.report, names)
    return ResolvedTask(
        block=_as_task(block, names),
        source=_source(block, rows, templates, names),
        filters=passed_filters(block, names, filters, scope, find),
        templates=_templates(block, rows, names, templates, scope),
        weights=rows.task.weights if rows is not None and not block.templates.given else {},
        parts=None,
        split=None,
        scores=passed_scores(block, names_of, scores, scope),
        made_of=rows,
    )


_FIELDS = {SelfInstructBody: "seeds", RespondBody: "prompts", BacktranslateBody: "texts", RewriteBody: "prompts"}


def made_of(block: Generate, names: Names, tasks: Mapping[str, ResolvedTask]) -> Rows | None:
    """The seeds of ``self_instruct``, the prompts of ``respond``, and so on; a method has one field and no other."""
    method = block.method.value
    found = {
        name: find_rows(getattr(block, name).value, name, names, tasks, others=("generate",))
        for name in dict.fromkeys(_FIELDS.values())
    }
    if method is None:
        return next((rows for rows in found.values() if rows is not None), None)
    wanted = _FIELDS[type(method)]
    other = next((name for name in found if name != wanted and name in block.lines), None)
    if other is not None:
        span = getattr(block, other).span
        names.report.error("SFT0225", f"`{other}` is not allowed with `{method.name}`", span, f"write `{wanted} = …`")
    elif wanted not in block.lines and wanted not in block.broken:
        message = f"generate `{block.name}` has no `{wanted}`"
        names.report.error("SFT0207", message, block.head, f"add `{wanted} = TASK.train`")
    return found[wanted]


def given_rows(block: Generate) -> Value[Ref | None] | None:
    """The field that says what it is written from."""
    fields = (getattr(block, name) for name in dict.fromkeys(_FIELDS.values()))
    return next((field for field in fields if field.value is not None), None)


def rows_of(block: Generate) -> tuple[Ref, ...]:
    """The names of what it is written from."""
    fields = (getattr(block, name).value for name in dict.fromkeys(_FIELDS.values()))
    return tuple(ref for ref in fields if ref is not None)


def _templates(
    block: Generate, rows: Rows | None, names: Names, templates: Mapping[str, ResolvedTemplate], scope: ColumnScope
) -> Known[ResolvedTemplate]:
    if block.templates.given:
        return find_templates(block.templates, names, templates, scope)
    return rows.task.templates if rows is not None else Known(more=True)


def _source(
    block: Generate, rows: Rows | None, templates: Mapping[str, ResolvedTemplate], names: Names
) -> ResolvedSource | None:
    of = rows.task.source if rows is not None else None
    if of is None:
        return None
    written = _written_columns(block, rows, templates, names)
    types = {name: "text" if name in written else kind for name, kind in of.columns.items.items()}
    columns: Known[ColumnType] = Known(types, of.columns.more)
    return ResolvedSource(_empty(Source, block, names), None, {}, columns, layout=of.layout, is_written=True)


def _written_columns(
    block: Generate, rows: Rows | None, templates: Mapping[str, ResolvedTemplate], names: Names
) -> set[str]:
    """The columns that a model writes: text, whatever they are in the rows that it starts from."""
    method = block.method.value
    if rows is None or method is None or isinstance(method, SelfInstructBody):
        return set()
    shown = list(rows.task.templates)
    if isinstance(method, RespondBody) and method.templates.value is not None:
        shown = [found for ref in method.templates.value if (found := templates.get(names.full(ref))) is not None]
    roles: tuple[Role, ...] = ("user", "assistant") if isinstance(method, RewriteBody) else ("assistant",)
    if isinstance(method, BacktranslateBody):
        roles = ("user",)
    columns = {sole_column(template, role) for template in shown for role in roles}
    named = None if isinstance(method, RespondBody) else method.column.value
    return {name for name in (*columns, named.text if named is not None else None) if name is not None}


def _as_task(block: Generate, names: Names) -> Task:
    """The block as messages and lowering read a task, at the places of the generate."""
    given = {"filters": block.filters, "scores": block.scores, "templates": block.templates}
    source: Value[Ref | None] = Value(None, block.head, given=False)
    empty = vars(_empty(Task, block, names))
    return Task(**{**empty, **given, "from_": source, "lines": block.lines, "broken": block.broken})


def _empty(shape: type[B], block: Generate, names: Names) -> B:
    """A block that says nothing, in the place of the generate; that it lacks fields is no mistake of the spec."""
    muted = names.report.into(Diagnostics())
    return read_body(shape, Body((), block.span), block.name, "", block.head, muted)
