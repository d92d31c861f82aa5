"""The columns that expressions are over: names, their types, and what to say where a type does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from compiler.functions import FUNCTIONS, ITEM
from compiler.known import Known
from compiler.reporting import Reporter, did_you_mean, renamed, spelled, suggestion, written_anew
from compiler.typed import Column, Typed
from compiler.world import ColumnType
from spec_lang.ast import Expr, Ref
from spec_lang.diagnostics import Label
from spec_lang.source import SourceFile
from spec_lang.vocabulary import NULLS

if TYPE_CHECKING:
    from compiler.names import Names

# What takes a value of a type out of JSON.
_READERS: Mapping[str, str] = {"number": "json_number", "bool": "json_bool", "list": "json_list"}


class ColumnScope(Struct, frozen=True, eq=False):
    """The columns that an expression may name, and what they belong to ("source `tickets`"). ``each``: it stands in
    `any(…)` or its like, where `item` is an item of the list. ``fields`` are fields of the file that have another name
    here, and ``wants`` is the type that the place of the expression takes. ``names`` are what models and files are
    looked up by. ``prepares``: what runs the expression computes the functions first that no SQL says (``tokens``).
    ``extended``: it calls functions of extensions too. ``inside`` is what helps when a column is missing, where the
    rows may stand in a list of the one row that was read."""

    columns: Known[ColumnType]
    owner: str
    report: Reporter
    each: bool = False
    fields: Mapping[str, str] = {}
    wants: ColumnType = "text"
    names: Names | None = None
    prepares: bool = False
    extended: bool = True
    inside: str | None = None

    def missing(self, name: str, more: Iterable[str] = ()) -> str:
        """What helps when there is no such column, or other value that ``more`` names."""
        known = (*self.columns.names, *more)
        return did_you_mean(name, known) or self.inside or suggestion(name, known, "columns")

    def at(self, file: SourceFile, used: Label) -> ColumnScope:
        """The same columns for expressions of another file, which ``used`` led to."""
        if file is self.report.file:
            return self
        return replace(self, report=self.report.at(file, used), names=self.names.of(file) if self.names else None)


def column(ref: Ref, scope: ColumnScope) -> Typed | None:
    """The column that a name stands for; None after a report, or where it is not known."""
    name = ref.parts[0].text
    if scope.each and ref.text == "item":
        return Column(ITEM, "text", ref.span)
    if scope.columns.lacks(name):
        if len(ref.parts) == 1 and name in FUNCTIONS:
            scope.report.error("SFT0301", f"`{name}` is a function", ref.span, f"write `{FUNCTIONS[name].signature}`")
            return None
        _no_column(ref, scope)
        return None
    kind = scope.columns.get(name)
    if kind is None:
        return None
    if len(ref.parts) > 1:
        path, reader = ".".join(part.text for part in ref.parts[1:]), _READERS.get(scope.wants, "json_field")
        help = f'for a field of JSON write `{reader}({name}, "{path}")`'
        call = f'{reader}({scope.report.file.slice(ref.parts[0].span)}, "{path}")' if kind == "json" else None
        fix = written_anew(ref.span, call)
        scope.report.error("SFT0301", f"column `{name}` has no parts", ref.parts[1].span, help, fix=fix)
        return None
    if kind == "null":
        scope.report.error("SFT0310", f"column `{name}` of {scope.owner} has no value in any row", ref.span)
        return None
    return Column(name, kind, ref.span)


def _no_column(ref: Ref, scope: ColumnScope) -> None:
    """Report a name that is no column, with what it was probably meant as."""
    first, name = ref.parts[0], ref.parts[0].text
    known = (*scope.columns.names, *scope.report.params)
    help, fix = scope.missing(name, scope.report.params), renamed(first, known)
    if name in scope.fields:
        help = f"the field is called `{scope.fields[name]}` here, in `columns {{ … }}` of the source"
        fix = spelled(first.span, scope.fields[name])
    elif name.lower() in ("true", "false"):
        help, fix = f"write `{name.lower()}`", written_anew(first.span, name.lower())
    elif name in NULLS:
        help = "there is no such value: `is_null(column)` tells where a column has none"
    elif len(ref.parts) == 2 and ref.parts[1].text in scope.columns.names:
        help = f"did you mean `{ref.parts[1].text}`? columns stand alone"
    scope.report.error("SFT0301", f"{scope.owner} has no column `{name}`", first.span, help, fix=fix)


def null_name(expr: Expr, scope: ColumnScope) -> bool:
    """Whether an expression is the null of another language, and no column."""
    return isinstance(expr, Ref) and expr.text in NULLS and scope.columns.lacks(expr.text)


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
    if wanted == "list" and found == "text":
        return "`characters(…)` and `words(…)` measure text, `split(…)` makes a list of it"
    if wanted == "text" and found == "json":
        return 'take a field out of it: `json_field(…, "name")`'
    if wanted == "bool" and found == "text":
        return 'compare it, for example `… == ""` where it is empty'
    if wanted == "bool":
        return "compare it, for example `… > 3`"
    return None
