"""Bare words that a value may be: ``human``, ``greedy``, ``lora``, the choices of a metric's argument.

A param of such a name would stand in the place of the word and turn one setting into another without a message, so no
param may bear one. Collected from the tables that read values, so that a new word is known here too; a millisecond, and
only of files that declare a param.
"""

from __future__ import annotations

from functools import cache

from compiler.functions import LATER_METRICS, METRIC_FUNCTIONS
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import BlocksSpec, FieldSpec, NestedSpec, OthersSpec, Shape, declared
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, ValueType, Word

ITEM = "item"  # of a list, in the condition of `any`, `all` and `count_items`


@cache
def value_words() -> frozenset[str]:
    """Every word that means something where a value is expected."""
    found = {ITEM}
    for metric in (*METRIC_FUNCTIONS.values(), *LATER_METRICS.values()):
        found |= {choice for argument in metric.arguments for choice in argument.choices}
    seen: set[type[Shape]] = set()
    waiting = list(BLOCKS.values())
    while waiting:
        shape = waiting.pop()
        if shape in seen:
            continue
        seen.add(shape)
        waiting += [spec.shape for spec in declared(shape, NestedSpec).values()]
        waiting += [spec.shape for spec in declared(shape, BlocksSpec).values()]
        types = [spec.type for spec in declared(shape, FieldSpec).values()]
        types += [spec.type for spec in declared(shape, OthersSpec).values()]
        for type in types:
            words, shapes = _words_of(type)
            found |= words
            waiting += shapes
    return frozenset(found)


def _words_of(type: ValueType) -> tuple[set[str], list[type[Shape]]]:
    """The words that a type takes bare, and the shapes of those that have a body."""
    if isinstance(type, ListOf):
        return _words_of(type.item)
    if isinstance(type, Word):
        return set(type.choices), []
    if isinstance(type, OneOf):
        return set(type.tags), [shape for shape in type.tags.values() if shape is not None]
    return set(), []
