"""Questions to the syntax tree that several lints ask; ``compiler.tree`` walks it.

Lints about blocks whose steps come with later versions read the tree, not resolved blocks, so that they speak
before those blocks run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler.tree import nodes, references
from spec_lang.ast import Block, Call, Expr, Field, ListLit, NamedRule, Ref, Rule, StringLit, Tagged


def used_names(blocks: Iterable[Block]) -> frozenset[str]:
    """What blocks refer to, themselves left out. A column of the same name counts: better silent than wrong."""
    return frozenset(
        ref.parts[0].text
        for block in blocks
        for ref in references(block)
        if block.name is None or ref.parts[0].text != block.name.text
    )


def of_kind(blocks: Iterable[Block], kind: str) -> Iterator[Block]:
    """Blocks of a kind that have a name, those inside other blocks too."""
    for block in blocks:
        if block.kind.text == kind and block.name is not None:
            yield block
        yield from of_kind((entry for entry in block.body.entries if isinstance(entry, Block)), kind)


def value(block: Block, field: str) -> Expr | None:
    return next((e.value for e in block.body.entries if isinstance(e, Field) and e.name.text == field), None)


def has(block: Block, name: str) -> bool:
    """Whether a field or a nested block is there and no empty list."""
    found = value(block, name)
    if found is not None:
        return not (isinstance(found, ListLit) and not found.items)
    return any(isinstance(entry, Block) and entry.kind.text == name for entry in block.body.entries)


def rules(block: Block, *verbs: str) -> Iterator[Rule]:
    return (entry for entry in block.body.entries if isinstance(entry, Rule) and entry.verb.text in verbs)


def metrics(block: Block) -> dict[str, NamedRule]:
    named = (entry for entry in block.body.entries if isinstance(entry, NamedRule))
    return {entry.name.text: entry for entry in named if entry.word.text == "metric"}


def clause(rule: Rule | NamedRule, word: str) -> Expr | None:
    return next((c.operand for c in rule.clauses if c.word.text == word), None)


def tag(expr: Expr | None) -> str:
    """``dpo`` of ``dpo`` and of ``dpo { beta = 0.1 }``; empty for anything else."""
    return expr.tag.text if isinstance(expr, Tagged) else expr.text if isinstance(expr, Ref) else ""


def words(expr: Expr | None) -> tuple[str, ...]:
    """The items of a list of names or strings; one item alone counts as a list."""
    items = expr.items if isinstance(expr, ListLit) else () if expr is None else (expr,)
    return tuple(
        item.text if isinstance(item, Ref) else item.value for item in items if isinstance(item, Ref | StringLit)
    )


def calls(root: Any, function: str) -> Iterator[Call]:
    return (node for node in nodes(root) if isinstance(node, Call) and node.func.text == function)
