"""Fields with the wrong value: another type, another unit, out of range, missing, or given twice.

Wrong by the schema: a type reads one kind of literal, a unit is written in one way, and limits are numbers that the
value is put just beyond.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, NestedSpec, RulesSpec, Shape, declared
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, Name, Real, Text, Whole, Word
from compiler.schema.written import Limits, written
from spec_lang import ast
from spec_lang.quantities import Unit
from spec_lang.source import Span
from tests.mutations.mutant import Mutant, Original, mutant

_LITERALS = {"text": '"seven"', "number": "7", "truth": "true", "list": "[7, 8]", "share": "7%"}
# The literals that a type can read; a type that is not here can read more than one can say.
_READS: dict[type, set[str]] = {
    Text: {"text"},
    Word: set(),
    Name: set(),
    OneOf: set(),
    ListOf: {"list"},
    Whole: {"number", "share"},
    Real: {"number", "share"},
}
_SUFFIX = {Unit.SHARE: "%", Unit.POINTS: "pt", Unit.TOKENS: "tok", Unit.ROWS: "rows", Unit.DURATION: "min"}
_STEP = Decimal("0.01")


def broken_values(original: Original) -> Iterator[Mutant]:
    for place in _fields(original):
        yield from _wrong_type(original, place)
        yield from _wrong_number(original, place[1], place[2])
        yield from _twice(original, place)
        yield from _missing(original, place)
    for operand, kind in _operands(original):
        yield from _wrong_number(original, operand, kind)


_Place = tuple[ast.Field, ast.Expr, object, FieldSpec, Span]


def _fields(original: Original) -> Iterator[_Place]:
    """Every field of a known name: itself, its value, its type, its declaration, and the head of what it is in."""
    for block in original.tree.blocks:
        assert block.name is not None
        yield from _in_body(block.body, BLOCKS[block.kind.text], block.kind.span)


def _in_body(body: ast.Body, shape: type[Shape], head: Span) -> Iterator[_Place]:
    fields, nested = declared(shape, FieldSpec), declared(shape, NestedSpec)
    for entry in body.entries:
        if isinstance(entry, ast.Field) and entry.name.text in fields:
            spec = fields[entry.name.text]
            yield entry, entry.value, spec.type, spec, head
            if isinstance(spec.type, OneOf) and isinstance(entry.value, ast.Tagged):
                inner = spec.type.tags[entry.value.tag.text]
                if inner is not None:
                    yield from _in_body(entry.value.body, inner, entry.value.tag.span)
        elif isinstance(entry, ast.Block) and entry.kind.text in nested:
            yield from _in_body(entry.body, nested[entry.kind.text].shape, entry.kind.span)


def _operands(original: Original) -> Iterator[tuple[ast.Expr, object]]:
    """Numbers after clause words."""
    for block in original.tree.blocks:
        for spec in declared(BLOCKS[block.kind.text], RulesSpec).values():
            for rule in block.body.entries:
                for clause in rule.clauses if isinstance(rule, ast.Rule) else ():
                    if clause.operand is not None:
                        yield clause.operand, spec.verbs[rule.verb.text].words[clause.word.text]  # type: ignore[union-attr]


def _wrong_type(original: Original, place: _Place) -> Iterator[Mutant]:
    _, value, kind, _, _ = place
    reads = _READS.get(type(kind))
    if reads is None:
        return
    wrong = [text for name, text in _LITERALS.items() if name not in reads]
    # Two a field, another two at the next one: the whole table would be the same few messages many times.
    for offset in (0, 2):
        yield mutant("wrong type", original, value.span, wrong[(value.span.start + offset) % len(wrong)])


def _wrong_number(original: Original, value: ast.Expr, kind: object) -> Iterator[Mutant]:
    if not isinstance(kind, Whole | Real) or not isinstance(value, ast.NumberLit | ast.QuantityLit):
        return
    plain = isinstance(kind, Whole) and kind.plain
    for unit, suffix in _SUFFIX.items():
        if unit is not kind.unit and unit is not Unit.DURATION:
            yield mutant("wrong unit", original, value.span, f"9{suffix}")
    if kind.unit is not None and not plain:
        yield mutant("missing unit", original, value.span, "9")
    for beyond in _beyond(kind.limits, whole=isinstance(kind, Whole)):
        unit = None if plain else kind.unit
        yield mutant("out of range", original, value.span, written(beyond, unit))
    if isinstance(kind, Whole) and kind.unit is not Unit.DURATION:  # 9.5min is a whole number of seconds
        suffix = _SUFFIX[kind.unit] if kind.unit is not None and not plain else ""
        yield mutant("not a whole number", original, value.span, f"9.5{suffix}")


def _beyond(limits: Limits, *, whole: bool) -> Iterator[Decimal]:
    step = Decimal(1) if whole else _STEP
    if limits.minimum is not None:
        yield limits.minimum - step
    if limits.above is not None:
        yield limits.above
    if limits.maximum is not None:
        yield limits.maximum + step
    if limits.below is not None:
        yield limits.below


def _twice(original: Original, place: _Place) -> Iterator[Mutant]:
    """The whole field again, on a line of its own."""
    field = place[0]
    again = f"\n  {original.text[field.span.start : field.span.end]}\n"
    at = Span(field.span.end, field.span.end)
    yield mutant("duplicate field", original, at, again, lines=(original.line(field.span.end) + 1,))


def _missing(original: Original, place: _Place) -> Iterator[Mutant]:
    """Shown at the head of what lacks it."""
    field, _, _, spec, head = place
    if spec.required:
        yield mutant("missing field", original, field.span, "", lines=(original.line(head.start),))
