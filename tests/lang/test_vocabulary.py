"""The grammar and the table of words say the same, and the grammar is LALR(1) without conflicts."""

from __future__ import annotations

import logging
import re

import pytest

from spec_lang.make_tables import build
from spec_lang.vocabulary import CLAUSES, FLAGS, HEADERS, LITERALS, NAMED, OPERATORS, RESERVED, VERBS


def words_of(terminal: str) -> set[str]:
    pattern = build().get_terminal(terminal).pattern.value
    alternatives = re.fullmatch(r"\(\?:([a-z_|]+)\)\\b", pattern)
    return set(alternatives[1].split("|")) if alternatives else {pattern}


@pytest.mark.parametrize(
    ("terminal", "table"), [("VERB", VERBS), ("CLAUSE", CLAUSES), ("FLAG", FLAGS), ("NAMED", NAMED)]
)
def test_the_grammar_has_the_words_of_the_table(terminal: str, table: dict[str, str]) -> None:
    assert words_of(terminal) == set(table)
    assert all(table.values())


def test_the_other_words_are_terminals_of_their_own() -> None:
    for word in (*OPERATORS, *LITERALS, *HEADERS):
        assert words_of(word.upper()) == {word}


def test_no_word_means_two_things() -> None:
    assert len(RESERVED) == sum(map(len, (VERBS, CLAUSES, FLAGS, NAMED, OPERATORS, LITERALS, HEADERS)))


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark raises for two reductions, and resolves a shift against a reduction silently but for its log."""
    from lark import Lark, logger

    def conflicts(text: str, start: list[str]) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(text, parser="lalr", lexer="basic", start=start, debug=True)
        return [record.getMessage() for record in caplog.records if "conflict" in record.getMessage()]

    ambiguous = 'start: rule+\nrule: "keep" NAME? | NAME\nNAME: /[a-z]+/'
    assert conflicts(ambiguous, ["start"])
    assert conflicts(build().source_grammar, ["item", "_apart"]) == []


def test_every_terminal_is_used() -> None:
    used = {symbol.name for rule in build().rules for symbol in rule.expansion if symbol.is_term}
    assert {terminal.name for terminal in build().terminals if not terminal.name.startswith("__IGNORE")} == used
