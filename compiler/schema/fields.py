"""Declare what a block kind holds: one class a kind, its attributes declared by the helpers here.

The declarations are data: ``reading`` reads blocks by them, messages and the language reference
list them. Values keep their spans, for messages of later passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from compiler.schema.values import ValueType
from spec_lang.ast import Expr, Name, Rule
from spec_lang.source import Span

T = TypeVar("T")
B = TypeVar("B", bound="Shape")


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A value and where it was written; ``given`` is False for a default (the span is then the block's head)."""

    value: T
    span: Span
    given: bool = True


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A field whose name the user chooses: a column, a part of a split."""

    name: Name
    value: T
    span: Span


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with its clauses read: word -> value (True for a clause without operand)."""

    verb: str
    expr: Expr | None
    clauses: Mapping[str, Value[Any]]
    node: Rule

    def clause(self, word: str) -> Any:
        """The value of a clause, or None."""
        found = self.clauses.get(word)
        return found.value if found else None


@dataclass(frozen=True, slots=True)
class Clauses:
    """What a verb takes: ``expr`` is required, optional or none; clauses map a word to a type (None: no operand)."""

    expr: str
    words: Mapping[str, ValueType | None]
    required: tuple[str, ...] = ()
    example: str = ""


class Shape:
    """What every read block has. ``head`` is the kind and the name; ``lines`` are where its entries stand; ``broken``
    names entries that were reported, so that later passes do not report what follows from them.

    A subclass declares its attributes with the helpers below; an instance holds what was read, and does not change.
    (No dataclass: its generated methods would cost `check` half a millisecond a kind and serve nobody.)
    """

    name: str
    head: Span
    span: Span
    lines: Mapping[str, Span]
    broken: frozenset[str]

    def __init__(self, **read: Any) -> None:
        self.__dict__.update(read)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a read block does not change: {name}")


@dataclass(frozen=True, eq=False, repr=False)
class FieldSpec:
    type: ValueType
    required: bool
    default: Any
    stand_in: Any
    doc: str


@dataclass(frozen=True, eq=False, repr=False)
class NestedSpec:
    shape: type[Shape]
    required: bool
    doc: str


@dataclass(frozen=True, eq=False, repr=False)
class OthersSpec:
    type: ValueType
    what: str


@dataclass(frozen=True, eq=False, repr=False)
class RulesSpec:
    verbs: Mapping[str, Clauses]
    required: str


@dataclass(frozen=True, eq=False, repr=False)
class NamedSpec:
    word: str


SPECS = (FieldSpec, NestedSpec, OthersSpec, RulesSpec, NamedSpec)


def field(type: ValueType, doc: str, *, default: Any = None) -> Any:
    """An optional field."""
    return FieldSpec(type, False, default, None, doc)


def required(type: ValueType, doc: str, *, stand_in: Any = None) -> Any:
    """A required field; ``stand_in`` lets later passes go on and find independent mistakes when it is missing."""
    return FieldSpec(type, True, None, stand_in, doc)


def nested(shape: type[Shape], doc: str, *, required: bool = False) -> Any:
    """A block inside the block, without a name."""
    return NestedSpec(shape, required, doc)


def others(type: ValueType, what: str) -> Any:
    """Fields whose names the user chooses: a tuple of entries."""
    return OthersSpec(type, what)


def rules(verbs: Mapping[str, Clauses], *, required: str = "") -> Any:
    """Rules by verb, in order; ``required`` says what a block without any lacks."""
    return RulesSpec(verbs, required)


def named_rules(word: str) -> Any:
    """``metric NAME = …`` or ``slice NAME = …``, in order."""
    return NamedSpec(word)


# --- what a shape declares, for messages and for documentation --------------------------------------


def specs(shape: type[Shape]) -> dict[str, Any]:
    """Attribute name -> its declaration, in order."""
    return {name: spec for name, spec in vars(shape).items() if isinstance(spec, SPECS)}


def declared(shape: type[Shape], kind: type[T]) -> dict[str, T]:
    return {spelled(name): spec for name, spec in specs(shape).items() if isinstance(spec, kind)}


def spelled(attribute: str) -> str:
    """``from_`` is written ``from``."""
    return attribute.rstrip("_")


def field_names(shape: type[Shape]) -> tuple[str, ...]:
    return tuple(declared(shape, FieldSpec))
