"""From text to tree: both whole specs of the language, spans, comments, and text of any kind without a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import MAX_DEPTH, ParseResult, parse
from spec_lang.printer import expression_text
from spec_lang.render import render_plain
from spec_lang.source import SourceFile, Spanned
from spec_lang.vocabulary import RESERVED

SPECS = Path(__file__).parent / "specs"


def read(text: str) -> tuple[ParseResult, list[str]]:
    diagnostics = Diagnostics()
    result = parse(SourceFile("spec.sft", text), diagnostics)
    render_plain(diagnostics)  # Whatever the text, what was found can be shown.
    return result, [item.code for item in diagnostics]


def nodes(value: object) -> Iterator[object]:
    if isinstance(value, Spanned):
        yield value
        for name in value.__struct_fields__:
            yield from nodes(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from nodes(item)


@pytest.mark.parametrize(("name", "blocks"), [("quickstart", 9), ("lifecycle", 19)])
def test_whole_specs_parse(name: str, blocks: int) -> None:
    result, found = read((SPECS / f"{name}.sft").read_text(encoding="utf-8"))
    assert found == []
    assert len(result.spec.blocks) == blocks
    assert result.spec.edition == ast.Edition(2026, result.spec.span)
    assert result.broken == ()


def test_lifecycle_rules_mean_what_they_say() -> None:
    result, _ = read((SPECS / "lifecycle.sft").read_text(encoding="utf-8"))
    by_name = {(block.kind.text, block.name.text if block.name else None): block for block in result.spec.blocks}
    stop = by_name["loop", "star"].body.entries[-1]
    assert isinstance(stop, ast.Rule)
    assert [clause.word.text for clause in stop.clauses] == ["when", "falls"]
    assert [expression_text(clause.operand) for clause in stop.clauses if clause.operand] == ["progress.exact", "2pt"]
    received = by_name["feedback", "thumbs"].body.entries[2]
    assert isinstance(received, ast.Field)
    assert expression_text(received.value) == "at"
    block = by_name["guardrail", "screen"].body.entries[3]
    assert isinstance(block, ast.Rule)
    assert block.expr is None
    assert expression_text(block.clauses[0].operand) == "fnr <= 5%"


def test_spans_cover_what_they_name() -> None:
    text = (SPECS / "quickstart.sft").read_text(encoding="utf-8")
    result, _ = read(text)
    seen = 0
    for node in nodes(result.spec.blocks):
        written = text[node.span.start : node.span.end]
        seen += 1
        match node:
            case ast.Name():
                assert written == node.text
            case ast.Block():
                assert written.startswith(node.kind.text)
                assert written.endswith("}")
            case ast.Body():
                assert (written[0], written[-1]) == ("{", "}")
            case ast.StringLit():
                assert written.strip("r")[0] == written[-1] == '"'
            case ast.Call():
                assert written.endswith(")")
            case ast.Binary():
                assert text[node.op_span.start : node.op_span.end] == node.op
                assert node.span.start <= node.left.span.start
                assert node.span.end >= node.right.span.end
    assert seen > 200


def test_comments_are_kept_with_their_places() -> None:
    text = 'edition 2026 # one\n# two\nmodel m { weights = "#no" #three\n}\n#'
    result, _ = read(text)
    assert [comment.text for comment in result.comments] == ["# one", "# two", "#three", "#"]
    assert [text[c.span.start : c.span.end] for c in result.comments] == [c.text for c in result.comments]


@pytest.mark.parametrize(
    "change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("  ", "\t")]
)
def test_byte_order_mark_and_line_ends_and_tabs_do_not_matter(change) -> None:
    text = (SPECS / "quickstart.sft").read_text(encoding="utf-8")
    changed, found = read(change(text))
    assert found == []
    assert changed.spec == read(text)[0].spec


def test_order_and_line_breaks_do_not_matter() -> None:
    text = (SPECS / "quickstart.sft").read_text(encoding="utf-8")
    joined = " ".join(line.split(" #")[0] for line in text.splitlines() if not line.startswith("#"))
    assert read(joined)[0].spec == read(text)[0].spec


def test_a_broken_block_is_named_and_the_others_are_read() -> None:
    result, found = read("edition 2026\nmodel a { x = }\nmodel b { x = 1 }\nmodel { x = 1 }\ntask c {\n x = (1\n}\n")
    assert found == ["SFT0109", "SFT0118", "SFT0105"]
    assert [block.name.text for block in result.spec.blocks if block.name] == ["b"]
    assert [(block.kind, block.name) for block in result.broken] == [("model", "a"), ("model", None), ("task", "c")]


def test_depth_is_limited_and_within_the_limit_is_read() -> None:
    for text in ("not " * 2000 + "x", "- " * 2000 + "x", "[" * 2000 + "]" * 2000, " + ".join("x" * 2000)):
        assert read(f"edition 2026\nparam deep = {text}")[1] == ["SFT0115"]
    nested = "a { " * 3000 + "}" * 3000
    assert read(f"edition 2026\nmodel b {{ {nested} }}")[1] == ["SFT0115"]
    inside = MAX_DEPTH - 10
    assert read(f"edition 2026\nparam deep = {' or '.join('x' * inside)}")[1] == []
    assert read(f"edition 2026\nparam deep = {'(' * 2000}x{')' * 2000}")[1] == []


@settings(max_examples=400)
@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    result, found = read(text)
    assert result.spec.edition is not None or found


PIECES = [
    *sorted(RESERVED),
    *["a", "b", "`c`", '"s"', '"', '"""', 'r"', "1", "10%", "5 rows", "9zz", "..", ".", "(", ")", "[", "]", "{", "}"],
    *[
        "=",
        "==",
        "<",
        "+",
        "-",
        "*",
        "/",
        ",",
        ":",
        ";",
        "!",
        "'",
        "#",
        "\n",
        "\n  ",
        "\r\n",
        "edition 2026\n",
        "model m {",
    ],
]


@settings(max_examples=600)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_tokens_are_read_without_a_crash(pieces: list[str]) -> None:
    text = " ".join(pieces)
    _, found = read(text)
    assert text.count("{") == text.count("}") or found
