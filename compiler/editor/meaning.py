"""What a word stands for: a block, a member of one, a column; found by what its place takes.

Which kinds of blocks a field takes is read from what its type ``expects`` ("the name of a model or an
earlier train"): that sentence is in every message already, and a second table would drift from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from compiler.editor import words
from compiler.editor.document import ColumnOf, Document
from compiler.editor.outline import Outlined, others_of, shape_at, tags_of
from compiler.editor.words import Role, Site
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, NamedSpec, RulesSpec, Shape, declared
from compiler.schema.values import Formula, ListOf, ValueType, Word
from spec_lang.source import Span

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}\n]+)\}")
# Fields by which a block takes rows, and those by which one is applied to rows.
_ROWS = ("from", "data", "validation", "seeds", "prompts", "benign", "harmful", "calibrate", "holdout", "real", "new")
_APPLIED = ("filters", "templates", "scores", "use")


class Symbol(Struct, frozen=True, eq=False):
    """``owner`` is empty for what has a name of its own (a block, a param, an import)."""

    sort: str
    owner: str
    name: str
    home: str  # the name of the file
    document: Document
    place: Span | None = None  # None: a column that the file of rows itself has

    @property
    def block(self) -> Outlined | None:
        return self.document.blocks.get(self.owner or self.name)

    @property
    def _key(self) -> tuple[str, str, str, str]:
        return self.sort, self.owner, self.name, self.home

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self._key == other._key

    def __ne__(self, other: object) -> bool:  # Struct has one of its own, which knows nothing of the one above
        return not self == other

    def __hash__(self) -> int:
        return hash(self._key)


class Occurrence(Struct, frozen=True):
    """A place where symbols are named or declared. Several: a column of a filter that tasks of two sources use."""

    span: Span
    symbols: tuple[Symbol, ...]


# --- what a place takes -----------------------------------------------------------------------------


def value_type(shape: type[Shape] | None, site: Site) -> ValueType | None:
    """The type of the value at a place; None where there is none, or it is not known."""
    if shape is None:
        return None
    if site.role is Role.FIELD:
        spec = declared(shape, FieldSpec).get(site.entry)
        others = others_of(shape)
        return spec.type if spec is not None else others.type if others is not None else None
    for rules in declared(shape, RulesSpec).values():
        if site.role is Role.VERB and site.entry in rules.verbs:
            return rules.verbs[site.entry].words.get(site.clause) if site.clause else Formula()
    for named in declared(shape, NamedSpec).values():
        if site.role is Role.NAMED and named.word == site.entry and site.clause:
            return named.clauses.get(site.clause)
    return None


def item_type(type: ValueType | None) -> ValueType | None:
    return item_type(type.item) if isinstance(type, ListOf) else type


def kinds_of(type: ValueType | None) -> tuple[str, ...]:
    """The kinds of blocks that a value of this type may name."""
    if type is None or words_of_value(type):
        return ()
    said = set(re.findall(r"[a-z]+", type.expects))
    return tuple(kind for kind in BLOCKS if kind in said)


def words_of_value(type: ValueType | None) -> tuple[str, ...]:
    """The words of the language that a value may be: ``drop``, ``cosine``, ``lora``."""
    type = item_type(type)
    choices = type.choices if isinstance(type, Word) else ()
    return (*choices, *(tags_of(type) if type is not None else ()))


def takes_columns(shape: type[Shape] | None, site: Site) -> bool:
    """Whether names at this place are columns of rows."""
    if site.role is Role.NAMED:
        return site.entry == "slice" and not site.clause
    type = item_type(value_type(shape, site))
    if site.role is Role.VERB and not site.clause:
        return bool(site.frames) and site.frames[-1].word in ("filter", "score")
    return isinstance(type, Formula) or (type is not None and "column" in type.expects)


# --- rows behind a block ----------------------------------------------------------------------------


def sources_of(document: Document, block: Outlined, seen: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The sources whose rows a block is over, by name."""
    if block.kind == "source":
        return (block.name,)
    if block.name in seen:
        return ()
    seen |= {block.name}
    found: list[str] = []
    for field_name in (*_ROWS, "use"):
        for path in block.names.get(field_name, ()):
            named, home = document.find(".".join(path[:2])) if path[0] in document.imports else document.find(path[0])
            if named is None or named.kind == "template":  # `use` of a task: its rows are of `from`
                continue
            prefix = f"{path[0]}." if home is not document else ""
            found += [prefix + source for source in sources_of(home, named, seen)]
    if block.kind in ("filter", "template", "score"):
        for user in document.blocks.values():
            if any(path[-1] == block.name for name in _APPLIED for path in user.names.get(name, ())):
                found += sources_of(document, user, seen)
    return tuple(dict.fromkeys(found))


def columns_at(document: Document, site: Site) -> dict[str, list[ColumnOf]]:
    """The columns that may be named at a place, by name, with every source that has one."""
    found: dict[str, list[ColumnOf]] = {}
    block = document.blocks.get(site.frames[0].name) if site.frames else None
    for source in sources_of(document, block) if block is not None else ():
        for name, column in document.columns_of(source).items():
            found.setdefault(name, []).append(column)
    return found


# --- what a word means ------------------------------------------------------------------------------


