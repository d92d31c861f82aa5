"""Declare what a block kind holds: one class a kind, its attributes declared by the helpers here.

The declarations are data: ``reading`` reads blocks by them, messages and the language reference
list them. Values keep their spans, for messages of later passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, TypeVar

from msgspec import Struct

from compiler.reporting import Reporter
from compiler.schema.values import ValueType
from spec_lang.ast import Expr, Faulty, ListLit, Name, Rule
from spec_lang.diagnostics import Diagnostics, Label
from spec_lang.source import SourceFile, Span

T = TypeVar("T")
B = TypeVar("B", bound="Shape")


class Value(Struct, Generic[T], frozen=True):
    """A value and where it was written; ``given`` is False for a default (the span is then the block's head).

    ``known`` is False when something of it was reported: ``value`` is then what could be read of it, or the default
    or stand-in, and nothing that follows from it may be reported.
    """

    value: T
    span: Span
    given: bool = True
    known: bool = True


class Entry(Struct, Generic[T], frozen=True):
    """A field whose name the user chooses: a column, a part of a split."""

    name: Name
    value: T
    span: Span


class RuleEntry(Struct, frozen=True):
    """A rule with its clauses read: word -> value (True for a clause without operand, None for one that could not
    be read). ``expr`` is None for a verb that takes none, or where it is missing and was reported."""

    verb: str
    expr: Expr | None
    clauses: Mapping[str, Value[Any]]
    node: Rule

    def clause(self, word: str) -> Any:
        """The value of a clause; None when there is none or it could not be read."""
        found = self.clauses.get(word)
        return found.value if found else None


class Clauses(Struct, frozen=True):
    """What a verb takes: ``expr`` is required, optional or none; clauses map a word to a type (None: no operand).
    ``instead`` is the clause that stands in for the expression (``keep top 80% by helpful``)."""

    expr: str
    words: Mapping[str, ValueType | None]
    required: tuple[str, ...] = ()
    example: str = ""
    instead: str = ""


class Shape:
    """What every read block has. ``name`` is as the main spec writes it (``common.clean`` of an imported file),
    ``file`` is what its spans point into. ``head`` is the kind and the name; ``lines`` are where its entries stand;
    ``broken`` names entries that were reported and may hold anything, so that later passes do not report what
    follows from them.

    A subclass declares its attributes with the helpers below; an instance holds what was read, and does not change.
    (No Struct: the class attributes are the declarations, and an instance holds what was read under the same names.)
    """

    name: str
    file: SourceFile
    head: Span
    span: Span
    lines: Mapping[str, Span]
    broken: frozenset[str]

    def __init__(self, **read: Any) -> None:
        self.__dict__.update(read)

    def label(self, span: Span, text: str) -> Label:
        """A place in this block for a finding that may be in another file."""
        return Label(self.file, span, text)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a read block does not change: {name}")


class FieldSpec(Struct, frozen=True, eq=False):
    """``unless``: fields of which one may stand there in its place."""

    type: ValueType
    required: bool
    default: Any
    stand_in: Any
    doc: str
    unless: tuple[str, ...] = ()


class NestedSpec(Struct, frozen=True, eq=False):
    shape: type[Shape]
    doc: str


class BlocksSpec(Struct, frozen=True, eq=False):
    """``word``: what stands in the place of a name, where these blocks have none: `any of { … }`."""

    kind: str
    shape: type[Shape]
    doc: str
    word: str = ""

    @property
    def head(self) -> str:
        """How such a block begins."""
        return f"{self.kind} {self.word or 'NAME'}"


class OthersSpec(Struct, frozen=True, eq=False):
    type: ValueType
    what: str


class RulesSpec(Struct, frozen=True, eq=False):
    verbs: Mapping[str, Clauses]
    required: str


class NamedSpec(Struct, frozen=True, eq=False):
    """``clauses``: words that may follow, with the types of their operands."""

    word: str
    clauses: Mapping[str, ValueType | None]


SPECS = (FieldSpec, NestedSpec, BlocksSpec, OthersSpec, RulesSpec, NamedSpec)


def field(type: ValueType, doc: str, *, default: Any = None) -> Any:
    """An optional field."""
    return FieldSpec(type, False, default, None, doc)


def required(type: ValueType, doc: str, *, stand_in: Any = None, unless: tuple[str, ...] = ()) -> Any:
    """A required field; ``stand_in`` is its value when it is missing or cannot be read."""
    return FieldSpec(type, True, None, stand_in, doc, unless)


def nested(shape: type[Shape], doc: str) -> Any:
    """A block inside the block, without a name; it may be left out."""
    return NestedSpec(shape, doc)


def blocks(kind: str, shape: type[Shape], doc: str, *, word: str = "") -> Any:
    """Blocks inside the block, each with a name, or with ``word`` in its place: a tuple of shapes, in order."""
    return BlocksSpec(kind, shape, doc, word)


def others(type: ValueType, what: str) -> Any:
    """Fields whose names the user chooses: a tuple of entries."""
    return OthersSpec(type, what)


def rules(verbs: Mapping[str, Clauses], *, required: str = "") -> Any:
    """Rules by verb, in order; ``required`` says what a block without any lacks."""
    return RulesSpec(verbs, required)


def named_rules(word: str, clauses: Mapping[str, ValueType | None] | None = None) -> Any:
    """``metric NAME = …`` or ``slice NAME = …``, in order."""
    return NamedSpec(word, clauses or {})


# --- reading one value ------------------------------------------------------------------------------


def read_value(type: ValueType, expr: Expr, name: str, report: Reporter, instead: Any = None) -> Value[Any]:
    """A value by its type, as far as it could be read; ``instead`` where nothing could. ``known`` tells whether its
    reading reported nothing."""
    if isinstance(expr, Faulty):
        return Value(instead, expr.span, known=False)
    found = Diagnostics()
    value = type.read(expr, name, report.into(found))
    for item in found:
        report.sink.report(item)
    faulty = isinstance(expr, ListLit) and any(isinstance(item, Faulty) for item in expr.items)
    known = not (faulty or (len(found) and found.has_errors))
    return Value(instead if value is None else value, expr.span, known=known)


def fits(type: ValueType, expr: Expr, name: str, report: Reporter) -> bool:
    """Whether a value could be of a type; reports nothing."""
    return read_value(type, expr, name, report.into(Diagnostics())).known


# --- what a shape declares, for messages and for documentation --------------------------------------


def specs(shape: type[Shape]) -> Mapping[str, Any]:
    """Attribute name -> its declaration, in order."""
    of: Any = shape  # mypy takes the hash of a class for that of its instances
    return _specs(of)


def declared(shape: type[Shape], kind: type[T]) -> Mapping[str, T]:
    """The declarations of a kind by the name that a spec spells."""
    of: Any = shape
    what: Any = kind
    return _declared(of, what)


# Asked for every block of a spec.
@cache
def _specs(shape: Any) -> Mapping[str, Any]:
    return {name: spec for name, spec in vars(shape).items() if isinstance(spec, SPECS)}


@cache
def _declared(shape: Any, kind: Any) -> Mapping[str, Any]:
    return {spelled(name): spec for name, spec in _specs(shape).items() if isinstance(spec, kind)}


def spelled(attribute: str) -> str:
    """``from_`` is written ``from``."""
    return attribute.rstrip("_")


def field_names(shape: type[Shape]) -> tuple[str, ...]:
    return tuple(declared(shape, FieldSpec))
