"""The columns that expressions are over: names, their types, and what to say where a type does not fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compiler.functions import FUNCTIONS, ITEM
from compiler.known import Known
from compiler.reporting import Reporter, renamed, suggestion, written_anew
from compiler.typed import Column, Typed
from compiler.world import ColumnType
from spec_lang.ast import Ref
from spec_lang.diagnostics import Label
from spec_lang.source import SourceFile


@dataclass(frozen=True)
class ColumnScope:
    """The columns that an expression may name, and what they belong to ("source `tickets`"). ``each``: it stands in
    `any(…)` or its like, where `item` is an item of the list."""

    columns: Known[ColumnType]
    owner: str
    report: Reporter
    each: bool = False

    def at(self, file: SourceFile, used: Label) -> ColumnScope:
        """The same columns for expressions of another file, which ``used`` led to."""
        return self if file is self.report.file else replace(self, report=self.report.at(file, used))


def column(ref: Ref, scope: ColumnScope) -> Typed | None:
    """The column that a name stands for; None after a report, or where it is not known."""
    name = ref.parts[0].text
    if scope.each and ref.text == "item":
        return Column(ITEM, "text", ref.span)
    if scope.columns.lacks(name):
        if len(ref.parts) == 1 and name in FUNCTIONS:
            scope.report.error("SFT0301", f"`{name}` is a function", ref.span, f"write `{FUNCTIONS[name].signature}`")
            return None
        help = suggestion(name, scope.columns.names, "columns")
        if name.lower() in ("null", "none", "nil"):
            help = "there is no such value: a comparison with a column that has no value never holds"
        fix = renamed(ref.parts[0], scope.columns.names)
        scope.report.error("SFT0301", f"{scope.owner} has no column `{name}`", ref.parts[0].span, help, fix=fix)
        return None
    kind = scope.columns.get(name)
    if kind is None:
        return None
    if len(ref.parts) > 1:
        path = ".".join(part.text for part in ref.parts[1:])
        help = f'for a field of JSON write `json_field({name}, "{path}")`'
        call = f'json_field({scope.report.file.slice(ref.parts[0].span)}, "{path}")' if kind == "json" else None
        fix = written_anew(ref.span, call)
        scope.report.error("SFT0301", f"column `{name}` has no parts", ref.parts[1].span, help, fix=fix)
        return None
    if kind == "null":
        scope.report.error("SFT0310", f"column `{name}` of {scope.owner} has no value in any row", ref.span)
        return None
    return Column(name, kind, ref.span)


def has_type(typed: Typed, wanted: ColumnType, where: str, scope: ColumnScope) -> bool:
    """Whether an expression has the type that ``where`` takes; False after a report."""
    if typed.type == wanted:
        return True
    help = conversion(typed.type, wanted)
    scope.report.error("SFT0303", f"{where} takes {wanted}, and this is {typed.type}", typed.span, help)
    return False


def conversion(found: ColumnType, wanted: ColumnType) -> str | None:
    """How a value of one type becomes one of another."""
    if wanted == "number" and found == "text":
        return "`words(…)` and `characters(…)` measure text, `number(…)` reads it as a number"
    if wanted == "number" and found == "list":
        return "`length(…)` gives the number of items"
    if wanted == "text" and found == "json":
        return 'take a field out of it: `json_field(…, "name")`'
    if wanted == "bool":
        return "compare it, for example `… > 3`"
    return None
