"""A template's question over values that no file has yet: what a model is asked of an instruction it has just written.

The same pieces as the SQL of render steps, in Python: literal text, the value of a column, and parts that are there
only where their columns are filled. Values are put in place as they are. Choices and examples are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from compiler.hashing import hash_text
from compiler.step_params import RenderTemplate, Segment
from runtime.models.protocols import Message


def question(template: RenderTemplate, values: Mapping[str, str | None]) -> tuple[Message, ...] | None:
    """The turns before the answer; None where a value that they need is missing or blank."""
    asked = [role for role in template.roles if role.role != "assistant"]
    if any(_blank(values.get(name)) for role in asked for name in _needed(role.segments)):
        return None
    return tuple({"role": role.role, "content": _text(role.segments, values)} for role in asked)


def template_of(templates: Sequence[RenderTemplate], row_id: str, seed: int) -> RenderTemplate:
    """The template of a row, by a hash of its id."""
    return templates[int(hash_text(f"{seed}:{row_id}")[:15], 16) % len(templates)]


def columns_asked(templates: Iterable[RenderTemplate]) -> list[str]:
    """The columns that questions show, each once."""
    roles = (role for template in templates for role in template.roles if role.role != "assistant")
    pieces = (piece for role in roles for segment in role.segments for piece in (segment.optional or (segment,)))
    return list(dict.fromkeys(piece.column for piece in pieces if piece.column is not None))


def _needed(segments: Iterable[Segment]) -> list[str]:
    return [segment.column for segment in segments if segment.column is not None]


def _text(segments: Iterable[Segment], values: Mapping[str, str | None]) -> str:
    return "".join(_piece(segment, values) for segment in segments)


def _piece(segment: Segment, values: Mapping[str, str | None]) -> str:
    if segment.column is not None:
        return values.get(segment.column) or ""
    if segment.optional is not None:
        filled = not any(_blank(values.get(name)) for name in _needed(segment.optional))
        return _text(segment.optional, values) if filled else ""
    return segment.text or ""


def _blank(value: str | None) -> bool:
    return value is None or not value.strip()
