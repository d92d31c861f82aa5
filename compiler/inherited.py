"""An entry of a base as it stands in the block that extends it.

Its text lies elsewhere, so all of it takes the place of the base's name; entries of the same file keep
their own place as a whole, which is where `sft plan` points when one of them changes. References of a base
in another file are written out in full, because they mean what they meant there.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from compiler.names import Names
from compiler.schema.fields import FieldSpec, Shape, declared
from compiler.schema.tagged import OneOf
from compiler.schema.values import Word
from compiler.tree import changed, changed_entry, placed
from spec_lang.ast import Entry, Expr, Field, Name, NamedRule, Ref, Tagged
from spec_lang.source import SourceFile, Span


def brought_over(
    entry: Entry, shape: type[Shape], place: Span, here: SourceFile, there: SourceFile, names: Names
) -> Entry:
    """The entry as the file ``here`` would write it at ``place``; ``names`` are those of its own file."""
    if here is there:
        return replace(placed(entry, place), span=entry.span)
    return placed(_in_full(entry, shape, names), place)


def _in_full(entry: Entry, shape: type[Shape], names: Names) -> Entry:
    if isinstance(entry, NamedRule):
        return changed_entry(entry, lambda expr: _full_ref(expr, names)) if entry.word.text == "metric" else entry
    if not isinstance(entry, Field):
        return entry
    spec = declared(shape, FieldSpec).get(entry.name.text)
    return replace(entry, value=_value(entry.value, spec.type if spec else None, names))


def _value(value: Expr, type: Any, names: Names) -> Expr:
    if isinstance(type, Word):
        return value
    if isinstance(type, OneOf):
        inner = type.tags.get(value.tag.text) if isinstance(value, Tagged) else None
        if not isinstance(value, Tagged) or inner is None:
            return value
        entries = tuple(_in_full(entry, inner, names) for entry in value.body.entries)
        return replace(value, body=replace(value.body, entries=entries))
    return changed(value, lambda expr: _full_ref(expr, names))


def _full_ref(expr: Expr, names: Names) -> Expr | None:
    """A reference to a block with its full name; None for anything else."""
    if not isinstance(expr, Ref) or expr.parts[0].quoted:
        return None
    target = names.target(expr)
    if target.full not in names.blocks and target.full not in names.hidden:
        return None
    return Ref((Name(target.full, expr.span), *target.rest), expr.span)
