"""Generates: what they start from, who writes, and what new rows have to pass."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.column_scope import ColumnScope
from compiler.names import Names
from compiler.reporting import suggestion
from compiler.resolve.few_shot import nothing_to_take, part_to_take, same_rows
from compiler.resolve.respond import resolve_respond
from compiler.resolve.rewriting import resolve_backtranslate, resolve_rewrite
from compiler.resolve.served import refuse_plain, refuse_top_k
from compiler.resolve.shared_rows import may_share_rows
from compiler.resolve.tables import Tables, find_column, scope_of
from compiler.resolve.written_rows import given_rows, resolve_written
from compiler.resolved import AnyModel, ResolvedModel, Rows
from compiler.resolved_lifecycle import ResolvedGenerate
from compiler.resolved_methods import ResolvedMethod, ResolvedRespond
from compiler.schema.generate import Generate, SelfInstructBody
from compiler.schema.generate_methods import BacktranslateBody, RespondBody, RewriteBody
from spec_lang.ast import Ref


def resolve_generate(block: Generate, names: Names, tables: Tables) -> ResolvedGenerate:
    """The generate, as far as it is known. Its rows were resolved with the tasks, but for those of a loop."""
    task = tables.tasks.get(block.name)
    if task is None:
        shown = tables.filters, tables.templates, tables.scores, tables.tasks
        task = resolve_written(block, lambda shape: names.of(shape.file), *shown, lambda item, ref, scope: None)
    rows = task.made_of
    if rows is not None:
        _check_held_out(block, rows, names, tables)
    scope = scope_of(rows, names)
    model = names.look_up(block.model.value, ("model", "train", "loop"), "model", tables.either)
    refuse_plain(block.prompt, model, names.report)
    refuse_top_k(block.decode.value, model, names.report)
    _check_money(block, model, names)
    method = block.method.value
    columns: Mapping[str, str] = {}
    resolved: ResolvedMethod | None = None
    around = (rows, names, tables, scope)
    if isinstance(method, RespondBody):
        resolved = resolve_respond(block, method, *around)
    elif isinstance(method, BacktranslateBody):
        resolved = resolve_backtranslate(block, method, *around)
    elif isinstance(method, RewriteBody):
        resolved = resolve_rewrite(block, method, *around)
    elif isinstance(method, SelfInstructBody):
        columns = _self_instruct(block, method, rows, scope)
    _check_novelty(block, columns, resolved, scope)
    if block.verify.value is not None and not isinstance(method, RespondBody | None):
        message = f"`verify` is not allowed with `{method.name}`: nothing is expected of what a model makes up"
        names.report.error("SFT0225", message, block.verify.span, "`filters` and `scores` can look at new rows")
    return ResolvedGenerate(block, rows, model, task, columns, resolved)


def _check_money(block: Generate, model: AnyModel | None, names: Names) -> None:
    """What is spent can be told of a model with prices alone."""
    money = block.budget.money if block.budget is not None else None
    if money is None or money.value is None or model is None:
        return
    if not isinstance(model, ResolvedModel) or model.block.price is None:
        also = [model.block.label(model.block.head, "declared here")]
        message = f"`money` is a budget for a model with a `price`, and `{model.name}` has none"
        help = "a served model takes `price { input = …   output = … }`; otherwise limit `requests`, `tokens` or `time`"
        names.report.error("SFT0225", message, money.span, help, also)


def _check_held_out(block: Generate, rows: Rows, names: Names, tables: Tables) -> None:
    """What is written from rows of a test set carries them into training."""
    field = given_rows(block)
    assert field is not None
    user = next((held for held in tables.held_out if _is_held_out(held[0], rows)), None)
    if rows.part == "test" or user is not None:
        free = part_to_take(rows.task, tables.held_out)
        help = f"take another part, such as `{free}`" if free else nothing_to_take(rows.task)
        message = f"rows are generated from `{rows.name}`, which is held out"
        if user is not None and user[0].task is not rows.task:
            message = f"rows are generated from `{rows.name}`, which has rows of `{user[0].name}`, which is held out"
            help = f"take a part of task `{user[0].task.name}` that is not held out"
        names.report.error("SFT0254", message, field.span, help, [user[1]] if user is not None else [])
        return
    user = next((held for held in tables.held_out if may_share_rows(held[0], rows)), None)
    if user is not None:
        message = f"`{rows.name}`, which rows are generated from, and `{user[0].name}`, which is held out, are rows of"
        help = "give both tasks the same split, and generate from a part that is not held out"
        names.report.warning("SFT0613", f"{message} one source", field.span, help, [user[1]])


def _is_held_out(held: Rows, rows: Rows) -> bool:
    """Whether rows are those that are held out. What a model wrote is there once, so a task over a generate has the
    rows of the generate, unless the split of both says that they are others."""
    written = rows.task.source is not None and rows.task.source.is_written
    return same_rows(held, rows) or (written and may_share_rows(held, rows))


def _check_novelty(
    block: Generate, columns: Mapping[str, str], method: ResolvedMethod | None, scope: ColumnScope
) -> None:
    """Novelty is told of a column of text: the one with the instructions that a method writes."""
    novelty = block.novelty.value
    if isinstance(method, ResolvedRespond):
        if novelty is not None:
            help = "its prompts are those of the rows; `dedup near on …` in a filter finds answers that are alike"
            scope.report.error("SFT0225", "`novelty` is not allowed with `respond`", block.novelty.span, help)
        return
    column = novelty.call.argument("column") if novelty is not None and novelty.call is not None else None
    if not isinstance(column, Ref) or find_column(column, scope, "`rouge_l`", "text") is None:
        return
    own = columns.get("instruction") if method is None else method.column
    if own is not None and column.text != own and block.method.value is not None:
        message = f"`{block.method.value.name}` compares instructions, and `{column.text}` holds none"
        scope.report.error("SFT0303", message, column.span, f"write `rouge_l({own})`")


def _self_instruct(block: Generate, method: SelfInstructBody, rows: Rows | None, scope: ColumnScope) -> dict[str, str]:
    """The columns of instructions, inputs and outputs, after reports of what is missing."""
    if method.human_examples.value == method.machine_examples.value == 0:
        message = "`self_instruct` shows no example"
        scope.report.error("SFT0210", message, method.human_examples.span, "it needs at least one human example")
    if method.shortest.value > method.longest.value:
        message = f"no instruction has at least {method.shortest.value} words and at most {method.longest.value}"
        scope.report.error("SFT0210", message, method.shortest.span, "make `longest` the larger number")
    found: dict[str, str] = {}
    for role, field in (("instruction", method.instruction), ("input", method.input), ("output", method.output)):
        if field.value is not None:
            typed = find_column(field.value, scope, f"`{role}`", "text")
            found |= {role: field.value.text} if typed is not None else {}
        elif scope.columns.get(role) == "text":
            found[role] = role
        elif role != "input" and field.known and rows is not None and not scope.columns.more:
            there = scope.columns.lacks(role)
            message = f"{scope.owner} has no column `{role}`" if there else f"the column `{role}` is no text"
            help = f"say which column it is: `self_instruct {{ {role} = … }}`; " + suggestion(
                role, [name for name in scope.columns.names if scope.columns.get(name) == "text"], "columns of text"
            )
            scope.report.error("SFT0301", message, field.span, help)
    sure = method.input.value is None and method.input.known and rows is not None and not scope.columns.more
    if sure and "input" not in found and method.instances.value > 1:
        message = f"{scope.owner} has no column for inputs, so an instruction gets one output"
        help = "leave `instances` out, or say which column has inputs: `input = …`"
        scope.report.error("SFT0225", message, method.instances.span, help)
    return found
