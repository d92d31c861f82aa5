"""Templates: text with ``{column}`` placeholders into segments, and the columns checked where a template is used."""

from __future__ import annotations

import re
from typing import Literal

from compiler.expression_types import ColumnScope
from compiler.reporting import Reporter, suggestion
from compiler.resolved import ResolvedTemplate
from compiler.schema.fields import Value
from compiler.schema.template import Template
from compiler.step_params import Segment, TemplateRole
from spec_lang.source import Span

Role = Literal["system", "user", "assistant"]
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


def resolve_template(block: Template, report: Reporter) -> ResolvedTemplate | None:
    """The template as segments; None when its braces do not add up."""
    texts: tuple[tuple[Role, Value[str] | Value[str | None]], ...] = (
        ("system", block.system),
        ("user", block.user),
        ("assistant", block.assistant),
    )
    roles: list[TemplateRole] = []
    placeholders: list[tuple[str, Span]] = []
    literals: list[tuple[str, Span]] = []
    sound = True
    for role, value in texts:
        if value.value is None:
            continue
        segments = _segments(value.value, value.span, f"`{role}` of template `{block.name}`", report)
        if segments is None:
            sound = False
            continue
        roles.append(TemplateRole(role=role, segments=segments))
        for segment in segments:
            if segment.column is not None:
                placeholders.append((segment.column, within(f"{{{segment.column}}}", value.span, report)))
            elif segment.text is not None:
                literals.append((segment.text, value.span))
    return ResolvedTemplate(block, tuple(roles), tuple(placeholders), tuple(literals)) if sound else None


def _segments(text: str, span: Span, where: str, report: Reporter) -> tuple[Segment, ...] | None:
    """Literal text and columns in turn; ``{{`` and ``}}`` are braces. None after a report."""
    segments: list[Segment] = []
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
            segments.append(Segment(text="".join(literal)))
            literal = []
        segments.append(Segment(column=match.group(1)))
    if literal:
        segments.append(Segment(text="".join(literal)))
    return tuple(segments)


def within(text: str, span: Span, report: Reporter) -> Span:
    """The first place of ``text`` inside a string literal; the whole literal where escapes hide it."""
    at = report.file.slice(span).find(text)
    return Span(span.start + at, span.start + at + len(text)) if at >= 0 else span


def check_columns(template: ResolvedTemplate, scope: ColumnScope, used: Span) -> None:
    """Every placeholder has to be a column of what is rendered; ``used`` is where the template is named."""
    for name, span in template.placeholders:
        also = [(used, f"used here by {scope.owner}")]
        if name in scope.broken:
            continue
        if name not in scope.columns:
            help = suggestion(name, scope.columns, "columns")
            if not re.fullmatch(r"[\w .-]+", name):
                help = "for a brace of the text write `{{` or `}}`"
            message = f"`{{{name}}}` of template `{template.name}` is no column of {scope.owner}"
            scope.report.error("SFT0221", message, span, help, also)
        elif scope.columns[name] == "null":
            message = f"column `{name}` of {scope.owner} has no value in any row"
            scope.report.error("SFT0310", message, span, also=also)
