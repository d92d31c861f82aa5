"""The parser's tree to the syntax tree: one short method a grammar rule, a span on every node.

The tree holds every token, so a node reaches from its first token to its last, braces and parentheses included.

Literals are resolved here (escapes, dedent, exact quantities), so what is wrong inside a
literal is reported here too, with the place inside the string. A wrong literal becomes a
``Faulty`` node, so that the rest of its block can be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.literals import read_number, read_quantity, read_string
from spec_lang.shift_reduce import Tree
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token
from spec_lang.vocabulary import EDITIONS

# The tokens that become nodes. Of the others the operators reach their node as they are, and the rest is form.
_TOKENS = ("NAME", "QUOTED", "VERB", "CLAUSE", "FLAG", "NAMED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE")

_OPERATORS = frozenset({"OR", "AND", "NOT", "CMP", "MATCHES", "IN", "PLUS", "MINUS", "STAR", "SLASH"})

Item = ast.Edition | ast.Import | ast.Param | ast.Block


class _Builder:
    """Children arrive built, operators as tokens."""

    def __init__(self, file: SourceFile, diagnostics: Diagnostics) -> None:
        self.file = file
        self.diagnostics = diagnostics

    def built(self, tree: Tree) -> tuple[Any, Span]:
        """The node of a tree, and how far its text goes: parentheses belong to the text and not to the node."""
        inner = _without_parentheses(tree) if tree.rule == "atom" else tree
        parts: list[Any] = []
        first: Span | None = None
        for child in inner.children:
            if isinstance(child, Tree):
                part, span = self.built(child)
                parts.append(part)
            else:
                kind, span = child.type, child.span
                make = _MAKERS.get(kind)
                if make is not None:
                    parts.append(make(self, child))
                elif kind in _OPERATORS:
                    parts.append(child)
            first = first or span
        whole = Span(first.start, span.end) if first is not None else Span(0, 0)
        return getattr(self, inner.rule)(whole, parts), whole if inner is tree else _parenthesised(tree)

    # --- tokens ---

    def NAME(self, token: Token) -> ast.Name:
        return ast.Name(token.text, token.span)

    def QUOTED(self, token: Token) -> ast.Name:
        return ast.Name(token.text[1:-1].replace("``", "`"), token.span, quoted=True)

    VERB = CLAUSE = FLAG = NAMED = NAME

    def STRING(self, token: Token) -> ast.StringLit | ast.Faulty:
        span = token.span
        value = read_string(token.text, span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.StringLit(value, span, raw=token.text.startswith("r"))

    def NUMBER(self, token: Token) -> ast.NumberLit | ast.Faulty:
        span = token.span
        value = read_number(token.text, span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.NumberLit(value, span)

    def QUANTITY(self, token: Token) -> ast.QuantityLit | ast.Faulty:
        span = token.span
        value = read_quantity(token.text, span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.QuantityLit(value, span)

    def TRUE(self, token: Token) -> ast.BoolLit:
        return ast.BoolLit(token.text == "true", token.span)

    FALSE = TRUE

    # --- items and entries ---

    def edition(self, span: Span, parts: list[Any]) -> ast.Edition:
        number = parts[0]
        if isinstance(number, ast.Faulty):  # reported; taken for a known edition, so that it is not reported again
            return ast.Edition(EDITIONS[-1], number.span)
        # `edition 2026.0` is no year: -1 is no known edition either.
        return ast.Edition(number.value if isinstance(number.value, int) else -1, number.span)

    def import_(self, span: Span, parts: list[Any]) -> ast.Import:
        return ast.Import(parts[0], parts[1], span)

    def param(self, span: Span, parts: list[Any]) -> ast.Param:
        return ast.Param(parts[0], parts[1], span)

    def block(self, span: Span, parts: list[Any]) -> ast.Block:
        kind, *name, body = parts
        return ast.Block(kind, name[0] if name else None, body, span)

    nested = block

    def body(self, span: Span, parts: list[Any]) -> ast.Body:
        return ast.Body(tuple(parts), span)

    def field(self, span: Span, parts: list[Any]) -> ast.Field:
        return ast.Field(parts[0], parts[1], span)

    def rule(self, span: Span, parts: list[Any]) -> ast.Rule:
        verb, *rest = parts
        has_expr = bool(rest) and not isinstance(rest[0], ast.Clause)
        clauses = rest[1:] if has_expr else rest
        return ast.Rule(verb, rest[0] if has_expr else None, tuple(clauses), span)

    def named_rule(self, span: Span, parts: list[Any]) -> ast.NamedRule:
        word, name, expr, *clauses = parts
        return ast.NamedRule(word, name, expr, tuple(clauses), span)

    def clause(self, span: Span, parts: list[Any]) -> ast.Clause:
        return ast.Clause(parts[0], parts[1] if len(parts) > 1 else None, span)

    # --- expressions ---

    def disjunction(self, span: Span, parts: list[Any]) -> ast.Expr:
        return _chain(parts, span.start)

    conjunction = sum = product = comparison = disjunction

    def negation(self, span: Span, parts: list[Any]) -> ast.Unary:
        return ast.Unary("not", parts[1], span)

    def sign(self, span: Span, parts: list[Any]) -> ast.Unary | ast.Faulty:
        if isinstance(parts[1], ast.Faulty):
            return ast.Faulty(span)
        return ast.Unary("-", parts[1], span)

    def range(self, span: Span, parts: list[Any]) -> ast.RangeLit:
        return ast.RangeLit(parts[0], parts[1], span)

    def atom(self, span: Span, parts: list[Any]) -> ast.Expr:
        literal: ast.Expr = parts[0]  # in parentheses
        return literal

    def ref(self, span: Span, parts: list[Any]) -> ast.Ref:
        return ast.Ref(tuple(parts), span)

    def call(self, span: Span, parts: list[Any]) -> ast.Call:
        return ast.Call(parts[0], tuple(parts[1:]), span)

    def arg(self, span: Span, parts: list[Any]) -> ast.Arg:
        *name, value = parts
        return ast.Arg(name[0] if name else None, value, span)

    def list_(self, span: Span, parts: list[Any]) -> ast.ListLit:
        return ast.ListLit(tuple(parts), span)

    def tagged(self, span: Span, parts: list[Any]) -> ast.Tagged:
        return ast.Tagged(parts[0], parts[1], span)


_MAKERS: Mapping[str, Callable[[_Builder, Token], Any]] = {name: getattr(_Builder, name) for name in _TOKENS}


def _chain(parts: list[Any], start: int) -> ast.Expr:
    """``a op b op c`` to ``((a op b) op c)``; ``start`` takes in an opening parenthesis."""
    left: ast.Expr = parts[0]
    for operator, right in zip(parts[1::2], parts[2::2], strict=True):
        span = Span(start, max(right.span.end, operator.span.end))
        left = ast.Binary(operator.text, left, right, operator.span, span)
    return left


def _without_parentheses(tree: Tree) -> Tree:
    """What stands inside of any number of them. Does not recurse."""
    while tree.rule == "atom" and isinstance(tree.children[1], Tree):
        tree = tree.children[1]
    return tree


def _parenthesised(tree: Tree) -> Span:
    first, last = tree.children[0], tree.children[-1]
    assert isinstance(first, Token) and isinstance(last, Token)
    return Span(first.span.start, last.span.end)


def depth_of(tree: Tree) -> int:
    """How deep the syntax tree of ``tree`` will be; a chain of n operators counts n. Does not recurse."""
    deepest = 0
    pending: list[tuple[Tree, int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        chain = node.rule in ("disjunction", "conjunction", "sum", "product")
        depth += len(node.children) // 2 if chain else node.rule != "atom"
        deepest = max(deepest, depth)
        pending.extend((child, depth) for child in node.children if isinstance(child, Tree))
    return deepest


def build_item(tree: Tree, file: SourceFile, diagnostics: Diagnostics) -> Item:
    """The syntax tree of one parsed item; reports wrong literals."""
    item: Item = _Builder(file, diagnostics).built(tree)[0]
    return item
