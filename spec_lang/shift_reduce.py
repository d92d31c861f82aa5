"""Lark's tables, driven by two short loops: text to tokens, and tokens to the tree of an item.

Lark's own loops do what nobody reads here: line and column of every token, a hash of the rule at every reduction, a
call for each of the ten levels of an expression that has one operand. That was a third of the time of `sft check`.
What is read, and as what, is Lark's to say: the tables, terminals and tree builders are taken from it, and a test
compares the tokens and the trees with its own on the project's specs and on random tokens. A mistake is only found
here; what was expected there is asked of Lark's interactive parser with the same tokens (`parsing.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from spec_lang.tables import grammar

if TYPE_CHECKING:
    from lark import Token, Tree

_END = "$END"


class _Reduction(Struct, frozen=True):
    """Take ``size`` values off the stack and put ``make(values)`` there; without ``make`` the one value stays."""

    size: int
    make: Callable[[list[Any]], Any] | None
    origin: str


class _Tables(Struct, frozen=True):
    """By state and terminal, the next state or what to reduce; by state and rule, where a reduction leads."""

    start: int
    end: int
    actions: Mapping[int, Mapping[str, int | _Reduction]]
    gotos: Mapping[int, Mapping[str, int]]


class _Terminals(Struct, frozen=True):
    """All of them as one pattern, those that are passed over, and the words that another terminal takes as well."""

    pattern: re.Pattern[str]
    ignored: frozenset[str]
    words: Mapping[str, Mapping[str, str]]


def tokens_in(text: str) -> list[Token]:
    """Every token of a text in order, comments among them. Never fails: the terminal ``WRONG`` takes any character.

    ``start_pos`` and ``end_pos`` are set, line and column are not.
    """
    from lark import Token

    terminals = _terminals()
    ignored, words, empty = terminals.ignored, terminals.words, dict[str, str]()
    tokens = []
    for match in terminals.pattern.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        if kind not in ignored:
            value = match.group()
            start, end = match.span()
            tokens.append(Token(words.get(kind, empty).get(value, kind), value, start, end_pos=end))
    return tokens


def tree_of(tokens: Sequence[Token]) -> Tree[Token] | None:
    """The tree of one item, or None where the tokens are not exactly one."""
    tables = _tables()
    actions, gotos = tables.actions, tables.gotos
    states: list[int] = [tables.start]
    values: list[Any] = []
    state = tables.start
    for token in (*tokens, None):
        kind = _END if token is None else token.type
        while not isinstance(action := actions[state].get(kind), int):
            if action is None:
                return None
            size, make = action.size, action.make
            if make is None:
                state = states[-1] = gotos[states[-2]][action.origin]
            else:
                start = len(values) - size
                taken = values[start:]
                del values[start:], states[start + 1 :]
                values.append(make(taken))
                state = gotos[states[-1]][action.origin]
                states.append(state)
            if token is None and state == tables.end:
                tree: Tree[Token] = values[0]
                return tree
        state = action
        states.append(state)
        values.append(token)
    return None


@cache
def _terminals() -> _Terminals:
    from lark.lexer import BasicLexer, UnlessCallback

    lark = grammar()
    lexer = BasicLexer(lark.lexer_conf)
    scanner = lexer.scanner
    (pattern,) = scanner._mres
    words: dict[str, dict[str, str]] = {}
    for name, unless in lexer.callback.items():
        assert isinstance(unless, UnlessCallback)  # the only kind there is without callbacks of one's own
        words[name] = {str(word.pattern.value): word.name for word in unless.scanner.terminals}
    return _Terminals(pattern, lexer.ignore_types, words)


@cache
def _tables() -> _Tables:
    from lark.parse_tree_builder import ExpandSingleChild
    from lark.parsers.lalr_analysis import Shift

    parser = grammar().parser.parser.parser
    actions: dict[int, dict[str, int | _Reduction]] = {}
    gotos: dict[int, dict[str, int]] = {}
    reductions: dict[int, _Reduction] = {}  # by identity, since hashing a rule hashes all its symbols
    for rule, make in parser.callbacks.items():
        alone = len(rule.expansion) == 1 and isinstance(make, ExpandSingleChild)  # `?rule` of one child is that child
        reductions[id(rule)] = _Reduction(len(rule.expansion), None if alone else make, rule.origin.name)
    for state, row in parser.parse_table.states.items():
        actions[state], gotos[state] = {}, {}
        for symbol, (action, target) in row.items():
            if action is not Shift:
                actions[state][symbol] = reductions[id(target)]
            elif symbol.isupper():
                actions[state][symbol] = target
            else:
                gotos[state][symbol] = target
    return _Tables(parser.parse_table.start_states["item"], parser.parse_table.end_states["item"], actions, gotos)
