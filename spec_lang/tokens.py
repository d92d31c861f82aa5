"""The smallest pieces of a text that mean something: a name, a number, a brace."""

from __future__ import annotations

from msgspec import Struct

from spec_lang.source import Span


class Token(Struct, gc=False):
    """A piece of a text, the terminal of the grammar that it is, and its place. It prints as its text."""

    type: str
    text: str
    span: Span

    def __str__(self) -> str:
        return self.text
