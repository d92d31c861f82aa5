"""What an editor shows under the cursor, as Markdown."""

from __future__ import annotations

import re

from msgspec import Struct

from compiler.editor import descriptions
from compiler.editor.document import Document
from compiler.editor.meaning import Symbol, columns_at, occurrence_at, takes_columns, value_type
from compiler.editor.measured import FIGURES, forms_at, measures_at, takes_metric
from compiler.editor.outline import shape_at
from compiler.editor.words import Role, Word
from compiler.schema.catalogue import BLOCKS
from compiler.schema.fields import FieldSpec, Shape, declared
from spec_lang.plain_text import visible
from spec_lang.source import Span

_CODE = re.compile(r"SFT\d{4}")
_LINES = 12  # of a block that is shown


class Hover(Struct, frozen=True):
    text: str
    span: Span


def hover(document: Document, offset: int) -> Hover | None:
    """What is under the cursor: a name first, then a word of the language, then a code in a comment."""
    found = occurrence_at(document, offset)
    if found is not None:
        about = [_about_symbol(symbol, document) for symbol in found.symbols]
        return Hover("\n\n".join(dict.fromkeys(about)), found.span)
    word = document.word_at(offset)
    if word is not None and len(word.site.path) == 1 and (figure := _about_figure(document, word)):
        return Hover(figure, word.span)
    parts: list[str | None] = (
        [] if word is None else [_about_findings(document, word), _about_word(word), _about_columns(document, word)]
    )
    said = [part for part in parts if part]
    if word is not None and said:
        return Hover("\n\n".join(said), word.span)
    return _about_code(document, offset)


def _about_figure(document: Document, word: Word) -> str | None:
    """``annotators.alpha``: what a gate can ask of a block."""
    block = document.blocks.get(word.site.path[0])
    doc = FIGURES.get(block.kind, {}).get(word.text) if block is not None else None
    return f"`{word.text}`: {doc}" if doc else None


def _about_findings(document: Document, word: Word) -> str:
    """What the codes of the findings at a word mean; the editor shows their messages itself."""
    found = {item.code: item for item in document.findings if item.primary and item.primary.span == word.span}
    return "\n\n".join(descriptions.about_code(code) or code for code in found)


def _about_columns(document: Document, word: Word) -> str:
    """For a name that is no column where one has to stand: those that there are."""
    if word.role is not Role.VALUE or word.site.path or not takes_columns(shape_at(word.site), word.site):
        return ""
    columns = columns_at(document, word.site)
    shown = "\n".join(f"{name}: {found[0].type or 'unknown type'}" for name, found in columns.items())
    return f"columns:\n{descriptions.code(shown)}" if shown else ""


def _about_symbol(symbol: Symbol, document: Document) -> str:
    home = symbol.document
    if symbol.sort == "column":
        column = home.columns_of(symbol.owner).get(symbol.name)
        kind = f"{column.type}" if column is not None and column.type else "unknown type"
        read = f", field `{column.field}` of its file" if column is not None and column.field != column.name else ""
        return f"{descriptions.code(f'{symbol.name}: {kind}')}\ncolumn of source `{symbol.owner}`{read}"
    place = home.place(symbol.place) if symbol.place is not None else ""
    if symbol.owner:
        line = home.file.line(home.file.position(symbol.place.start)[0]).strip() if symbol.place else symbol.name
        return f"{descriptions.code(visible(line))}\n{symbol.sort} of `{symbol.owner}`, {place}"
    block = symbol.block
    shown = visible(home.file.slice(block.span), newlines=True) if block is not None else symbol.name
    if symbol.sort in ("param", "import") and symbol.place is not None:
        shown = visible(home.file.line(home.file.position(symbol.place.start)[0]).strip())
    lines = shown.splitlines()
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], "  …", "}"]
    return descriptions.code("\n".join(lines)) + f"\n{symbol.sort}, {place}"


def _about_word(word: Word) -> str | None:
    shape = shape_at(word.site)
    role, site = word.role, word.site
    if role is Role.KIND and not site.frames:
        return descriptions.about_kind(word.text) if word.text in BLOCKS else None
    if role in (Role.KIND, Role.FIELD, Role.UNKNOWN):
        return descriptions.about_entry(shape, word.text)
    if role is Role.VERB:
        return descriptions.about_verb(shape, word.text)
    if role is Role.CLAUSE:
        return descriptions.about_clause(shape, site.entry, word.text)
    if role is Role.NUMBER:
        return descriptions.about_quantity(word.text)
    if role in (Role.HEADER, Role.NAMED, Role.OPERATOR):
        return descriptions.about_word(word.text)
    if role in (Role.FUNCTION, Role.VALUE, Role.TAG):
        return _about_value(word, shape)
    return None


def _about_value(word: Word, shape: type[Shape] | None) -> str | None:
    """A word that stands where a value stands and names nothing of the file."""
    site, type = word.site, value_type(shape, word.site)
    if site.path:
        return None
    form, measure = forms_at(type, site).get(word.text), measures_at(type, site).get(word.text)
    if form is not None:
        return descriptions.about_form(form)
    if measure is not None:
        return descriptions.about_measure(measure)
    if word.role is Role.FUNCTION:
        return descriptions.about_function(word.text, metric=takes_metric(site))
    if shape is not None and word.text in declared(shape, FieldSpec):
        return descriptions.about_entry(shape, word.text)  # `over benign`, `no_worse_than baseline`
    if site.clause:
        return descriptions.about_clause(shape, site.entry, site.clause)
    is_field = site.role is Role.FIELD and type is not None
    return descriptions.about_entry(shape, site.entry) if is_field else None


def _about_code(document: Document, offset: int) -> Hover | None:
    """A diagnostic's code in a comment: the first part of its page."""
    comment = next((c for c in document.comments if c.span.start <= offset <= c.span.end), None)
    if comment is None:
        return None
    for match in _CODE.finditer(comment.text):
        span = Span(comment.span.start + match.start(), comment.span.start + match.end())
        text = descriptions.about_code(match.group())
        if span.start <= offset <= span.end and text is not None:
            return Hover(text, span)
    return None
