"""The loops over Lark's tables read what Lark's own loops read, and refuse what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token, Tree, UnexpectedToken

from spec_lang.lexing import tokens_of
from spec_lang.recovery import segments
from spec_lang.shift_reduce import tokens_in, tree_of
from spec_lang.source import SourceFile
from spec_lang.tables import grammar

ROOT = Path(__file__).parents[2]
SPECS = sorted(
    path for folder in ("examples", "tests", "docs") for path in (ROOT / folder).rglob("*.sft") if path.is_file()
)
EVERY_TOKEN = [token for path in SPECS for token in tokens_in(path.read_text(encoding="utf-8"))]


def larks_tokens(text: str) -> list[Token]:
    return list(grammar().lex(text))


def larks_tree(tokens: list[Token]) -> Tree[Token] | None:
    parser = grammar().parse_interactive(start="item")
    try:
        for token in tokens:
            parser.feed_token(token)
        return parser.feed_eof(tokens[-1] if tokens else None)
    except UnexpectedToken:
        return None


def assert_same_tokens(text: str) -> None:
    ours, larks = tokens_in(text), larks_tokens(text)
    places = [[(t.type, str(t), t.start_pos, t.end_pos) for t in tokens] for tokens in (ours, larks)]
    assert places[0] == places[1]


def test_there_are_specs_of_every_kind() -> None:
    assert len(SPECS) > 15
    assert {token.type for token in EVERY_TOKEN} >= {"VERB", "NAMED", "QUANTITY", "MATCHES", "DOTDOT", "COMMENT", "NOT"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_specs_of_the_project(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert_same_tokens(text)
    file = SourceFile(path.name, text)
    for segment in segments(file, tokens_of(file)[0]):
        tree = tree_of(segment.tokens)
        assert tree is not None or "broken" in path.name
        assert tree == larks_tree(list(segment.tokens))


@settings(max_examples=300)
@given(st.text(st.sampled_from("{}=()[],.`\"'#/*-+<>!&|%\\\n\t\r\f\ufeff 09aerpt_é") | st.characters(), max_size=40))
def test_any_text_is_cut_as_lark_cuts_it(text: str) -> None:
    assert_same_tokens(text)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(EVERY_TOKEN), max_size=12))
def test_any_tokens_are_read_or_refused_as_lark_does(tokens: list[Token]) -> None:
    assert tree_of(tokens) == larks_tree(tokens)


@settings(max_examples=200)
@given(st.data())
def test_an_item_with_one_token_changed(data: st.DataObject) -> None:
    """Random tokens hardly ever make an item; one token taken out, put in or changed often does."""
    file = SourceFile("spec.sft", data.draw(st.sampled_from(SPECS)).read_text(encoding="utf-8"))
    tokens = list(data.draw(st.sampled_from(list(segments(file, tokens_of(file)[0])))).tokens)
    at = data.draw(st.integers(0, len(tokens) - 1))
    instead = data.draw(st.lists(st.sampled_from(EVERY_TOKEN), max_size=2))
    tokens[at : at + data.draw(st.integers(0, 1))] = instead
    assert tree_of(tokens) == larks_tree(tokens)
