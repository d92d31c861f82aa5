"""Walk a syntax tree, and make a tree that differs in some expressions.

A pass that puts values in the place of names (`parameters`, `secrets`, `extends`) works on trees before any block is
read, so that everything after it sees plain literals. Trees are frozen: what does not change is shared, and a file
without any such name is not copied at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import replace

from spec_lang.ast import (
    Arg,
    Binary,
    Block,
    Body,
    Call,
    Clause,
    Entry,
    Expr,
    Field,
    ListLit,
    NamedRule,
    RangeLit,
    Ref,
    Rule,
    Tagged,
    Unary,
)
from spec_lang.source import Span, Spanned

N = TypeVar("N")
# What an expression becomes; None leaves it, and its parts are looked at.
Change: TypeAlias = Callable[[Expr], Expr | None]


# Which attributes of a node hold nodes; names, spans and plain values are none.
_CHILDREN: Mapping[type, tuple[str, ...]] = {
    Block: ("body",),
    Body: ("entries",),
    Field: ("value",),
    Rule: ("expr", "clauses"),
    NamedRule: ("expr", "clauses"),
    Clause: ("operand",),
    Tagged: ("body",),
    Call: ("func", "args"),
    Arg: ("value",),
    ListLit: ("items",),
    RangeLit: ("low", "high"),
    Unary: ("operand",),
    Binary: ("left", "right"),
}


_BELOW = {kind: names[::-1] for kind, names in _CHILDREN.items()}


def nodes(root: Any) -> Iterator[Any]:
    """All nodes below and with ``root``, or with each of a tuple, in the order of the text; does not recurse."""
    pending = list(reversed(root)) if isinstance(root, tuple) else [root]
    while pending:
        node = pending.pop()
        yield node
        for name in _BELOW.get(type(node), ()):
            value = getattr(node, name)
            if isinstance(value, tuple):
                pending.extend(reversed(value))
            elif value is not None:
                pending.append(value)


def references(root: Any) -> Iterator[Ref]:
    return (node for node in nodes(root) if isinstance(node, Ref))


def changed_block(block: Block, change: Change) -> Block:
    body = changed_body(block.body, change)
    return block if body is block.body else replace(block, body=body)


def changed_body(body: Body, change: Change) -> Body:
    entries = _all(body.entries, lambda entry: changed_entry(entry, change))
    return body if entries is body.entries else replace(body, entries=entries)


def changed_entry(entry: Entry, change: Change) -> Entry:
    """The entry with all of its expressions changed."""
    if isinstance(entry, Block):
        return changed_block(entry, change)
    if isinstance(entry, Field):
        value = changed(entry.value, change)
        return entry if value is entry.value else replace(entry, value=value)
    expr = None if entry.expr is None else changed(entry.expr, change)
    clauses = _all(entry.clauses, lambda clause: _clause(clause, change))
    if expr is entry.expr and clauses is entry.clauses:
        return entry
    if isinstance(entry, Rule):
        return replace(entry, expr=expr, clauses=clauses)
    assert expr is not None
    return replace(entry, expr=expr, clauses=clauses)


def _clause(clause: Clause, change: Change) -> Clause:
    operand = None if clause.operand is None else changed(clause.operand, change)
    return clause if operand is clause.operand else replace(clause, operand=operand)


def changed(expr: Expr, change: Change) -> Expr:
    """The expression with every part changed that ``change`` has something for."""
    instead = change(expr)
    if instead is not None:
        return instead
    if isinstance(expr, Unary):
        operand = changed(expr.operand, change)
        return expr if operand is expr.operand else replace(expr, operand=operand)
    if isinstance(expr, Binary):
        left, right = changed(expr.left, change), changed(expr.right, change)
        return expr if left is expr.left and right is expr.right else replace(expr, left=left, right=right)
    if isinstance(expr, RangeLit):
        low, high = changed(expr.low, change), changed(expr.high, change)
        return expr if low is expr.low and high is expr.high else replace(expr, low=low, high=high)
    if isinstance(expr, ListLit):
        items = _all(expr.items, lambda item: changed(item, change))
        return expr if items is expr.items else replace(expr, items=items)
    if isinstance(expr, Call):
        args = _all(expr.args, lambda arg: _arg(arg, change))
        return expr if args is expr.args else replace(expr, args=args)
    if isinstance(expr, Tagged):
        body = changed_body(expr.body, change)
        return expr if body is expr.body else replace(expr, body=body)
    return expr


def _arg(arg: Arg, change: Change) -> Arg:
    value = changed(arg.value, change)
    return arg if value is arg.value else replace(arg, value=value)


def _all(items: tuple[N, ...], change: Callable[[N], N]) -> tuple[N, ...]:
    """The items changed; the very tuple when none of them was."""
    made = tuple(map(change, items))
    return items if all(map(lambda a, b: a is b, made, items)) else made


def placed(node: N, span: Span) -> N:
    """A node as if it had been written at ``span``, with everything below it."""
    if isinstance(node, tuple):
        return tuple(placed(item, span) for item in node)  # type: ignore[return-value]
    if not isinstance(node, Spanned):
        return node
    return replace(node, **{name: _placed(getattr(node, name), span) for name in node.__struct_fields__})


def _placed(value: Any, span: Span) -> Any:
    return span if isinstance(value, Span) else placed(value, span)
