"""One suggestion of a completion, as data."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from spec_lang.source import Span

_NOWHERE = Span(0, 0)


class Completion(Struct, frozen=True):
    """``insert`` takes the place of ``replaces``; ``snippet`` is the same with stops for the cursor, in the syntax of
    the protocol, where it is worth it."""

    label: str
    sort: str  # kind, field, block, verb, clause, word, reference, part, column, function
    detail: str
    doc: str
    insert: str
    replaces: Span = _NOWHERE
    snippet: str = ""


def item(label: str, sort: str, detail: str, doc: str = "", *, insert: str = "", snippet: str = "") -> Completion:
    return Completion(label, sort, detail, doc, insert or label, snippet=snippet)


def insertable(found: Iterable[Completion], span: Span) -> tuple[Completion, ...]:
    """Each label once, in order, and where it goes."""
    first: dict[str, Completion] = {}
    for completion in found:
        first.setdefault(completion.label, replace(completion, replaces=span))
    return tuple(first.values())
