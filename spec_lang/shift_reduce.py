"""The parser's tables, driven by two short loops: text to tokens, and tokens to the tree of an item.

Lark makes the tables (`tables.py`) and reads no spec: importing it takes longer than checking a spec of a hundred
lines, and its loops do what nobody reads here, such as line and column of every token. A test compares tokens, trees
and what is expected at a mistake with Lark's own, on the project's specs and on random tokens.

Costs about 6 µs a token, both loops together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from msgspec import Struct

from spec_lang.source import Span
from spec_lang.tables import Rule, tables
from spec_lang.tokens import Token

_END = Token("$END", "", Span(0, 0))


class Tree(Struct):
    """A rule of the grammar, with all the tokens and rules that it is made of."""

    rule: str
    children: list[Token | Tree]


class _Reduction(Struct, frozen=True):
    """Take ``size`` values off the stack and put ``make(values)`` there; without ``make`` the one value stays."""

    size: int
    make: Callable[[list[Any]], Any] | None
    goto: str


class _Loop(Struct, frozen=True):
    """The tables as the loop wants them: a state to go to, or what to reduce.

    ``settled`` keeps where a row of reductions of one value each leads, from a state below and a state on top, before a
    terminal: an expression of one operand passes through ten of them.
    """

    actions: Sequence[Mapping[str, int | _Reduction]]
    gotos: Sequence[Mapping[str, int]]
    end: int
    settled: dict[tuple[int, int, str], int]


def tokens_in(text: str) -> list[Token]:
    """Every token of a text in order, comments among them. Never fails: the terminal ``WRONG`` takes any character."""
    given = tables()
    ignored, words, empty = frozenset(given.ignored), given.words, dict[str, str]()
    tokens = []
    for match in _pattern().finditer(text):
        kind = match.lastgroup
        assert kind is not None
        if kind not in ignored:
            value = match.group()
            tokens.append(Token(words.get(kind, empty).get(value, kind), value, Span(*match.span())))
    return tokens


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(tables().pattern)


def tree_of(tokens: Iterable[Token]) -> Tree | None:
    """The tree of one item, or None where the tokens are not exactly one."""
    loop = _loop()
    actions, gotos, end, settled = loop.actions, loop.gotos, loop.end, loop.settled
    states: list[int] = [0]
    values: list[Any] = []
    state = 0
    for token in (*tokens, _END):
        kind = token.type
        while not isinstance(action := actions[state].get(kind), int):
            if action is None:
                return None
            make = action.make
            if make is None:
                where = states[-2], state, kind
                found = settled.get(where)
                if found is None:
                    found = settled[where] = _settle(loop, *where)
                state = states[-1] = found
            else:
                start = len(values) - action.size
                taken = values[start:]
                del values[start:], states[start + 1 :]
                values.append(make(taken))
                state = gotos[states[-1]][action.goto]
                states.append(state)
            if state == end:
                tree: Tree = values[0]
                return tree
        state = action
        states.append(state)
        values.append(token)
    raise AssertionError("after the last token there is nothing but the end, or a mistake")


def _settle(loop: _Loop, below: int, state: int, kind: str) -> int:
    """Where reductions of one value that stays as it is lead to."""
    while isinstance(action := loop.actions[state].get(kind), _Reduction) and action.make is None:
        state = loop.gotos[below][action.goto]
    return state


class Reading:
    """How far an item is read, by the kinds of its tokens alone: for what to say about a mistake."""

    def __init__(self, states: Iterable[int] = (0,)) -> None:
        self._states = list(states)

    def take(self, kind: str) -> bool:
        """Read on by a token. False where none of that kind can follow; then it stays there."""
        loop, states = _loop(), self._states
        while not isinstance(action := loop.actions[states[-1]].get(kind), int):
            if action is None:
                return False
            del states[len(states) - action.size :]
            states.append(loop.gotos[states[-1]][action.goto])
            if states[-1] == loop.end:
                return True
        states.append(action)
        return True

    def ends(self) -> bool:
        """Whether the item can end here."""
        return Reading(self._states).take(_END.type)

    def accepts(self) -> frozenset[str]:
        """The terminals that can follow; ``$END`` where the item can end."""
        kinds = _loop().actions[self._states[-1]]
        return frozenset(kind for kind in kinds if Reading(self._states).take(kind))


@cache
def _loop() -> _Loop:
    given = tables()
    reductions = [_reduction(rule) for rule in given.rules]
    actions: list[dict[str, int | _Reduction]] = [
        {kind: to if to >= 0 else reductions[~to] for kind, to in row.items()} for row in given.actions
    ]
    return _Loop(actions, given.gotos, given.end, {})


def _reduction(rule: Rule) -> _Reduction:
    stays = rule.single and rule.size == 1 and not rule.apart
    return _Reduction(rule.size, None if stays else _maker(rule), rule.goto)


def _maker(rule: Rule) -> Callable[[list[Any]], Any]:
    """From children to what a rule makes: a tree, or for one that is taken apart later its children."""
    if rule.apart:
        return partial(_taken_apart, rule)
    if rule.name.startswith("_"):
        return list
    return partial(Tree, rule.name)


def _taken_apart(rule: Rule, values: list[Any]) -> Any:
    children: list[Token | Tree] = []
    for at, value in enumerate(values):
        if at in rule.apart:
            children += value
        else:
            children.append(value)
    if rule.single and len(children) == 1:
        return children[0]
    return children if rule.name.startswith("_") else Tree(rule.name, children)
