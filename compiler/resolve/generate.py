"""Generates: what they start from, who writes, and what new rows have to pass."""

from __future__ import annotations

from compiler.column_scope import ColumnScope
from compiler.names import Names
from compiler.resolve.filter import resolve_filter
from compiler.resolve.metric import check_verify
from compiler.resolve.score import resolve_score
from compiler.resolve.tables import Tables, find_column, scope_of
from compiler.resolve.task import find_rows, find_templates
from compiler.resolved import Rows
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.schema.fields import Value
from compiler.schema.generate import Generate, RespondBody, SelfInstructBody
from spec_lang.ast import Ref

PREVIOUS = "previous"


def resolve_generate(block: Generate, names: Names, tables: Tables) -> ResolvedGenerate:
    """The generate, as far as it is known."""
    rows = _rows(block, names, tables)
    if rows is not None:
        _check_held_out(block, rows, names, tables)
    scope = scope_of(rows, names)
    model = names.look_up(block.model.value, ("model", "train"), "model", tables.either)
    method = block.method.value
    if isinstance(method, RespondBody) and method.templates.value is not None:
        refs = method.templates
        find_templates(Value(refs.value or (), refs.span, True, refs.known), names, tables.templates, scope)
    if isinstance(method, SelfInstructBody) and method.human_examples.value == method.machine_examples.value == 0:
        message = "`self_instruct` shows no example"
        names.report.error("SFT0210", message, method.human_examples.span, "it needs at least one human example")
    _check_passes(block, names, tables, scope)
    if block.verify.value is not None:
        check_verify(block.verify.value, names)
    return ResolvedGenerate(block, rows, model)


def _rows(block: Generate, names: Names, tables: Tables) -> Rows | None:
    """The seeds of ``self_instruct``, the prompts of ``respond``; each method has one and not the other."""
    method = block.method.value
    seeds = find_rows(block.seeds.value, "seeds", names, tables.tasks)
    prompts = find_rows(block.prompts.value, "prompts", names, tables.tasks)
    if method is None:
        return seeds or prompts
    wanted, other = ("seeds", "prompts") if isinstance(method, SelfInstructBody) else ("prompts", "seeds")
    if other in block.lines:
        span = block.prompts.span if other == "prompts" else block.seeds.span
        names.report.error("SFT0225", f"`{other}` is not allowed with `{method.name}`", span, f"write `{wanted} = …`")
    elif wanted not in block.lines and wanted not in block.broken:
        message = f"generate `{block.name}` has no `{wanted}`"
        names.report.error("SFT0207", message, block.head, f"add `{wanted} = TASK.train`")
    return seeds if wanted == "seeds" else prompts


def _check_held_out(block: Generate, rows: Rows, names: Names, tables: Tables) -> None:
    """What is written from rows of a test set carries them into training."""
    field = block.seeds if block.seeds.value is not None else block.prompts
    user = next((item for item in tables.evals.values() if item.data and item.data.name == rows.name), None)
    if rows.part != "test" and user is None:
        return
    also = [user.block.label(user.block.data.span, "evaluated here")] if user is not None else []
    others = [part for part in (rows.task.parts.names if rows.task.parts else ()) if part != rows.part]
    help = f"take another part, such as `{rows.task.name}.{others[-1]}`" if others else "give the task a split"
    message = f"rows are generated from `{rows.name}`, which is held out"
    names.report.error("SFT0254", message, field.span, help, also)


def _check_passes(block: Generate, names: Names, tables: Tables, scope: ColumnScope) -> None:
    """Filters, scores and novelty see new rows, which have the columns of the rows they come from."""
    used = block.label(block.filters.span, f"used here by generate `{block.name}`")
    for item in names.look_up_all(block.filters, ("filter",), "filters", tables.filters):
        resolve_filter(item, scope.at(item.file, used))
    used = block.label(block.scores.span, f"used here by generate `{block.name}`")
    for score in names.look_up_all(block.scores, ("score",), "scores", tables.scores):
        resolve_score(score, None, scope.at(score.file, used), names.of(score.file).full)
    novelty = block.novelty.value
    column = novelty.call.argument("column") if novelty is not None and novelty.call is not None else None
    if isinstance(column, Ref):
        find_column(column, scope, "`rouge_l`", "text")
