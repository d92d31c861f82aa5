"""The parser's loops over Lark's tables read what Lark's own loops read, and refuse what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token as LarkToken
from lark import Tree as LarkTree
from lark import UnexpectedToken

from spec_lang.lexing import tokens_of
from spec_lang.make_tables import build, made_tables, text_of
from spec_lang.recovery import segments
from spec_lang.shift_reduce import Reading, Tree, tokens_in, tree_of
from spec_lang.source import SourceFile
from spec_lang.tables import FILE
from spec_lang.tokens import Token

ROOT = Path(__file__).parents[2]
SPECS = sorted(
    path for folder in ("examples", "tests", "docs") for path in (ROOT / folder).rglob("*.sft") if path.is_file()
)
EVERY_TOKEN = [token for path in SPECS for token in tokens_in(path.read_text(encoding="utf-8"))]


LARK = build()


def plain(node: object) -> object:
    """A tree of either kind as tuples."""
    if isinstance(node, Tree):
        return node.rule, [plain(child) for child in node.children]
    if isinstance(node, LarkTree):
        return str(node.data), [plain(child) for child in node.children]
    if isinstance(node, LarkToken):
        return node.type, str(node), node.start_pos, node.end_pos
    return node if node is None else (node.type, node.text, node.span.start, node.span.end)  # type: ignore[attr-defined]


def as_larks(tokens: Sequence[Token]) -> list[LarkToken]:
    return [LarkToken(t.type, t.text, t.span.start, end_pos=t.span.end) for t in tokens]


def larks_tree(tokens: Sequence[Token]) -> LarkTree[LarkToken] | None:
    parser = LARK.parse_interactive(start="item")
    try:
        for token in as_larks(tokens):
            parser.feed_token(token)
        return parser.feed_eof(LarkToken("NAME", ""))
    except UnexpectedToken:
        return None


def larks_mistake(tokens: Sequence[Token]) -> tuple[int, set[str]]:
    """How many tokens are read, and what can follow there."""
    parser = LARK.parse_interactive(start="item")
    for index, token in enumerate(as_larks(tokens)):
        try:
            parser.feed_token(token)
        except UnexpectedToken:
            return index, parser.accepts()
    return len(tokens), parser.accepts()


def mistake(tokens: Sequence[Token]) -> tuple[int, set[str]]:
    reading = Reading()
    read = next((index for index, token in enumerate(tokens) if not reading.take(token.type)), len(tokens))
    return read, set(reading.accepts())


def read_to_the_end(tokens: Sequence[Token]) -> bool:
    reading = Reading()
    return all(reading.take(token.type) for token in tokens) and reading.ends()


def assert_same(tokens: Sequence[Token]) -> None:
    assert plain(tree_of(tokens)) == plain(larks_tree(tokens))
    assert mistake(tokens) == larks_mistake(tokens)
    assert read_to_the_end(tokens) == (larks_tree(tokens) is not None)


def assert_same_tokens(text: str) -> None:
    assert [plain(token) for token in tokens_in(text)] == [plain(token) for token in LARK.lex(text)]


def test_the_tables_are_those_of_the_grammar() -> None:
    """`python -m spec_lang.make_tables` writes them."""
    assert FILE.read_bytes() == text_of(made_tables())


def test_there_are_specs_of_every_kind() -> None:
    assert len(SPECS) > 15
    assert {token.type for token in EVERY_TOKEN} >= {"VERB", "NAMED", "QUANTITY", "MATCHES", "DOTDOT", "COMMENT", "NOT"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_specs_of_the_project(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert_same_tokens(text)
    file = SourceFile(path.name, text)
    for segment in segments(file, tokens_of(file)[0]):
        assert tree_of(segment.tokens) is not None or "broken" in path.name
        assert_same(segment.tokens)


@settings(max_examples=300)
@given(st.text(st.sampled_from("{}=()[],.`\"'#/*-+<>!&|%\\\n\t\r\f\ufeff 09aerpt_é") | st.characters(), max_size=40))
def test_any_text_is_cut_as_lark_cuts_it(text: str) -> None:
    assert_same_tokens(text)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(EVERY_TOKEN), max_size=12))
def test_any_tokens_are_read_or_refused_as_lark_does(tokens: list[Token]) -> None:
    assert_same(tokens)


@settings(max_examples=200)
@given(st.data())
def test_an_item_with_one_token_changed(data: st.DataObject) -> None:
    """Random tokens hardly ever make an item; one token taken out, put in or changed often does."""
    file = SourceFile("spec.sft", data.draw(st.sampled_from(SPECS)).read_text(encoding="utf-8"))
    tokens = list(data.draw(st.sampled_from(list(segments(file, tokens_of(file)[0])))).tokens)
    at = data.draw(st.integers(0, len(tokens) - 1))
    instead = data.draw(st.lists(st.sampled_from(EVERY_TOKEN), max_size=2))
    tokens[at : at + data.draw(st.integers(0, 1))] = instead
    assert_same(tokens)
