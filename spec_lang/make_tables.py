"""The parser's tables from the grammar, by Lark: ``python -m spec_lang.make_tables`` writes them.

Run it after a change of `sft.lark`. A test holds `tables.json` to what this makes, and compares the tokens and trees
that come of it with Lark's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lark import Lark
from lark.lexer import BasicLexer, UnlessCallback
from lark.parsers.lalr_analysis import Shift
from msgspec import json

from spec_lang.tables import FILE, GRAMMAR, Rule, Tables, checksum

_OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    "lexer": "basic",
    # `_apart` keeps the terminals that no item uses, which the basic lexer would drop.
    "start": ["item", "_apart"],
    # Places are taken from the tokens, which all stay for that: Lark's own positions cost as much as its parser.
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


def build() -> Lark:
    """Lark's parser for items and its lexer. Raises lark's GrammarError for a grammar that is not LALR(1)."""
    return Lark(GRAMMAR.read_text(encoding="utf-8"), **_OPTIONS)


def made_tables() -> Tables:
    """What of it is needed to read a spec, the same for the same grammar."""
    lark = build()
    pattern, words = _terminals(lark)
    table = lark.parser.parser.parser.parse_table
    start, end = table.start_states["item"], table.end_states["item"]
    numbers = {id(rule): number for number, rule in enumerate(lark.rules)}
    states = _numbered(table.states, start)
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    for state in states:
        row = [(symbol, table.states[state][symbol]) for symbol in sorted(table.states[state])]
        leads = {symbol: states[target] for symbol, (action, target) in row if action is Shift}
        reduces = {symbol: ~numbers[id(target)] for symbol, (action, target) in row if action is not Shift}
        actions.append({symbol: target for symbol, target in leads.items() if symbol.isupper()} | reduces)
        gotos.append({symbol: target for symbol, target in leads.items() if not symbol.isupper()})
    return Tables(
        checksum(GRAMMAR.read_bytes()),
        pattern,
        words,
        states[end],
        tuple(_rule(rule) for rule in lark.rules),
        tuple(actions),
        tuple(gotos),
    )


def _numbered(states: Mapping[int, Mapping[str, Any]], start: int) -> dict[int, int]:
    """The states that are reached from the start, which is 0, in the order of the symbols that lead there: Lark's own
    numbers differ from one process to the next."""
    numbers = {start: 0}
    pending = [start]
    for state in pending:
        for symbol in sorted(states[state]):
            action, target = states[state][symbol]
            if action is Shift and target not in numbers:
                numbers[target] = len(numbers)
                pending.append(target)
    return numbers


def _rule(rule: Any) -> Rule:
    """A rule whose name begins with ``_`` is no node: where it stands, its children do."""
    apart = [at for at, part in enumerate(rule.expansion) if not part.is_term and part.name.startswith("_")]
    single = rule.options.expand1 and not rule.alias
    return Rule(
        str(rule.alias or rule.origin.name), str(rule.origin.name), len(rule.expansion), tuple(apart), bool(single)
    )


def _terminals(lark: Lark) -> tuple[str, dict[str, dict[str, str]]]:
    """One pattern for all terminals in Lark's order. What is passed over stands before them and is never given back, so
    that it costs no match of its own."""
    lexer = BasicLexer(lark.lexer_conf)
    patterns = {terminal.name: terminal.pattern.to_regexp() for terminal in lexer.scanner.terminals}
    passed = "|".join(patterns[name] for name in sorted(lexer.ignore_types))
    named = "|".join(f"(?P<{name}>{regex})" for name, regex in patterns.items() if name not in lexer.ignore_types)
    words: dict[str, dict[str, str]] = {}
    for name, unless in lexer.callback.items():
        assert isinstance(unless, UnlessCallback)  # the only kind there is without callbacks of one's own
        words[name] = {str(word.pattern.value): word.name for word in unless.scanner.terminals}
    return rf"(?>(?:{passed})*)(?:{named}|\Z)", {name: dict(sorted(words[name].items())) for name in sorted(words)}


def text_of(tables: Tables) -> bytes:
    """The file: JSON with a rule or state a line, so that a change of the grammar can be read as a change."""
    fields = []
    for name in tables.__struct_fields__:
        value = getattr(tables, name)
        rows = [json.encode(row) for row in value] if name in ("rules", "actions", "gotos") else None
        text = json.encode(value) if rows is None else b"[\n" + b",\n".join(rows) + b"\n]"
        fields.append(json.encode(name) + b":" + text)
    return b"{\n" + b",\n".join(fields) + b"\n}\n"


if __name__ == "__main__":
    FILE.write_bytes(text_of(made_tables()))
