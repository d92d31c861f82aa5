"""Where a name is declared, where it is used, how a file is built, and what a new name would change."""

from __future__ import annotations

import re
from collections import Counter

from msgspec import Struct

from compiler.compile import check
from compiler.editor.document import Document
from compiler.editor.meaning import Occurrence, Symbol, occurrence_at, occurrences
from compiler.editor.words import Role
from compiler.own_columns import OWN
from spec_lang.diagnostics import Edit, Severity
from spec_lang.fixes import apply_fixes, name_as_written
from spec_lang.source import SourceFile, Span
from spec_lang.vocabulary import RESERVED

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Location(Struct, frozen=True):
    document: Document
    span: Span


class Refusal(Struct, frozen=True):
    """Why something cannot be done, for people."""

    reason: str


class Heading(Struct, frozen=True):
    """A line of the outline of a file."""

    name: str
    detail: str
    sort: str
    span: Span
    name_span: Span
    children: tuple[Heading, ...] = ()


def definitions(document: Document, offset: int) -> tuple[Location, ...]:
    """Where what is named here is declared: in this file or in an imported one; for a path, the imported file."""
    found = occurrence_at(document, offset)
    if found is not None:
        return tuple(
            Location(symbol.document, symbol.place) for symbol in found.symbols if symbol.place is not None
        ) or _sources(document, found)
    word = document.word_at(offset)
    if word is not None and word.role is Role.STRING and word.site.entry == "import":
        path = document.string(word)
        imported = document.imported(path) if path else None
        return (Location(imported, Span(0, 0)),) if imported is not None else ()
    return ()


def _sources(document: Document, found: Occurrence) -> tuple[Location, ...]:
    """A column that only the file of rows has: its source is the nearest that there is."""
    blocks = ((symbol.document, symbol.block) for symbol in found.symbols)
    return tuple(Location(home, block.name_span) for home, block in blocks if block is not None)


def references(document: Document, offset: int, *, declaration: bool = True) -> tuple[Span, ...]:
    """Every place of this file that names the same."""
    found = occurrence_at(document, offset)
    if found is None:
        return ()
    wanted = set(found.symbols)
    same = (item for item in occurrences(document) if wanted & set(item.symbols))
    return tuple(item.span for item in same if declaration or not _declares(item, document))


def _declares(item: Occurrence, document: Document) -> bool:
    return any(symbol.place == item.span and symbol.home == document.file.name for symbol in item.symbols)


def renamable(document: Document, offset: int) -> Span | Refusal:
    """The name that a rename would change, or why there is none."""
    found = occurrence_at(document, offset)
    if found is None:
        return Refusal("only names that the file declares can be changed")
    broken = document.syntax_error
    if broken is not None and broken.primary is not None:
        line = document.file.position(broken.primary.span.start)[0]
        return Refusal(f"line {line} has a syntax error; mend it first, or a use of the name could be missed")
    for symbol in found.symbols:
        if symbol.home != document.file.name:
            return Refusal(f"`{symbol.name}` is declared in {symbol.home or 'another file'}; change it there")
        if symbol.place is None:
            return Refusal(f"`{symbol.name}` is a field of the file of rows; give it a name in `columns {{ … }}` first")
    return found.span if len(found.symbols) == 1 else _several(found)


def _several(found: Occurrence) -> Refusal:
    owners = " and ".join(f"`{symbol.owner}`" for symbol in found.symbols)
    return Refusal(f"`{found.symbols[0].name}` is a name of {owners}, which share this rule")


def rename(document: Document, offset: int, name: str) -> tuple[Edit, ...] | Refusal:
    """The edits that give what is named here another name, or why it cannot have it.

    The result is checked before anybody gets it: a column can be used by an imported filter, a part of a split can be
    taken because it is called `train`, and no list of places knows all of that.
    """
    found = occurrence_at(document, offset)
    place = renamable(document, offset)
    if isinstance(place, Refusal) or found is None:
        return place if isinstance(place, Refusal) else Refusal("there is no name here")
    symbol = found.symbols[0]
    text = _written(symbol, name)
    if isinstance(text, Refusal) or name == symbol.name:
        return text if isinstance(text, Refusal) else ()
    taken = _taken(document, symbol, name)
    if taken is not None:
        return taken
    same = [item for item in occurrences(document) if symbol in item.symbols]
    shared = next((item for item in same if len(item.symbols) > 1), None)
    if shared is not None:
        return _several(shared)
    # Between the braces of a template a column stands as it is, without backticks.
    edits = tuple(Edit(item.span, name if _in_string(document, item.span) else text) for item in same)
    return _harm(document, edits) or edits


def _harm(document: Document, edits: tuple[Edit, ...]) -> Refusal | None:
    """The first error that the spec would have and has not."""
    renamed = SourceFile(document.file.path, apply_fixes(document.text, [edits]), document.file.name)
    before = Counter(item.code for item in document.findings)
    for item in check(renamed, document.world)[1]:
        before[item.code] -= 1
        if before[item.code] < 0 and item.severity is Severity.ERROR:
            return Refusal(f"the spec would break: {item.message}")
    return None


def _in_string(document: Document, span: Span) -> bool:
    word = document.word_at(span.start)
    return word is not None and word.role is Role.STRING


def _written(symbol: Symbol, name: str) -> str | Refusal:
    """How a name is spelled in the file, or why it is none."""
    if symbol.sort == "column":
        if not name.strip() or "\n" in name or "{" in name or "}" in name or name.startswith(OWN):
            return Refusal(f"`{name}` is no name for a column")
        return name_as_written(name)
    if name in RESERVED:
        return Refusal(f"`{name}` is a reserved word")
    if not _NAME.fullmatch(name):
        return Refusal(f"`{name}` is no name: letters, digits and `_`, and no digit first")
    return name


def _taken(document: Document, symbol: Symbol, name: str) -> Refusal | None:
    if not symbol.owner:
        other = document.blocks.get(name)
        return Refusal(f"`{name}` is the name of {other.kind} `{name}`") if other is not None else None
    if symbol.sort == "column" and name in document.columns_of(symbol.owner):
        return Refusal(f"source `{symbol.owner}` has a column `{name}`")
    block = document.blocks[symbol.owner]
    member = block.member(name)
    return Refusal(f"{block.kind} `{block.name}` has a {member.sort} `{name}`") if member is not None else None


def headings(document: Document) -> tuple[Heading, ...]:
    """The outline: blocks with what they declare."""
    shown = [block for block in document.blocks.values() if not block.owner]
    found = []
    for block in sorted(shown, key=lambda block: block.span.start):
        inner = [
            Heading(item.name, item.sort, item.sort, item.span, item.span)
            for item in block.members
            if item.sort != block.kind or block.kind == "score"
        ]
        inner += [
            Heading(item.name, item.kind, item.kind, item.span, item.name_span)
            for item in document.blocks.values()
            if item.owner == block.name
        ]
        children = tuple(sorted(inner, key=lambda item: item.span.start))
        found.append(Heading(block.name, block.kind, block.kind, block.span, block.name_span, children))
    return tuple(found)


def folds(document: Document) -> tuple[Span, ...]:
    """What can be folded away: everything in braces that is longer than a line."""
    spans = (Span(start, end) for start, end in sorted(document.braces.items()))
    return tuple(span for span in spans if "\n" in document.file.slice(span))
