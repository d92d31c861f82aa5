"""All tasks and rows of generates, each after those that it is made of, or whose rows its filters compare with.

Reports where they wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from compiler.column_scope import ColumnScope
from compiler.names import Names
from compiler.resolve.filter import against_of
from compiler.resolve.task import columns_of, find_rows, resolve_task
from compiler.resolve.written_rows import resolve_written, rows_of
from compiler.resolved import ResolvedSource, ResolvedTask, ResolvedTemplate, Rows
from compiler.schema.fields import Shape
from compiler.schema.filter import Filter
from compiler.schema.generate import Generate
from compiler.schema.score import Score
from compiler.schema.task import Task
from spec_lang.ast import Ref


def resolve_tasks(
    shapes: Iterable[Task | Generate],
    names_of: Callable[[Shape], Names],
    sources: Mapping[str, ResolvedSource],
    filters: Mapping[str, Filter],
    templates: Mapping[str, ResolvedTemplate],
    scores: Mapping[str, Score],
    given: Mapping[str, ResolvedTask] = MappingProxyType({}),
) -> dict[str, ResolvedTask]:
    """All tasks by full name, and the rows of generates, in the order of the file as far as they do not need each
    other. Of a repeated name the first counts. ``given`` are tasks that they may be made of, from elsewhere."""
    blocks: dict[str, Task | Generate] = {}
    repeated = [shape for shape in shapes if blocks.setdefault(shape.name, shape) is not shape]
    order, resolved = _Order(blocks, filters, names_of), dict(given)
    for block in (*(blocks[name] for name in order.all()), *repeated):

        def find(item: Filter, ref: Ref, scope: ColumnScope) -> tuple[Rows | ResolvedSource, ColumnScope] | None:
            return _rows(ref, replace(names_of(item), report=scope.report), sources, resolved)

        if isinstance(block, Generate):
            task = resolve_written(block, names_of, filters, templates, scores, resolved, find)
        else:
            written = {name: task.source for name, task in resolved.items() if isinstance(blocks.get(name), Generate)}
            known = {name: source for name, source in written.items() if source is not None}
            task = resolve_task(block, names_of, {**sources, **known}, filters, templates, scores, find)
        resolved.setdefault(block.name, task)
    return {name: task for name, task in resolved.items() if name not in given}


def _rows(
    ref: Ref, names: Names, sources: Mapping[str, ResolvedSource], tasks: Mapping[str, ResolvedTask]
) -> tuple[Rows | ResolvedSource, ColumnScope] | None:
    """What a name in `against` stands for: all rows of a source or a task, or those of a part."""
    target = names.target(ref)
    if names.kind(ref) == "source":
        source = sources.get(target.full)
        return None if source is None or target.rest else (source, columns_of(source, names.report))
    task = tasks.get(target.full)
    if task is None or names.kind(ref) != "task":
        return None
    rows = find_rows(ref, "against", names, tasks) if target.rest else Rows(task, None)
    return None if rows is None else (rows, columns_of(task.source, names.report))


class _Order:
    """Tasks by what they need. A task that needs itself is reported, at the name that closes the circle."""

    def __init__(
        self, blocks: Mapping[str, Task | Generate], filters: Mapping[str, Filter], names_of: Callable[[Shape], Names]
    ) -> None:
        self._blocks, self._filters, self._names_of = blocks, filters, names_of
        self._done: dict[str, None] = {}

    def all(self) -> list[str]:
        for name in self._blocks:
            self._visit(name, ())
        return list(self._done)

    def _visit(self, name: str, path: tuple[str, ...]) -> None:
        if name in self._done:
            return
        for item, ref, other in self._needs(self._blocks[name]):
            if other in (*path, name):
                self._report(item, ref, (*path, name)[(*path, name).index(other) :])
            else:
                self._visit(other, (*path, name))
        self._done[name] = None

    def _needs(self, block: Task | Generate) -> Iterable[tuple[Filter | None, Ref, str]]:
        """What a block is made of, then what its filters compare with; with the filter."""
        names = self._names_of(block)
        for ref in rows_of(block) if isinstance(block, Generate) else _written(block, names):
            if names.full(ref) in self._blocks:
                yield None, ref, names.full(ref)
        for ref in block.filters.value:
            item = self._filters.get(names.full(ref))
            for other in against_of(item) if item is not None else ():
                full = self._names_of(item).full(other) if item is not None else ""
                if item is not None and full in self._blocks:
                    yield item, other, full

    def _report(self, item: Filter | None, ref: Ref, circle: tuple[str, ...]) -> None:
        last = self._blocks[circle[-1]]
        names = self._names_of(item or last)
        shown = " -> ".join(f"`{name}`" for name in (*circle, circle[0]))
        if item is None:
            message = f"these rows would be made from each other: {shown}"
            names.report.error("SFT0260", message, ref.span, "one of them has to come from a source")
            return
        help = "name another task or a source; duplicates among a task's own rows need no `against`"
        if len(circle) == 1:
            message = f"filter `{item.name}` would compare the rows of task `{circle[0]}` with themselves"
        else:
            message = f"these tasks would wait for each other's rows: {shown}"
        kind = "generate" if isinstance(last, Generate) else "task"
        also = [last.label(last.filters.span, f"used here by {kind} `{last.name}`")]
        names.report.error("SFT0260", message, ref.span, help, also=also)


def _written(block: Task, names: Names) -> tuple[Ref, ...]:
    """The generate that a task takes its rows from."""
    source = block.from_.value
    return (source,) if source is not None and names.kind(source) == "generate" else ()
