"""A file's tokens as a tree of what a line may hold: words, brackets, braces, entries.

The formatter works on tokens and not on the syntax tree, so numbers, strings and parentheses stay
as their author wrote them and nothing can change its place. The syntax tree only says where
entries begin. Built without recursion, so that a thousand parentheses are no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from spec_lang import ast
from spec_lang.tokens import Token

if TYPE_CHECKING:
    from spec_lang.build_ast import Item

_CLOSING = {"RPAR": "LPAR", "RSQB": "LSQB"}


class Word(Struct, frozen=True):
    """One token."""

    first: int

    @property
    def last(self) -> int:
        return self.first


class Bracket(Struct, frozen=True):
    """``(…)`` or ``[…]``; ``listed`` when its items may be followed by a comma, as those of lists and calls may."""

    first: int
    last: int
    items: tuple[Run, ...]
    listed: bool


class Braces(Struct, frozen=True):
    """``{…}``."""

    first: int
    last: int
    entries: tuple[Entry, ...]


Piece: TypeAlias = Word | Bracket | Braces
Run: TypeAlias = tuple[Piece, ...]
Node: TypeAlias = "ast.Entry | Item"


class Entry(Struct, frozen=True):
    """An entry of a body or an item of the file."""

    node: Node
    pieces: Run

    @property
    def first(self) -> int:
        return self.pieces[0].first


class _Open(Struct):
    """A bracket, a pair of braces or the file while its end is not reached."""

    first: int
    type: str
    listed: bool = False
    run: list[Piece] = []
    items: list[Run] = []
    entries: list[Entry] = []
    node: Node | None = None

    def end_entry(self) -> None:
        if self.node is not None:
            self.entries.append(Entry(self.node, tuple(self.run)))
        self.run, self.node = [], None


def entries_of(tokens: Sequence[Token], items: Sequence[Item]) -> tuple[Entry, ...]:
    """The items of a file without syntax errors, as pieces."""
    starts = {node.span.start: node for item in items for node in _nodes(item)}
    stack = [_Open(-1, "file")]
    for index, token in enumerate(tokens):
        top = stack[-1]
        kind = token.type
        if kind in ("LPAR", "LSQB", "LBRACE"):
            # Parentheses right after a name are a call; after anything else they hold one expression.
            listed = kind == "LSQB" or (index > 0 and tokens[index - 1].type in ("NAME", "QUOTED"))
            stack.append(_Open(index, kind, listed))
        elif kind in _CLOSING:
            if top.run:
                top.items.append(tuple(top.run))
            stack.pop()
            stack[-1].run.append(_collapsed(Bracket(top.first, index, tuple(top.items), top.listed)))
        elif kind == "RBRACE":
            top.end_entry()
            stack.pop()
            stack[-1].run.append(Braces(top.first, index, tuple(top.entries)))
        elif kind == "COMMA":
            top.items.append(tuple(top.run))
            top.run = []
        else:
            # The span of an edition is its year's.
            named = tokens[index + 1] if kind == "EDITION" else token
            node = starts.get(named.span.start) if tokens[index - 1].type != "EDITION" else None
            if node is not None and top.type in ("file", "LBRACE"):
                top.end_entry()
                top.node = node
            top.run.append(Word(index))
    stack[0].end_entry()
    return tuple(stack[0].entries)


def _collapsed(bracket: Bracket) -> Bracket:
    """``((x))`` is ``(x)``: of several pairs around the same thing one stays."""
    if not bracket.listed and len(bracket.items) == 1 and len(bracket.items[0]) == 1:
        inner = bracket.items[0][0]
        if isinstance(inner, Bracket) and not inner.listed:
            return Bracket(bracket.first, bracket.last, inner.items, False)
    return bracket


def _nodes(item: Item) -> Iterator[Node]:
    """An item and all entries in it, however deep."""
    yield item
    bodies: list[object] = [item]
    while bodies:
        here = bodies.pop()
        if isinstance(here, ast.Body):
            yield from here.entries
            bodies.extend(here.entries)
        elif isinstance(here, tuple):
            bodies.extend(here)
        elif isinstance(here, _PARENTS):
            bodies.extend(getattr(here, name) for name in here.__struct_fields__ if name not in _NO_NODES)


_NO_NODES = ("span", "op_span", "op")
_PARENTS = (
    ast.Param,
    ast.Block,
    ast.Field,
    ast.Rule,
    ast.NamedRule,
    ast.Clause,
    ast.Tagged,
    ast.Call,
    ast.Arg,
    ast.ListLit,
    ast.RangeLit,
    ast.Unary,
    ast.Binary,
)
