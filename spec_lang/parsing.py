"""One file's text to its syntax tree; never raises for bad text.

The tokens are cut into items (`recovery`), every item is parsed on its own, and a mistake costs
that item only. A block that could not be read is listed in ``broken`` with its kind and name,
so that later passes do not report names as unknown that the user did write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics, Label
from spec_lang.lexing import Comment, span_of, tokens_of
from spec_lang.recovery import Segment, segments
from spec_lang.source import SourceFile, Span
from spec_lang.tables import grammar
from spec_lang.vocabulary import EDITIONS

if TYPE_CHECKING:
    from lark import Token, Tree

    from spec_lang.build_ast import Item

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Deeper nesting than anybody writes by hand, well inside Python's recursion limit for every later pass.
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class BrokenBlock:
    """The header of a block with a syntax error inside; the name is missing when it could not be read."""

    kind: str
    name: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What could be understood of a file, its comments in order, and the blocks that could not be read."""

    file: SourceFile
    spec: ast.SpecFile
    comments: tuple[Comment, ...]
    broken: tuple[BrokenBlock, ...] = ()


def parse(file: SourceFile, diagnostics: Diagnostics) -> ParseResult:
    """Read a file; 8 ms for 100 lines after the grammar is loaded.

    Mistakes go to ``diagnostics`` under SFT01xx codes, at most one syntax error an item.
    """
    from spec_lang.unreadable import foreign_format

    _refuse_hidden_direction(file, diagnostics)
    tokens, comments = tokens_of(file)
    if foreign := foreign_format(file, tokens):
        diagnostics.report(foreign)
        empty = ast.SpecFile(None, (), (), (), Span(0, len(file.text)))
        return ParseResult(file, empty, comments)
    items, broken = _read_items(file, tokens, diagnostics)
    edition = _check_edition(file, tokens, items, diagnostics)
    spec = ast.SpecFile(
        edition,
        tuple(item for item in items if isinstance(item, ast.Import)),
        tuple(item for item in items if isinstance(item, ast.Param)),
        tuple(item for item in items if isinstance(item, ast.Block)),
        Span(0, len(file.text)),
    )
    return ParseResult(file, spec, comments, tuple(broken))


def _refuse_hidden_direction(file: SourceFile, diagnostics: Diagnostics) -> None:
    """Controls that reorder text on the screen can make a spec read otherwise than it means (CVE-2021-42574)."""
    if match := _DIRECTION.search(file.text):
        code = f"{ord(match.group()):x}"
        diagnostics.error(
            "SFT0125",
            f"invisible character U+{code.upper()} changes the direction of text",
            file,
            Span(*match.span()),
            help=f"remove it, or write `\\u{{{code}}}` in a string",
        )


def _read_items(
    file: SourceFile, tokens: list[Token], diagnostics: Diagnostics
) -> tuple[list[Item], list[BrokenBlock]]:
    from spec_lang.build_ast import build_item, depth_of

    items: list[Item] = []
    broken: list[BrokenBlock] = []
    after_mistake = False
    before: Segment | None = None
    for segment in segments(file, tokens):
        if segment.stray and after_mistake:
            continue
        tree = _parse_segment(file, segment, before, diagnostics)
        before = segment
        if tree is not None and depth_of(tree) > MAX_DEPTH:
            diagnostics.error(
                "SFT0115",
                f"nested more than {MAX_DEPTH} levels deep",
                file,
                span_of(segment.tokens[0]),
                help="split the expression into several rules",
            )
            tree = None
        after_mistake = tree is None
        if tree is not None:
            items.append(build_item(tree, file, diagnostics))
        elif header := _broken_header(segment):
            broken.append(header)
    return items, broken


def _parse_segment(
    file: SourceFile, segment: Segment, before: Segment | None, diagnostics: Diagnostics
) -> Tree[Token] | None:
    """The tree of one item, or None after reporting its first mistake."""
    from lark import UnexpectedToken

    from spec_lang.syntax_hints import explain

    parser = grammar().parse_interactive(start="item")
    index = 0
    try:
        for index, token in enumerate(segment.tokens):  # noqa: B007
            parser.feed_token(token)
        index = len(segment.tokens)
        tree: Tree[Token] = parser.feed_eof(segment.tokens[-1])  # type: ignore[no-untyped-call]
        return tree
    except UnexpectedToken:
        accepts: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
        found = explain(file, segment, index, accepts)
        if segment.stray and before is not None:
            # The brace too many is where the block before ended.
            ended = Label(file, span_of(before.tokens[-1]), "the block before ends here")
            found = replace(found, secondary=(ended,))
        diagnostics.report(found)
        return None


def _broken_header(segment: Segment) -> BrokenBlock | None:
    if segment.stray or segment.tokens[0].type != "NAME" or len(segment.tokens) == 1:
        return None
    second = segment.tokens[1]
    if second.type not in ("NAME", "STRING", "LBRACE"):
        return None
    name = None if second.type == "LBRACE" else str(second).strip('"')
    return BrokenBlock(str(segment.tokens[0]), name, span_of(segment.tokens[0]))


def _check_edition(
    file: SourceFile, tokens: list[Token], items: list[Item], diagnostics: Diagnostics
) -> ast.Edition | None:
    """The file's edition; reports a missing, misplaced, repeated or unknown one."""
    editions = [item for item in items if isinstance(item, ast.Edition)]
    known = " or ".join(f"`edition {year}`" for year in EDITIONS)
    if not editions:
        # A broken `edition` line has its own message already.
        if not any(token.type == "EDITION" for token in tokens):
            place = span_of(tokens[0]) if tokens else Span(0, 0)
            diagnostics.error("SFT0120", "no edition is named", file, place, help=f"begin the file with {known}")
        return None
    first = editions[0]
    if tokens[0].type != "EDITION":
        help = f"move `edition {first.year}` to the first line"
        diagnostics.error("SFT0122", "the edition is not the first thing in the file", file, first.span, help=help)
    for again in editions[1:]:
        label = (Label(file, first.span, "first named here"),)
        diagnostics.error(
            "SFT0122", "the edition is named twice", file, again.span, secondary=label, help="remove one of the two"
        )
    if first.year not in EDITIONS:
        written = file.slice(first.span)
        diagnostics.error(
            "SFT0121", f"unknown edition `{written}`", file, first.span, help=f"this version of sft reads {known}"
        )
    return first
