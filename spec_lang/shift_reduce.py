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
from typing import Any, NamedTuple

from msgspec import Struct

from spec_lang.source import Span
from spec_lang.tables import Rule, tables
from spec_lang.tokens import Token

_END = Token("$END", "", Span(0, 0))
_NONE = -(1 << 30)  # the action where there is none


class Tree(Struct):
    """A rule of the grammar, with all the tokens and rules that it is made of."""

    rule: str
    children: list[Token | Tree]


class _Reduction(NamedTuple):
    """Take ``size`` values off the stack and put ``make(values)`` there; without ``make`` the one value stays."""

    size: int
    make: Callable[[list[Any]], Any] | None
    goto: str


class _Loop(Struct, frozen=True):
    """The tables as the loop wants them. ``reductions`` are numbered from the end, as actions have them.

    ``settled`` keeps where a row of reductions of one value each leads, from a state below and a state on top, before a
    terminal: an expression of one operand passes through ten of them.
    """

    actions: Sequence[Mapping[str, int]]
    gotos: Sequence[Mapping[str, int]]
    reductions: Sequence[_Reduction]
    end: int
    settled: dict[tuple[int, int, str], int]


def tokens_in(text: str) -> list[Token]:
    """Every token of a text in order, comments among them. Never fails: the terminal ``WRONG`` takes any character."""
    pattern, kinds = _terminals()
    tokens = []
    for match in pattern.finditer(text):
        number = match.lastindex
        if number is None:  # the end, behind what is passed over
            break
        value = match[number]
        kind, words = kinds[number]
        tokens.append(Token(words.get(value, kind), value, Span(*match.span(number))))
    return tokens


@cache
def _terminals() -> tuple[re.Pattern[str], tuple[tuple[str, Mapping[str, str]], ...]]:
    """All terminals as one pattern, and by the number of their group the name, with the words that are another one."""
    given = tables()
    pattern = re.compile(given.pattern)
    return pattern, (("", {}), *((name, given.words.get(name, {})) for name in pattern.groupindex))


def tree_of(tokens: Iterable[Token]) -> Tree | None:
    """The tree of one item, or None where the tokens are not exactly one."""
    loop = _loop()
    actions, gotos, reductions, end, settled = loop.actions, loop.gotos, loop.reductions, loop.end, loop.settled
    states: list[int] = [0]
    values: list[Any] = []
    state = 0
    for token in (*tokens, _END):
        kind = token.type
        while (action := actions[state].get(kind, _NONE)) < 0:
            if action == _NONE:
                return None
            size, make, goto = reductions[action]
            if make is None:
                where = states[-2], state, kind
                found = settled.get(where)
                if found is None:
                    found = settled[where] = _settle(loop, *where)
                state = states[-1] = found
            else:
                start = len(values) - size
                values[start:] = (make(values[start:]),)
                del states[start + 1 :]
                state = gotos[states[start]][goto]
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
    while _NONE < (action := loop.actions[state].get(kind, _NONE)) < 0 and loop.reductions[action].make is None:
        state = loop.gotos[below][loop.reductions[action].goto]
    return state


class Reading:
    """How far an item is read, by the kinds of its tokens alone: for what to say about a mistake."""

    def __init__(self, states: Iterable[int] = (0,)) -> None:
        self._states = list(states)

    def take(self, kind: str) -> bool:
        """Read on by a token. False where none of that kind can follow; then it stays there."""
        loop, states = _loop(), self._states
        while (action := loop.actions[states[-1]].get(kind, _NONE)) < 0:
            if action == _NONE:
                return False
            reduction = loop.reductions[action]
            del states[len(states) - reduction.size :]
            states.append(loop.gotos[states[-1]][reduction.goto])
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
    reductions = tuple(map(_reduction, reversed(given.rules)))
    return _Loop(given.actions, given.gotos, reductions, given.end, {})


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
