"""Everything that a block can name, by full name: what the later kinds are resolved against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from compiler.column_scope import ColumnScope, column
from compiler.names import Names
from compiler.resolve.few_shot import HeldOut
from compiler.resolve.task import columns_of, find_rows
from compiler.resolved import (
    AnyModel,
    ResolvedEval,
    ResolvedMixture,
    ResolvedModel,
    ResolvedSource,
    ResolvedTask,
    ResolvedTemplate,
    Rows,
)
from compiler.schema.filter import Filter
from compiler.schema.judge import Judge
from compiler.schema.score import Score
from compiler.typed import Typed
from compiler.world import ColumnType
from spec_lang.ast import Ref


class Tables(Struct, frozen=True, eq=False):
    models: Mapping[str, ResolvedModel]
    either: Mapping[str, AnyModel]
    sources: Mapping[str, ResolvedSource]
    templates: Mapping[str, ResolvedTemplate]
    filters: Mapping[str, Filter]
    tasks: Mapping[str, ResolvedTask]
    mixtures: Mapping[str, ResolvedMixture]
    evals: Mapping[str, ResolvedEval]
    judges: Mapping[str, Judge]
    scores: Mapping[str, Score]
    held_out: Sequence[HeldOut] = ()  # of the file and of all loops


def rows_or_source(
    ref: Ref | None, field: str, names: Names, tables: Tables, others: tuple[str, ...] = ()
) -> Rows | ResolvedSource | None:
    """What a source, a task or its part holds; None after a report, or where it is not known. ``others``: kinds that
    may be named too, and whose rows are not known before a run."""
    if ref is None:
        return None
    if names.kind(ref) == "source":
        return names.look_up(ref, ("source",), field, tables.sources)
    return find_rows(ref, field, names, tables.tasks, others=("source", *others))


def scope_of(data: Rows | ResolvedSource | None, names: Names) -> ColumnScope:
    """The columns of these rows; anything where they are not known."""
    source = data.task.source if isinstance(data, Rows) else data
    return columns_of(source, names.report, names)


def find_column(ref: Ref | None, scope: ColumnScope, where: str, type: ColumnType | None = None) -> Typed | None:
    """A column, of one type where it matters; None after a report, or where it is not known."""
    found = column(ref, scope) if ref is not None else None
    if found is None or type is None or found.type == type:
        return found
    scope.report.error("SFT0303", f"{where} takes a column that is {type}, and this is {found.type}", found.span)
    return None
