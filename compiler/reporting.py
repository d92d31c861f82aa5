"""Findings about one file: a sink and the file they point into, so that passes carry one thing.

Wording rules are those of ``spec_lang.diagnostics``. Text of the user's that is put into a
message is neutralised where the message is rendered, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spec_lang.diagnostics import Diagnostics, Edit, Label
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest

if TYPE_CHECKING:
    from compiler.plan import Place


@dataclass(frozen=True)
class Reporter:
    """Reports into ``sink`` at spans of ``file``."""

    file: SourceFile
    sink: Diagnostics

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        help: str | None = None,
        also: Iterable[tuple[Span, str]] = (),
        fix: Iterable[Edit] = (),
    ) -> None:
        """One error; ``also`` holds further places with the words under their carets."""
        labels = tuple(Label(self.file, place, text) for place, text in also)
        self.sink.error(code, message, self.file, span, help=help, secondary=labels, fix=fix)

    def warning(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self.sink.warning(code, message, self.file, span, help=help)

    def place(self, span: Span) -> Place:
        """The span as lines and columns, under the file's own name: a plan does not know where it was compiled."""
        from compiler.plan import Place  # only plans need it, and it costs `check` 10 ms

        line, column = self.file.position(span.start)
        end_line, end_column = self.file.position(span.end)
        name = self.file.path.replace("\\", "/").rsplit("/", 1)[-1]
        return Place(path=name, line=line, column=column, end_line=end_line, end_column=end_column)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """``did you mean `x`?``, or None when nothing is close."""
    found = closest(name, tuple(candidates), 2)
    return f"did you mean {' or '.join(f'`{item}`' for item in found)}?" if found else None


def suggestion(name: str, candidates: Iterable[str], what: str) -> str:
    """A suggestion where there is a close name, otherwise the list of what there is (``what``: "fields", "columns")."""
    known = tuple(candidates)
    near = did_you_mean(name, known)
    if near:
        return near
    if not known:
        return f"there are no {what}"
    shown = ", ".join(f"`{item}`" for item in known[:12])
    return f"{what}: {shown}{', …' if len(known) > 12 else ''}"
