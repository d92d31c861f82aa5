"""The canonical form of a file: `sft fmt`. No options, nothing changes its place, every comment stays.

Every result is proven before anybody gets it: it reads back to the same tree with its items in the
same order, it has the same comments in the same order, and formatting it again changes nothing.
A file of 2,000 lines costs 0.5 s, most of it for reading the text before and after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spec_lang.columns import text_of
from spec_lang.comments import gaps_of
from spec_lang.diagnostics import Diagnostics
from spec_lang.layout import lay_out
from spec_lang.parsing import ParseResult, parse
from spec_lang.pieces import entries_of
from spec_lang.source import SourceFile, Span

if TYPE_CHECKING:
    from spec_lang.build_ast import Item

_BYTE_ORDER_MARK = "\ufeff"


def format_file(file: SourceFile, diagnostics: Diagnostics) -> str | None:
    """The canonical text of a file; None after reporting its syntax errors, or SFT0770 when the proof fails.

    Line breaks are as in the first line, `\\n` or `\\r\\n`; a byte-order mark is left out.
    """
    parsed = parse(file, diagnostics)
    if diagnostics.has_errors:
        return None
    text = formatted(parsed)
    if flaw := _flaw(parsed, text):
        diagnostics.error(
            "SFT0770",
            f"not formatted: {flaw}",
            file,
            Span(0, 0),
            help="this is a bug in sft; the file is as it was",
        )
        return None
    first_break = file.text.find("\n")
    return text.replace("\n", "\r\n") if first_break > 0 and file.text[first_break - 1] == "\r" else text


def formatted(parsed: ParseResult) -> str:
    """The canonical text of a file without syntax errors, with `\\n` at the ends of lines; not proven."""
    gaps = gaps_of(parsed.file, parsed.tokens, parsed.comments)
    lines = lay_out(parsed.tokens, gaps, entries_of(parsed.tokens, items_of(parsed)))
    return text_of(lines).replace("\r\n", "\n")


def items_of(parsed: ParseResult) -> list[Item]:
    """Edition, imports, params and blocks in the order of the text."""
    spec = parsed.spec
    edition = (spec.edition,) if spec.edition else ()
    return sorted((*edition, *spec.imports, *spec.params, *spec.blocks), key=lambda item: item.span.start)


def _flaw(before: ParseResult, text: str) -> str | None:
    """What is wrong with a result; None when it is proven."""
    found = Diagnostics()
    after = parse(SourceFile(before.file.path, text), found)
    if found.has_errors or after.spec != before.spec:
        return "the result would mean something else"
    if [type(item) for item in items_of(before)] != [type(item) for item in items_of(after)]:
        return "the result would have another order"
    if _comments(before) != _comments(after):
        return "a comment would be lost or moved past another"
    if formatted(after) != text:
        return "formatting the result again would change it"
    return None


def _comments(parsed: ParseResult) -> list[str]:
    return [comment.text.rstrip(" \t\f") for comment in parsed.comments]
