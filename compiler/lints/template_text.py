"""What the literal text of a template looks like to people who come from other tools: what three lints ask.

Only marks around the name of a column count, and the column has to be one of every table that the template shows:
text about templates, prices and tags is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from compiler.lints.lint import Facts
from compiler.resolved_template import ResolvedTemplate, Role
from compiler.schema.fields import Value
from compiler.world import ColumnType
from spec_lang.source import Span

# Jinja, Mustache, Handlebars, Go; Python's `%`; ERB. Only what is called like a column is looked at any further.
_FILLED = (
    r"""(?<!\{)\{\{-?\s*(?:\w*[.\[]\s*['"]?)?(?P<braces>[^{}|"'\[\]]+?)['"]?\]?\s*(?:\|[^{}]*)?-?\}\}(?!\})"""
    r"""|%\((?P<percent>[^()]+)\)[sdr]"""
    r"""|<%[=-]?\s*(?:\w*\.)?@?(?P<erb>\w+)\s*-?%>"""
)
# Shell and PHP; placeholders of prose; printf. `${formula}$` is mathematics, and `<text>` with `</text>` is a tag.
_MARKED = (
    r"""\$\{(?P<shell>[^{}]+)\}(?!\$)"""
    r"""|(?<![\w$])\$(?P<dollar>[A-Za-z_]\w*)(?!\$)"""
    r"""|<(?P<angle>[A-Za-z_][\w ]*)>"""
)
_PRINTF = r"(?<![%\w])%s(?!\w)"


class Mark(Struct, frozen=True, eq=False):
    """A column between the marks of another tool. ``seen``: it stands in the file as it is, not hidden by escapes."""

    template: ResolvedTemplate
    role: Role
    column: str
    text: str
    span: Span
    seen: bool


def columns_of(facts: Facts, template: ResolvedTemplate) -> Mapping[str, ColumnType | None]:
    """The columns that are there wherever the template is used, with their types; none where one is not known."""
    shown = facts.shown_rows.get(template, ())
    if not shown or any(source is None for source in shown):
        return {}
    first, *others = (source for source in shown if source is not None)
    alike = [name for name in first.columns.names if all(name in other.columns.items for other in others)]
    return {name: first.columns.get(name) for name in alike}


def filled(facts: Facts, template: ResolvedTemplate) -> Iterator[Mark]:
    """Columns that only another tool would fill in: ``{{ instruction }}``."""
    columns = columns_of(facts, template)
    placed = {name for name, _ in template.placeholders}
    for role, value in texts(template) if columns else ():
        for match in _found(_FILLED, ("{{", "%(", "<%"), value.value):
            name = match.group(match.lastgroup or 0).strip()
            if name in columns and name not in placed:
                yield _mark(template, role, name, match, value)


def marked(facts: Facts, template: ResolvedTemplate) -> Iterator[Mark]:
    """Columns between marks that may belong to the text: ``${instruction}``, ``$instruction``, ``<instruction>``."""
    columns = columns_of(facts, template)
    placed = {name for name, _ in template.placeholders}
    for role, value in texts(template) if columns else ():
        for match in _found(_MARKED, ("$", "<"), value.value):
            kind = match.lastgroup or ""
            name = match.group(kind)
            if name not in columns or f"</{name}>" in value.value:
                continue
            if (columns[name] != "number") if kind == "shell" else (name not in placed):
                yield _mark(template, role, name, match, value)


def _found(pattern: str, signs: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    """The matches of a pattern that needs one of some signs. Hardly a template has them, and to compile takes ms."""
    return re.finditer(pattern, text) if any(sign in text for sign in signs) else iter(())


def printf(template: ResolvedTemplate, role: Role) -> bool:
    """Whether a role without any column holds a ``%s``."""
    return any(re.search(_PRINTF, value.value) for name, value in texts(template) if name == role)


def texts(template: ResolvedTemplate) -> Iterator[tuple[Role, Value[str]]]:
    """The roles whose text could be read, as it is before braces are looked at."""
    block = template.block
    both: tuple[tuple[Role, Value[str | None]], ...] = (
        ("system", block.system),
        ("user", block.user),
        ("assistant", block.assistant),
    )
    for role, value in both:
        if role in template.roles and value.value is not None:
            yield role, Value(value.value, value.span)


def _mark(template: ResolvedTemplate, role: Role, name: str, match: re.Match[str], value: Value[str]) -> Mark:
    text = match.group()
    at = template.block.file.slice(value.span).find(text)
    span = Span(value.span.start + at, value.span.start + at + len(text)) if at >= 0 else value.span
    return Mark(template, role, name, text, span, seen=at >= 0)
