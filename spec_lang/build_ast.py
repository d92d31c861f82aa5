"""Lark's tree to the syntax tree: one short method a grammar rule, a span on every node.

Literals are resolved here (escapes, dedent, exact quantities), so what is wrong inside a
literal is reported here too, with the place inside the string. A wrong literal becomes a
``Faulty`` node, so that the rest of its block can be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lark import Token, Tree

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.lexing import span_of
from spec_lang.literals import read_number, read_quantity, read_string
from spec_lang.source import SourceFile, Span
from spec_lang.vocabulary import EDITIONS

if TYPE_CHECKING:
    from lark.tree import Meta

# The tokens that become nodes.
_TOKENS = ("NAME", "QUOTED", "VERB", "CLAUSE", "FLAG", "NAMED", "STRING", "NUMBER", "QUANTITY", "TRUE", "FALSE")

Item = ast.Edition | ast.Import | ast.Param | ast.Block


def _span(meta: Meta) -> Span:
    return Span(meta.start_pos, meta.end_pos)


class _Builder:
    """Children arrive built; operators and braces that carry meaning arrive as tokens.

    Not a lark Transformer, which wraps every method anew at every call: that costs as much as all the rest here.
    """

    def __init__(self, file: SourceFile, diagnostics: Diagnostics) -> None:
        self.file = file
        self.diagnostics = diagnostics
        self._tokens = {name: getattr(self, name) for name in _TOKENS}

    def built(self, tree: Tree[Token]) -> Any:
        parts = [
            self.built(child)
            if isinstance(child, Tree)
            else make(child)
            if (make := self._tokens.get(child.type)) is not None
            else child
            for child in tree.children
        ]
        return getattr(self, tree.data)(tree.meta, parts)

    # --- tokens ---

    def NAME(self, token: Token) -> ast.Name:
        return ast.Name(str(token), span_of(token))

    def QUOTED(self, token: Token) -> ast.Name:
        return ast.Name(token[1:-1].replace("``", "`"), span_of(token), quoted=True)

    VERB = CLAUSE = FLAG = NAMED = NAME

    def STRING(self, token: Token) -> ast.StringLit | ast.Faulty:
        span = span_of(token)
        value = read_string(str(token), span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.StringLit(value, span, raw=token.startswith("r"))

    def NUMBER(self, token: Token) -> ast.NumberLit | ast.Faulty:
        span = span_of(token)
        value = read_number(str(token), span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.NumberLit(value, span)

    def QUANTITY(self, token: Token) -> ast.QuantityLit | ast.Faulty:
        span = span_of(token)
        value = read_quantity(str(token), span, self.file, self.diagnostics)
        return ast.Faulty(span) if value is None else ast.QuantityLit(value, span)

    def TRUE(self, token: Token) -> ast.BoolLit:
        return ast.BoolLit(token == "true", span_of(token))

    FALSE = TRUE

    # --- items and entries ---

    def edition(self, meta: Meta, parts: list[Any]) -> ast.Edition:
        number = parts[0]
        if isinstance(number, ast.Faulty):  # reported; taken for a known edition, so that it is not reported again
            return ast.Edition(EDITIONS[-1], number.span)
        # `edition 2026.0` is no year: -1 is no known edition either.
        return ast.Edition(number.value if isinstance(number.value, int) else -1, number.span)

    def import_(self, meta: Meta, parts: list[Any]) -> ast.Import:
        return ast.Import(parts[0], parts[1], _span(meta))

    def param(self, meta: Meta, parts: list[Any]) -> ast.Param:
        return ast.Param(parts[0], parts[1], _span(meta))

    def block(self, meta: Meta, parts: list[Any]) -> ast.Block:
        kind, *name, body = parts
        return ast.Block(kind, name[0] if name else None, body, _span(meta))

    nested = block

    def body(self, meta: Meta, parts: list[Any]) -> ast.Body:
        return ast.Body(tuple(parts), _span(meta))

    def field(self, meta: Meta, parts: list[Any]) -> ast.Field:
        return ast.Field(parts[0], parts[1], _span(meta))

    def rule(self, meta: Meta, parts: list[Any]) -> ast.Rule:
        verb, *rest = parts
        has_expr = bool(rest) and not isinstance(rest[0], ast.Clause)
        clauses = rest[1:] if has_expr else rest
        return ast.Rule(verb, rest[0] if has_expr else None, tuple(clauses), _span(meta))

    def named_rule(self, meta: Meta, parts: list[Any]) -> ast.NamedRule:
        word, name, expr, *clauses = parts
        return ast.NamedRule(word, name, expr, tuple(clauses), _span(meta))

    def clause(self, meta: Meta, parts: list[Any]) -> ast.Clause:
        return ast.Clause(parts[0], parts[1] if len(parts) > 1 else None, _span(meta))

    # --- expressions ---

    def disjunction(self, meta: Meta, parts: list[Any]) -> ast.Expr:
        return _chain(parts, meta.start_pos)

    conjunction = sum = product = comparison = disjunction

    def negation(self, meta: Meta, parts: list[Any]) -> ast.Unary:
        return ast.Unary("not", parts[1], _span(meta))

    def sign(self, meta: Meta, parts: list[Any]) -> ast.Unary | ast.Faulty:
        if isinstance(parts[1], ast.Faulty):
            return ast.Faulty(_span(meta))
        return ast.Unary("-", parts[1], _span(meta))

    def range(self, meta: Meta, parts: list[Any]) -> ast.RangeLit:
        return ast.RangeLit(parts[0], parts[1], _span(meta))

    def ref(self, meta: Meta, parts: list[Any]) -> ast.Ref:
        return ast.Ref(tuple(parts), _span(meta))

    def call(self, meta: Meta, parts: list[Any]) -> ast.Call:
        return ast.Call(parts[0], tuple(parts[1:]), _span(meta))

    def arg(self, meta: Meta, parts: list[Any]) -> ast.Arg:
        *name, value = parts
        return ast.Arg(name[0] if name else None, value, _span(meta))

    def list_(self, meta: Meta, parts: list[Any]) -> ast.ListLit:
        return ast.ListLit(tuple(parts), _span(meta))

    def tagged(self, meta: Meta, parts: list[Any]) -> ast.Tagged:
        return ast.Tagged(parts[0], parts[1], _span(meta))


def _chain(parts: list[Any], start: int) -> ast.Expr:
    """``a op b op c`` to ``((a op b) op c)``; ``start`` takes in an opening parenthesis."""
    left: ast.Expr = parts[0]
    for operator, right in zip(parts[1::2], parts[2::2], strict=True):
        span = Span(start, max(right.span.end, operator.end_pos))
        left = ast.Binary(str(operator), left, right, span_of(operator), span)
    return left


def depth_of(tree: Tree[Token]) -> int:
    """How deep the syntax tree of ``tree`` will be; a chain of n operators counts n. Does not recurse."""
    deepest = 0
    pending: list[tuple[Tree[Token], int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        chain = node.data in ("disjunction", "conjunction", "sum", "product")
        depth += len(node.children) // 2 if chain else 1
        deepest = max(deepest, depth)
        pending.extend((child, depth) for child in node.children if isinstance(child, Tree))
    return deepest


def build_item(tree: Tree[Token], file: SourceFile, diagnostics: Diagnostics) -> Item:
    """The syntax tree of one parsed item; reports wrong literals."""
    item: Item = _Builder(file, diagnostics).built(tree)
    return item
