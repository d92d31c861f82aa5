"""Every word of a spec that stands for something declared, with all words that may stand in its place.

Found by walking the tree beside the schema. A misspelling that is in the vocabulary of its place says something else
and may be right; one that is not in it is wrong, whatever the compiler thinks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from compiler.functions import FUNCTIONS, LATER_METRICS, METRIC_FUNCTIONS
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import (
    BlocksSpec,
    FieldSpec,
    NamedSpec,
    NestedSpec,
    RulesSpec,
    Shape,
    declared,
)
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, Name, Word
from compiler.world import SourceFacts
from spec_lang import ast
from spec_lang.source import Span
from tests.mutations.mutant import Original

_METRICS = {**METRIC_FUNCTIONS, **LATER_METRICS}


@dataclass(frozen=True)
class Place:
    """A word, and what may stand there."""

    role: str
    word: str
    span: Span
    allowed: frozenset[str]


def words_of(original: Original) -> Iterator[Place]:
    """All places of a spec, in no order that matters."""
    reader = _Reader(original)
    for block in original.tree.blocks:
        yield _place("kind", block.kind, BLOCKS)
        yield from reader.body(block.body, BLOCKS[block.kind.text], block)


def shape_words(shape: type[Shape]) -> set[str]:
    """Fields, nested blocks, verbs and named rules: what an entry may begin with."""
    words = {*declared(shape, FieldSpec), *declared(shape, NestedSpec)}
    words |= {spec.kind for spec in declared(shape, BlocksSpec).values()}
    words |= {verb for spec in declared(shape, RulesSpec).values() for verb in spec.verbs}
    return words | {spec.word for spec in declared(shape, NamedSpec).values()}


def _place(role: str, name: ast.Name, allowed: Iterable[str]) -> Place:
    return Place(role, name.text, name.span, frozenset(allowed))


class _Reader:
    def __init__(self, original: Original) -> None:
        self.names = original.declared()
        self.blocks = {block.name.text: block for block in original.tree.blocks if block.name}
        self.world = original.world

    def body(self, body: ast.Body, shape: type[Shape], block: ast.Block) -> Iterator[Place]:
        known = shape_words(shape)
        fields = declared(shape, FieldSpec)
        for entry in body.entries:
            if isinstance(entry, ast.Field) and entry.name.text in fields:
                yield _place("field", entry.name, known)
                yield from self.value(entry.value, fields[entry.name.text].type, block)
            elif isinstance(entry, ast.Field) and block.kind.text == "source":
                assert isinstance(entry.value, ast.Ref)
                yield _place("field of the file", entry.value.parts[0], self.file_fields(block))
            elif isinstance(entry, ast.Block):
                nested = declared(shape, NestedSpec).get(entry.kind.text) or self.named_blocks(shape).get(
                    entry.kind.text
                )
                if nested is not None:
                    yield _place("block", entry.kind, known)
                    yield from self.body(entry.body, nested.shape, block)
            elif isinstance(entry, ast.Rule):
                yield from self.rule(entry, shape, block, known)
            elif isinstance(entry, ast.NamedRule):
                yield _place("word", entry.word, known)
                for clause in entry.clauses:
                    yield _place("clause", clause.word, (clause.word.text,))
                yield from self.expression(entry.expr, block, metric=entry.word.text == "metric")

    def named_blocks(self, shape: type[Shape]) -> dict[str, BlocksSpec]:
        """``train student { … }`` inside a loop."""
        return {spec.kind: spec for spec in declared(shape, BlocksSpec).values()}

    def rule(self, rule: ast.Rule, shape: type[Shape], block: ast.Block, known: set[str]) -> Iterator[Place]:
        clauses = next(iter(declared(shape, RulesSpec).values())).verbs[rule.verb.text].words
        yield _place("verb", rule.verb, known)
        if rule.expr is not None:
            if block.kind.text == "gate":
                yield from self.requirement(rule.expr) if rule.verb.text == "require" else ()
            elif block.kind.text == "mixture" and isinstance(rule.expr, ast.Ref):
                yield from self.reference(rule.expr)
            else:
                yield from self.expression(rule.expr, block)
        for clause in rule.clauses:
            yield _place("clause", clause.word, clauses)
            if clause.word.text == "each" and isinstance(clause.operand, ast.Ref):
                yield _place("slice", clause.operand.parts[0], self.named_in_evals("slice"))
            elif clause.operand is not None and block.kind.text == "filter":
                yield from self.expression(clause.operand, block)
            elif isinstance(clause.operand, ast.Ref):
                kind = clauses.get(clause.word.text)
                yield from self.value(clause.operand, kind, block)

    def value(self, value: ast.Expr, kind: object, block: ast.Block) -> Iterator[Place]:
        if isinstance(kind, ListOf) and isinstance(value, ast.ListLit):
            for item in value.items:
                yield from self.value(item, kind.item, block)
        elif isinstance(kind, Name) and isinstance(value, ast.Ref):
            yield from self.reference(value)
        elif isinstance(kind, Word) and isinstance(value, ast.Ref):
            yield _place("value", value.parts[0], kind.choices)
        elif isinstance(kind, OneOf):
            tag = value.tag if isinstance(value, ast.Tagged) else value.parts[0] if isinstance(value, ast.Ref) else None
            if tag is not None:
                yield _place("value", tag, kind.tags)
            shape = kind.tags.get(tag.text) if tag is not None else None
            if isinstance(value, ast.Tagged) and shape is not None:
                yield from self.body(value.body, shape, block)
        elif block.kind.text == "task":
            yield from self.expression(value, block)

    def reference(self, ref: ast.Ref) -> Iterator[Place]:
        """A block of this file, and a part of a task; what imports and other words stand for is not known here."""
        if ref.parts[0].text not in self.names:
            return
        yield _place("reference", ref.parts[0], self.names)
        if len(ref.parts) > 1 and self.names[ref.parts[0].text] == "task":
            yield _place("part", ref.parts[1], self.parts(ref.parts[0].text))

    def requirement(self, expr: ast.Expr) -> Iterator[Place]:
        if isinstance(expr, ast.Binary):
            yield from self.requirement(expr.left)
        elif isinstance(expr, ast.Call) and len(expr.func.parts) == 2:
            yield _place("reference", expr.func.parts[0], self.names)
            yield _place("metric of an eval", expr.func.parts[1], self.named_in_evals("metric"))
            for arg in expr.args:
                if isinstance(arg.value, ast.Ref):
                    yield from self.reference(arg.value)
        elif isinstance(expr, ast.Call):
            yield _place("function", expr.func.parts[0], ("spread",))
            for arg in expr.args:
                if isinstance(arg.value, ast.Ref):
                    yield _place("value", arg.value.parts[0], ("templates",))
                else:
                    yield from self.requirement(arg.value)

    def expression(self, expr: ast.Expr, block: ast.Block, *, metric: bool = False) -> Iterator[Place]:
        if isinstance(expr, ast.Ref):
            yield _place("column", expr.parts[0], (*self.columns(block), *FUNCTIONS))
        elif isinstance(expr, ast.Call):
            yield _place("metric" if metric else "function", expr.func.parts[0], _METRICS if metric else FUNCTIONS)
            for arg in expr.args:
                if arg.name is not None and metric:
                    arguments = _METRICS[expr.func.text].arguments
                    yield _place("argument", arg.name, [argument.name for argument in arguments])
                if not metric and arg.name is None:
                    yield from self.expression(arg.value, block)
        elif isinstance(expr, ast.Binary):
            yield from self.expression(expr.left, block)
            yield from self.expression(expr.right, block)
        elif isinstance(expr, ast.Unary):
            yield from self.expression(expr.operand, block)
        elif isinstance(expr, ast.ListLit):
            for item in expr.items:
                yield from self.expression(item, block)

    # --- what is declared -----------------------------------------------------------------------

    def file_fields(self, source: ast.Block) -> Mapping[str, object]:
        fields = {e.name.text: e.value for e in source.body.entries if isinstance(e, ast.Field)}
        path = fields["path"]
        assert isinstance(path, ast.StringLit)
        facts = self.world.source(path.value)
        assert isinstance(facts, SourceFacts)
        return facts.columns

    def columns(self, _: ast.Block) -> set[str]:
        """The columns of all sources under all their names, scores and blocks: more than the place has, so that no
        misspelling is one."""
        found: set[str] = set(self.names)
        for block in self.blocks.values():
            if block.kind.text == "score":
                found |= {e.name.text for e in block.body.entries if isinstance(e, ast.Field)}
            elif block.kind.text == "source":
                found |= set(self.file_fields(block))
                for nested in block.body.entries:
                    if isinstance(nested, ast.Block):
                        found |= {e.name.text for e in nested.body.entries if isinstance(e, ast.Field)}
        return found

    def parts(self, task: str) -> set[str]:
        nested = [e for e in self.blocks[task].body.entries if isinstance(e, ast.Block)]
        return {e.name.text for block in nested for e in block.body.entries if isinstance(e, ast.Field)}

    def named_in_evals(self, word: str) -> set[str]:
        found = [e for b in self.blocks.values() if b.kind.text == "eval" for e in b.body.entries]
        return {e.name.text for e in found if isinstance(e, ast.NamedRule) and e.word.text == word}
