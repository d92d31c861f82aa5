"""The blocks of a file with what they declare and name, from its words: also of blocks that do not parse.

A *member* is what a block declares under a name that others use with a dot or as a column: a
metric or slice of an eval, a part of a task's split, a column of a source.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.editor.words import Role, Site, Word
from compiler.extends import OVERRIDE
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import (
    BlocksSpec,
    FieldSpec,
    NestedSpec,
    OthersSpec,
    Shape,
    declared,
)
from compiler.schema.tagged import OneOf
from compiler.schema.values import ListOf, ValueType
from compiler.schema.values import Word as Choice
from spec_lang.recovery import segments
from spec_lang.source import SourceFile, Span
from spec_lang.tokens import Token


class Member(Struct, frozen=True):
    """``sort``: metric, slice, part, column, or what the block's kind calls its entries."""

    sort: str
    name: str
    span: Span
    value: tuple[str, ...] = ()  # for a column, the field that it stands for


class Outlined(Struct):
    """A block, a param or an import. ``names`` holds, by field, the dotted names that stand in its value."""

    kind: str
    name: str
    span: Span
    head: Span
    name_span: Span
    owner: str = ""  # the block around it
    members: list[Member] = []
    names: dict[str, list[tuple[str, ...]]] = {}
    strings: dict[str, Word] = {}

    def member(self, name: str, *sorts: str) -> Member | None:
        return next((item for item in self.members if item.name == name and (not sorts or item.sort in sorts)), None)

    def first_names(self, field: str) -> tuple[str, ...]:
        return tuple(path[0] for path in self.names.get(field, ()))


def outline(words: Iterable[Word], braces: Mapping[int, int]) -> dict[str, Outlined]:
    """Everything with a name of its own, by name; of a repeated name the first counts. ``braces``: where each ends."""
    found: dict[str, Outlined] = {}
    by_frame: dict[int, Outlined] = {}
    starts = sorted(braces)
    kind: Word | None = None
    for word in words:
        owner = next((by_frame[f.start] for f in reversed(word.site.frames) if f.start in by_frame), None)
        if word.role is Role.KIND:
            kind = word
        elif word.role is Role.BLOCK and kind is not None:
            after = bisect_left(starts, word.span.end)
            brace = starts[after] if after < len(starts) else None
            end = braces[brace] if brace is not None else word.span.end
            head = Span(kind.span.start, word.span.end)
            block = Outlined(kind.text, word.text.strip('"'), Span(head.start, end), head, word.span)
            block.owner = owner.name if owner is not None else ""
            found.setdefault(block.name, block)
            if brace is not None:
                by_frame[brace] = block
        elif word.role in (Role.PARAM, Role.ALIAS):
            sort = "param" if word.role is Role.PARAM else "import"
            head = Span(word.site.entry_start, word.span.end)
            found.setdefault(word.text, Outlined(sort, word.text, head, head, word.span))
        elif owner is not None:
            _note(word, owner)
    return found


def braces_of(file: SourceFile, tokens: list[Token]) -> dict[int, int]:
    """Every opening brace with the end of what it opens; one that is never closed ends with its item."""
    ends: dict[int, int] = {}
    for segment in segments(file, tokens):
        open_braces: list[int] = []
        for token in segment.tokens:
            if token.type == "LBRACE":
                open_braces.append(token.span.start)
            elif token.type == "RBRACE" and open_braces:
                ends[open_braces.pop()] = token.span.end
        ends |= dict.fromkeys(open_braces, segment.tokens[-1].span.end)
    return ends


def _note(word: Word, owner: Outlined) -> None:
    site = word.site
    if word.role is Role.MEMBER:
        owner.members.append(Member(site.entry, word.text, word.span))
    elif word.role is Role.FIELD:
        sort = chosen_name(word)
        if sort:
            owner.members.append(Member(sort, word.text, word.span))
    elif word.role in (Role.VALUE, Role.FUNCTION):
        if site.path:
            owner.names[site.entry][-1] = (*site.path, word.text)
        else:
            owner.names.setdefault(site.entry, []).append((word.text,))
        if owner.kind == "judge" and site.entry == "labels":
            owner.members.append(Member("label", word.text, word.span))
        last = owner.members[-1] if owner.members else None
        if last is not None and last.sort == "column" and last.name == site.entry and not last.value:
            owner.members[-1] = Member(last.sort, last.name, last.span, (word.text,))
    elif word.role is Role.STRING and site.role is Role.FIELD:
        owner.strings.setdefault(site.entry, word)


# --- what the schemas say of a place ----------------------------------------------------------------


def shape_at(site: Site) -> type[Shape] | None:
    """The shape of the innermost open braces; None where there is none or it is not known."""
    shape: type[Shape] | None = None
    for depth, frame in enumerate(site.frames):
        shape = BLOCKS.get(frame.word) if depth == 0 else _inside(shape, frame.word, frame.field)
        if shape is None:
            return None
    return shape


def _inside(shape: type[Shape] | None, word: str, field: str) -> type[Shape] | None:
    if shape is None or (word == OVERRIDE and not field):
        return shape  # `override` holds what its block holds
    if field:
        spec = declared(shape, FieldSpec).get(field)
        tags = tags_of(spec.type) if spec else {}
        return tags.get(word)
    spec_nested = declared(shape, NestedSpec).get(word)
    if spec_nested is not None:
        return spec_nested.shape
    blocks = declared(shape, BlocksSpec).values()
    return next((spec.shape for spec in blocks if spec.kind == word), None)


def tags_of(type: ValueType) -> dict[str, type[Shape] | None]:
    """The tags that a value may have, with their shapes; empty for a type without."""
    if isinstance(type, OneOf):
        return dict(type.tags)
    return tags_of(type.item) if isinstance(type, ListOf) else {}


def others_of(shape: type[Shape] | None) -> OthersSpec | None:
    return next(iter(declared(shape, OthersSpec).values()), None) if shape is not None else None


_SORTS = {"columns": "column", "split": "part"}


def chosen_name(word: Word) -> str:
    """What a field is whose name the user chose: a column, a part, …; empty for a field of ours."""
    shape = shape_at(word.site)
    others = others_of(shape)
    if shape is None or others is None or word.text in declared(shape, FieldSpec) or isinstance(others.type, Choice):
        return ""  # names with a few words to choose from are ours: levels of lints
    frame = word.site.frames[-1]
    return _SORTS.get(frame.word, frame.word)
