"""Examples in prompts: the rows that they are drawn from, which are training rows and never held out.

Tasks name templates and templates name tasks, so the rows are put in once both are known; everything else depends on
where a template is used, and is checked there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from compiler.names import Names
from compiler.reporting import Reporter
from compiler.resolve.task import columns_of, find_rows
from compiler.resolve.template import check_options, check_placeholder
from compiler.resolved import ResolvedEval, ResolvedTask, ResolvedTrain, Rows
from compiler.resolved_template import ResolvedFewShot, ResolvedTemplate
from compiler.schema.fields import Shape
from spec_lang.diagnostics import Label
from spec_lang.source import Span

PART = "train"
HeldOut: TypeAlias = tuple[Rows, Label]  # with the place that says so


class _Use(Struct, frozen=True, eq=False):
    """A template that shows examples, with the task whose rows it shows, and where it is named."""

    template: ResolvedTemplate
    few_shot: ResolvedFewShot
    task: ResolvedTask
    block: Shape
    span: Span


def bind_examples(
    templates: Mapping[str, ResolvedTemplate], names_of: Callable[[Shape], Names], tasks: Mapping[str, ResolvedTask]
) -> None:
    """Put in the rows that templates name for their examples."""
    for template in templates.values():
        if template.few_shot is not None:
            names, rows = names_of(template.block), template.few_shot.block.rows.value
            template.few_shot.rows = find_rows(rows, "rows", names, tasks, default_part=PART)


def pool_of(few_shot: ResolvedFewShot, task: ResolvedTask) -> Rows | None:
    """What examples are drawn from where a template shows rows of a task; None where there is nothing, or it is not
    known. Rows that a model wrote are shown the examples of those that it wrote them from."""
    rows = few_shot.block.rows
    if rows.given or not rows.known:
        return few_shot.rows
    while task.made_of is not None:
        task = task.made_of.task
    return Rows(task, PART) if task.parts is not None and PART in task.parts.names else None


def pools_of(task: ResolvedTask) -> tuple[Rows, ...]:
    """All rows that a task's templates draw examples from, as far as they are known."""
    pools = (pool_of(item.few_shot, task) for item in task.templates if item.few_shot is not None)
    return tuple(pool for pool in pools if pool is not None)


def check_examples(
    tasks: Mapping[str, ResolvedTask],
    evals: Mapping[str, ResolvedEval],
    held_out: Sequence[HeldOut],
    report_of: Callable[[Shape], Reporter],
) -> None:
    """Report templates without rows to draw from, columns that these rows lack, and examples that are held out."""
    for use in _uses(tasks, evals):
        pool = pool_of(use.few_shot, use.task)
        if pool is not None:
            _check_columns(use, pool, report_of(use.block))
            place = use.few_shot.block.rows.span if use.few_shot.block.rows.given else use.few_shot.block.head
            check_held_out(use.template.name, pool, place, held_out, report_of(use.template.block))
        elif not use.few_shot.block.rows.given and (use.task.parts is None or not use.task.parts.more):
            _nothing_to_draw(use, report_of(use.template.block))


def _uses(tasks: Mapping[str, ResolvedTask], evals: Mapping[str, ResolvedEval]) -> Iterator[_Use]:
    for task in tasks.values():
        place = task.block.templates_.head if task.block.templates_ is not None else task.block.templates.span
        for item in task.templates:
            if item.few_shot is not None:
                yield _Use(item, item.few_shot, task, task.block, place)
    for block in evals.values():
        if block.data is None or not block.block.templates.given:
            continue
        for item in block.templates:
            if item.few_shot is not None:
                yield _Use(item, item.few_shot, block.data.task, block.block, block.block.templates.span)


def _check_columns(use: _Use, pool: Rows, report: Reporter) -> None:
    """What an example shows has to be a column of the rows that it is drawn from."""
    scope = columns_of(pool.task.source, report)
    also = Label(report.file, use.span, f"its examples are drawn from `{pool.name}`")
    if use.few_shot.pieces is not None:
        for name, span in use.few_shot.placeholders:
            check_placeholder(name, span, use.template, scope, also)
    elif pool.task is not use.task:
        for name, span in use.template.placeholders:
            check_placeholder(name, span, use.template, scope, also)
    if pool.task is not use.task:
        check_options(use.template, scope, also)


def _nothing_to_draw(use: _Use, report: Reporter) -> None:
    name, task = use.template.name, use.task.name
    message = f"template `{name}` has no rows to draw examples from: task `{task}` has no part `{PART}`"
    help = f"name them: `rows = TASK.{PART}`, or give the task a `split {{ … }}`"
    also = [use.block.label(use.span, f"used here with task `{task}`")]
    report.error("SFT0273", message, use.few_shot.block.head, help, also)


def held_out_rows(trains: Iterable[ResolvedTrain], evals: Iterable[ResolvedEval]) -> Iterator[HeldOut]:
    """Rows that are evaluated or validated on."""
    for item in evals:
        if item.data is not None:
            yield item.data, item.block.label(item.block.data.span, "evaluated here")
    for train in trains:
        if train.validation is not None:
            yield train.validation, train.block.label(train.block.validation.span, "validated on here")


def check_held_out(template: str, pool: Rows, place: Span, held_out: Sequence[HeldOut], report: Reporter) -> None:
    """An example that is also a question gives its answer away, in training and in the prompt."""
    found = next((label for other, label in held_out if same_rows(other, pool)), None)
    if found is None and pool.part != "test":
        return
    free = part_to_take(pool.task, held_out)
    help = f"draw from training rows, such as `{free}`" if free else nothing_to_take(pool.task)
    message = f"examples of template `{template}` are drawn from `{pool.name}`, which is held out"
    report.error("SFT0272", message, place, help, [found] if found is not None else [])


def part_to_take(task: ResolvedTask, held_out: Sequence[HeldOut]) -> str | None:
    """A part of a task that nothing is measured on, `train` before others; None where each is held out."""
    measured = {rows.part for rows, _ in held_out if rows.task is task}
    names = [] if task.parts is None or None in measured else task.parts.names
    free = [name for name in names if name != "test" and name not in measured]
    return f"{task.name}.{PART if PART in free else free[0]}" if free else None


def nothing_to_take(task: ResolvedTask) -> str:
    """What helps where a task has no part that may be learned from."""
    if task.parts is None:
        return "give the task a split"
    return f"every part of task `{task.name}` is held out: give its split a part that nothing is measured on"


def same_rows(rows: Rows, pool: Rows) -> bool:
    """Whether both are of one task, and of one part of it unless one of them is the whole task."""
    return rows.task is pool.task and (rows.part == pool.part or rows.part is None or pool.part is None)
