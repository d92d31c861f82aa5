"""One file's text to its syntax tree; never raises for bad text.

The tokens are cut into items (`recovery`), every item is parsed on its own, and a mistake costs
that item only. A block that could not be read is listed in ``broken`` with its kind and name,
so that later passes do not report names as unknown that the user did write.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from spec_lang import ast
from spec_lang.diagnostics import Diagnostic, Diagnostics, Edit, Label
from spec_lang.foreign_formats import foreign_format
from spec_lang.lexing import Comment, tokens_of
from spec_lang.plain_text import one_line
from spec_lang.recovery import Segment, segments
from spec_lang.shift_reduce import Reading, Tree, tree_of
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest
from spec_lang.tokens import Token
from spec_lang.vocabulary import EDITIONS

if TYPE_CHECKING:
    from spec_lang.build_ast import Item

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Deeper nesting than anybody writes by hand, well inside Python's recursion limit for every later pass.
MAX_DEPTH = 100


class BrokenBlock(Struct, frozen=True):
    """The header of a block with a syntax error inside. ``name`` is None for ``smol {``: what is then the kind may be
    the name as well."""

    kind: str
    name: str | None
    span: Span


class ParseResult(Struct, frozen=True):
    """What could be understood of a file, its comments and tokens in order, and the blocks that could not be read."""

    file: SourceFile
    spec: ast.SpecFile
    comments: tuple[Comment, ...]
    broken: tuple[BrokenBlock, ...] = ()
    tokens: tuple[Token, ...] = ()


def parse(file: SourceFile, diagnostics: Diagnostics) -> ParseResult:
    """Read a file; 8 ms for 100 lines after the grammar is loaded.

    Mistakes go to ``diagnostics`` under SFT01xx codes, at most one syntax error an item.
    """
    _refuse_hidden_direction(file, diagnostics)
    tokens, comments = tokens_of(file)
    if foreign := foreign_format(file, tokens):
        diagnostics.report(foreign)
        empty = ast.SpecFile(None, (), (), (), Span(0, len(file.text)))
        return ParseResult(file, empty, comments, tokens=tuple(tokens))
    items, broken = _read_items(file, tokens, diagnostics)
    edition = _check_edition(file, tokens, items, diagnostics)
    spec = ast.SpecFile(
        edition,
        tuple(item for item in items if isinstance(item, ast.Import)),
        tuple(item for item in items if isinstance(item, ast.Param)),
        tuple(item for item in items if isinstance(item, ast.Block)),
        Span(0, len(file.text)),
    )
    return ParseResult(file, spec, comments, tuple(broken), tuple(tokens))


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
        if before is not None and before.ends_early(file, segment) and isinstance(items[-1], ast.Block):
            items.pop()  # its end was taken for it, so what it lacks means nothing
            broken += _broken_headers(before)
        before = segment
        # Every level has a token of its own, so an item of few tokens need not be looked at.
        if tree is not None and len(segment.tokens) > MAX_DEPTH and depth_of(tree) > MAX_DEPTH:
            diagnostics.error(
                "SFT0115",
                f"nested more than {MAX_DEPTH} levels deep",
                file,
                segment.tokens[0].span,
                help='write `… in ["a", "b"]` for a chain of `or`, and several `keep` rules for a chain of `and`',
            )
            tree = None
        after_mistake = tree is None
        if tree is not None:
            items.append(build_item(tree, file, diagnostics))
        else:
            broken += _broken_headers(segment)
    return items, broken


def _parse_segment(file: SourceFile, segment: Segment, before: Segment | None, diagnostics: Diagnostics) -> Tree | None:
    """The tree of one item, or None after reporting its first mistake."""
    if (tree := tree_of(segment.tokens)) is not None:
        return tree
    from spec_lang.syntax_hints import explain

    found = explain(file, segment, *_first_mistake(segment))
    if segment.stray and before is not None:
        found = _where_the_block_ended(file, before, segment, found)
    diagnostics.report(found)
    return None


def _first_mistake(segment: Segment) -> tuple[int, frozenset[str]]:
    """The index of the token that cannot follow those before it (their number for the end), and the terminals that
    can."""
    reading = Reading()
    for index, token in enumerate(segment.tokens):
        if not reading.take(token.type):
            return index, reading.accepts()
    return len(segment.tokens), reading.accepts()


def _where_the_block_ended(file: SourceFile, before: Segment, stray: Segment, found: Diagnostic) -> Diagnostic:
    """What stands outside of any block, with the place where the block before it ended."""
    brace = before.tokens[-1].span
    if not before.ends_early(file, stray):
        return replace(found, secondary=(Label(file, brace, "the block before ends here"),))
    name, outside = one_line(str(before.tokens[1]), 40), stray.tokens[0].span
    return Diagnostic(
        "SFT0106",
        f"`{name}` ends here, and `{one_line(file.slice(outside), 40)}` stands outside of any block",
        Label(file, brace),
        "a `{` is missing before this `}`, or it is one too many",
        (Label(file, outside, "outside of any block"),),
    )


def _broken_headers(segment: Segment) -> list[BrokenBlock]:
    """Kind and name, also where a stray character stands between them; of ``smol {`` either may be missing, and in
    ``train my tuned {`` every word may be the name."""
    # A header without its kind goes on from the edition before it.
    tokens = segment.tokens[2:] if segment.tokens[0].type == "EDITION" else segment.tokens
    first, *following = tokens[:5] or segment.tokens
    second = next((token for token in following[:2] if token.type in ("NAME", "STRING", "LBRACE")), None)
    if first.type != "NAME" or second is None or (segment.stray and following[0].type != "LBRACE"):
        return []
    kinds = [token.type for token in following]
    head = following[: kinds.index("LBRACE")] if "LBRACE" in kinds else [second]
    names: list[str | None] = [str(token).strip('"') for token in head if token.type in ("NAME", "STRING")]
    return [BrokenBlock(str(first), name, first.span) for name in names or [None]]


def _misspelt_edition(tokens: list[Token]) -> bool:
    """``editon 2026``, which is reported as that."""
    return any(following.type == "NUMBER" and closest(str(word), ("edition",)) for word, following in pairwise(tokens))


def _whole_line(file: SourceFile, span: Span) -> Span | None:
    """The line of an edition with its line break, when nothing else stands on it."""
    start = file.text.rfind("\n", 0, span.start) + 1
    end = file.text.find("\n", span.end)
    line = Span(start, len(file.text) if end < 0 else end + 1)
    return line if file.slice(line).strip().split()[:1] == ["edition"] and len(file.slice(line).split()) == 2 else None


def _check_edition(
    file: SourceFile, tokens: list[Token], items: list[Item], diagnostics: Diagnostics
) -> ast.Edition | None:
    """The file's edition; reports a missing, misplaced, repeated or unknown one."""
    editions = [item for item in items if isinstance(item, ast.Edition)]
    known = " or ".join(f"`edition {year}`" for year in EDITIONS)
    if not editions:
        # A broken `edition` line has its own message already.
        if not any(token.type == "EDITION" for token in tokens) and not _misspelt_edition(tokens):
            place = tokens[0].span if tokens else Span(0, 0)
            begin = Edit(Span(0, 0), f"edition {EDITIONS[-1]}\n\n")
            help = f"begin the file with {known}"
            diagnostics.error("SFT0120", "no edition is named", file, place, help=help, fix=(begin,))
        return None
    first = editions[0]
    if tokens[0].type != "EDITION":
        help = f"move `edition {first.year}` to the first line"
        line = _whole_line(file, Span(first.span.start - len("edition "), first.span.end))
        move = (Edit(Span(0, 0), f"edition {first.year}\n\n"), Edit(line, "")) if line is not None else ()
        message = "the edition is not the first thing in the file"
        diagnostics.error("SFT0122", message, file, first.span, help=help, fix=move)
    for again in editions[1:]:
        label = (Label(file, first.span, "first named here"),)
        line = _whole_line(file, Span(again.span.start - len("edition "), again.span.end))
        same = line is not None and again.year == first.year
        diagnostics.error(
            "SFT0122",
            "the edition is named twice",
            file,
            again.span,
            secondary=label,
            help="remove one of the two",
            fix=(Edit(line, ""),) if line is not None and same else (),
        )
    if first.year not in EDITIONS:
        written = file.slice(first.span)
        diagnostics.error(
            "SFT0121", f"unknown edition `{written}`", file, first.span, help=f"this version of sft reads {known}"
        )
    return first