def symbols_of(document: Document, word: words.Word) -> tuple[Symbol, ...]:
    """What a word names or declares; empty for words of the language."""
    if word.role in (Role.BLOCK, Role.PARAM, Role.ALIAS):
        block = document.blocks.get(word.text.strip('"'))
        return (_own(document, block),) if block is not None else ()
    if word.role in (Role.MEMBER, Role.FIELD):
        return _declared_member(document, word)
    if word.role in (Role.VALUE, Role.FUNCTION):
        return _named(document, word)
    return ()


def _own(document: Document, block: Outlined) -> Symbol:
    return Symbol(block.kind, "", block.name, document.file.name, document, block.name_span)


def _member(document: Document, block: Outlined, name: str, *sorts: str) -> tuple[Symbol, ...]:
    member = block.member(name, *sorts)
    if member is None:
        return ()
    return (Symbol(member.sort, block.name, name, document.file.name, document, member.span),)


def _declared_member(document: Document, word: words.Word) -> tuple[Symbol, ...]:
    frames = [frame for frame in word.site.frames if frame.name in document.blocks]
    block = document.blocks[frames[-1].name] if frames else None
    if block is None or not any(member.span == word.span for member in block.members):
        return ()
    sort = word.site.entry if word.role is Role.MEMBER else ""
    return _member(document, block, word.text, *([sort] if sort else []))


def _named(document: Document, word: words.Word) -> tuple[Symbol, ...]:
    site, shape = word.site, shape_at(word.site)
    if site.path:
        return _part(document, (*site.path, word.text))
    if site.frames and site.frames[-1].word == "columns":
        return ()
    if site.clause == "each":
        return _beside(document, word, "slice")
    if label := _beside(document, word, "label"):
        return label
    if word.text in words_of_value(value_type(shape, site)):
        return ()
    block = document.blocks.get(word.text)
    if block is None or block.kind not in ("param", "import"):
        columns = columns_at(document, site).get(word.text, []) if takes_columns(shape, site) else []
        if columns:
            return tuple(column_symbol(document, column) for column in columns)
    own = document.blocks.get(site.frames[-1].name) if site.frames else None
    if own is not None and own.kind == "score" and site.role is Role.VERB and own.member(word.text):
        return _member(document, own, word.text)
    return (_own(document, block),) if block is not None else ()


def column_symbol(document: Document, column: ColumnOf) -> Symbol:
    block, home = document.find(column.source)
    member = block.member(column.name, "column") if block is not None else None
    owner = block.name if block is not None else column.source
    return Symbol("column", owner, column.name, home.file.name, home, member.span if member is not None else None)


def _part(document: Document, path: tuple[str, ...]) -> tuple[Symbol, ...]:
    """The last part of a dotted name."""
    if path[0] in document.imports:
        imported = document.imports[path[0]]
        block = imported.blocks.get(path[1])
        if len(path) == 2:
            return (_own(imported, block),) if block is not None else ()
        return _part(imported, path[1:])
    block = document.blocks.get(path[0])
    if block is None or len(path) != 2:
        return ()
    sorts = [
        member.sort for member in block.members if member.name == path[1] and member.sort not in ("slice", "column")
    ]
    if sorts:
        return _member(document, block, path[1], *sorts)
    nested = document.blocks.get(path[1])
    return (_own(document, nested),) if nested is not None and nested.owner == block.name else ()


def _beside(document: Document, word: words.Word, sort: str) -> tuple[Symbol, ...]:
    """What a block named earlier in the same rule or value declares: ``each category``, ``refusals == complied``."""
    site = word.site
    if site.entry == "labels" and sort == "label" and site.frames and site.frames[-1].word == "judge":
        named = [site.frames[-1].name]
    else:
        named = [other.text for other in document.words_of_entry(site) if other.span.end <= word.span.start]
    blocks = [document.blocks[name] for name in named if name in document.blocks]
    return tuple(dict.fromkeys(symbol for block in blocks for symbol in _member(document, block, word.text, sort)))


def placeholders(document: Document, word: words.Word) -> Iterator[tuple[str, Span]]:
    """``{column}`` in a string of a template, with the place of the name."""
    if word.role is Role.STRING and word.site.frames and word.site.frames[0].word == "template":
        for match in _PLACEHOLDER.finditer(word.text):
            if match[1] is not None:
                yield match[1], Span(word.span.start + match.start(1), word.span.start + match.end(1))


def occurrences(document: Document) -> Iterator[Occurrence]:
    """Every place of the file that names or declares something, in order."""
    for word in document.words:
        yield from _occurrences_in(document, word)


def _occurrences_in(document: Document, word: words.Word) -> Iterator[Occurrence]:
    symbols = symbols_of(document, word)
    if symbols:
        yield Occurrence(word.span, symbols)
    for name, span in placeholders(document, word):
        columns = columns_at(document, word.site).get(name, [])
        if columns:
            yield Occurrence(span, tuple(column_symbol(document, column) for column in columns))


def occurrence_at(document: Document, offset: int) -> Occurrence | None:
    """What is named at the cursor; between two words that touch, either."""
    for word in document.words_at(offset):
        for found in _occurrences_in(document, word):
            if found.span.start <= offset <= found.span.end:
                return found
    return None
