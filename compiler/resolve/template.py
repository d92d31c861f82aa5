"""Templates: text with ``{column}`` placeholders into pieces, and the columns checked where a template is used."""

from __future__ import annotations

import re

from compiler.column_scope import ColumnScope
from compiler.reporting import Reporter, suggestion, written_anew
from compiler.resolved import Piece, ResolvedTemplate, Role
from compiler.schema.fields import Value
from compiler.schema.template import Template
from spec_lang.diagnostics import Label
from spec_lang.source import Span
from spec_lang.suggest import surely

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


def resolve_template(block: Template, report: Reporter) -> ResolvedTemplate:
    """The template in pieces; a role whose braces do not add up stays out."""
    texts: tuple[tuple[Role, Value[str | None]], ...] = (
        ("system", block.system),
        ("user", block.user),
        ("assistant", block.assistant),
    )
    roles: dict[Role, tuple[Piece, ...]] = {}
    placeholders: list[tuple[str, Span]] = []
    literals: list[tuple[str, Span]] = []
    for role, value in texts:
        if value.value is None:
            continue
        pieces = _pieces(value.value, value.span, f"`{role}` of template `{block.name}`", report)
        if pieces is None:
            continue
        roles[role] = pieces
        for piece in pieces:
            if piece.column is not None:
                placeholders.append((piece.column, within(f"{{{piece.column}}}", value.span, report)))
            elif piece.text is not None:
                literals.append((piece.text, value.span))
    return ResolvedTemplate(block, roles, tuple(placeholders), tuple(literals))


def _pieces(text: str, span: Span, where: str, report: Reporter) -> tuple[Piece, ...] | None:
    """Literal text and columns in turn; ``{{`` and ``}}`` are braces. None after a report."""
    pieces: list[Piece] = []
    literal: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in ("{", "}") or (match.group(1) is not None and not match.group(1).strip()):
            message = f"a `{piece}` in {where} belongs to no placeholder"
            report.error("SFT0222", message, within(piece, span, report), "for a brace of the text write `{{` or `}}`")
            return None
        if match.group(1) is None:
            literal.append({"{{": "{", "}}": "}"}.get(piece, piece))
            continue
        if literal:
            pieces.append(Piece(text="".join(literal)))
            literal = []
        pieces.append(Piece(column=match.group(1)))
    if literal:
        pieces.append(Piece(text="".join(literal)))
    return tuple(pieces)


def within(text: str, span: Span, report: Reporter) -> Span:
    """The first place of ``text`` inside a string literal; the whole literal where escapes hide it."""
    at = report.file.slice(span).find(text)
    return Span(span.start + at, span.start + at + len(text)) if at >= 0 else span


def check_columns(template: ResolvedTemplate, scope: ColumnScope, used: Span) -> None:
    """Every placeholder has to be a column of what is rendered; ``used`` is where the template is named."""
    report = scope.report.at(template.block.file)
    for name, span in template.placeholders:
        also = [Label(scope.report.file, used, f"used here by {scope.owner}")]
        if scope.columns.lacks(name):
            help = suggestion(name, scope.columns.names, "columns")
            if not re.fullmatch(r"[\w .-]+", name):
                help = "for a brace of the text write `{{` or `}}`"
            message = f"`{{{name}}}` of template `{template.name}` is no column of {scope.owner}"
            meant = surely(name, scope.columns.names)
            if name in scope.fields:
                meant = scope.fields[name]
                help = f"the field is called `{meant}` here, in `columns {{ … }}` of the source"
            seen = scope.report.file.slice(span) == f"{{{name}}}"  # not hidden by escapes
            fix = written_anew(span, f"{{{meant}}}" if meant and seen else None)
            report.error("SFT0221", message, span, help, also, fix)
        elif scope.columns.get(name) == "null":
            message = f"column `{name}` of {scope.owner} has no value in any row"
            report.error("SFT0310", message, span, also=also)
