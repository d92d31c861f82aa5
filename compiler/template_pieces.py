"""The text of a template in pieces: ``{column}``, ``{{`` and ``}}``, and ``{? … }`` around what may be missing.

A brace that is no placeholder was always an error, so ``{?`` is in no text by accident. An optional part ends at the
first ``}`` that closes no placeholder; parts do not nest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compiler.reporting import Reporter
from compiler.resolved_template import Piece
from spec_lang.source import Span

_PIECE = re.compile(r"\{\{|\}\}|\{\?|\{([^{}]*)\}|[{}]|[^{}]+")
_BRACES = {"{{": "{", "}}": "}"}
_HELP = "for a brace of the text write `{{` or `}}`"


def read_pieces(
    text: str, span: Span, where: str, report: Reporter, made: Iterable[str] = ()
) -> tuple[Piece, ...] | None:
    """The pieces in turn; names of ``made`` are no columns. None after a report: SFT0222, SFT0271."""
    reader = _Reader(span, where, report, frozenset(made))
    return reader.read(text)


def flat(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces with those of optional parts in their place."""
    for piece in pieces:
        yield from piece.optional or (piece,)


def within(text: str, span: Span, report: Reporter) -> Span:
    """The first place of ``text`` inside a string literal; the whole literal where escapes hide it."""
    at = report.file.slice(span).find(text)
    return Span(span.start + at, span.start + at + len(text)) if at >= 0 else span


class _Reader:
    def __init__(self, span: Span, where: str, report: Reporter, made: frozenset[str]) -> None:
        self._span, self._where, self._report, self._made = span, where, report, made
        self._whole: list[Piece] = []
        self._part: list[Piece] | None = None  # of the optional part that is open
        self._literal: list[str] = []

    def read(self, text: str) -> tuple[Piece, ...] | None:
        for match in _PIECE.finditer(text):
            piece, name = match.group(), match.group(1)
            if name is None and piece not in ("{", "}", "{?"):
                self._literal.append(_BRACES.get(piece, piece))
            elif name is not None and name.strip():
                self._flush()
                self._put(Piece(made=name) if name in self._made else Piece(column=name))
            elif piece == "{?" and self._part is None:
                self._flush()
                self._part = []
            elif piece == "{?":
                self._refuse("SFT0271", f"an optional part of {self._where} stands in another one", piece)
                return None
            elif piece == "}" and self._part is not None:
                if not self._close():
                    return None
            else:
                self._refuse("SFT0222", f"a `{piece}` in {self._where} belongs to no placeholder", piece)
                return None
        if self._part is not None:
            self._refuse("SFT0222", f"the optional part of {self._where} is not closed", "{?", "end it with `}`")
            return None
        self._flush()
        return tuple(self._whole)

    def _close(self) -> bool:
        """End the optional part; False after a report."""
        self._flush()
        part, self._part = tuple(self._part or ()), None
        if not any(piece.column is not None for piece in part):
            message = f"an optional part of {self._where} holds no column, so nothing says when it is there"
            self._refuse("SFT0271", message, "{?")
            return False
        self._whole.append(Piece(optional=part))
        return True

    def _put(self, piece: Piece) -> None:
        (self._whole if self._part is None else self._part).append(piece)

    def _flush(self) -> None:
        if self._literal:
            self._put(Piece(text="".join(self._literal)))
            self._literal = []

    def _refuse(self, code: str, message: str, piece: str, help: str | None = None) -> None:
        if code == "SFT0271":
            help = "write `{? … {column} … }`, one after the other"
        self._report.error(code, message, within(piece, self._span, self._report), help or _HELP)
