"""Findings about one file: a sink and the file they point into, so that passes carry one thing.

Wording rules are those of ``spec_lang.diagnostics``. Text of the user's that is put into a
message is neutralised where the message is rendered, not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from compiler.functions import FUNCTIONS, Function, MetricFunction
from spec_lang.diagnostics import Diagnostics, Edit, Label
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import closest

UNREAD = ""
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")

if TYPE_CHECKING:
    from compiler.plan import Place
    from spec_lang.ast import Name, Ref


class Reporter(Struct, frozen=True, eq=False):
    """Reports into ``sink`` at spans of ``file``. ``used`` are places in other files that led here, such as the task
    that uses an imported filter; they go with every finding. ``params_of`` are the params of each file, by its path,
    ``functions_of`` the functions of its extensions, with ``UNREAD`` where one of them was reported, so that any name
    may be its, and ``metrics_of`` their metrics."""

    file: SourceFile
    sink: Diagnostics
    used: tuple[Label, ...] = ()
    params_of: Mapping[str, tuple[str, ...]] = {}
    functions_of: dict[str, dict[str, Function | None]] = {}
    metrics_of: dict[str, dict[str, MetricFunction]] = {}

    @property
    def metrics(self) -> Mapping[str, MetricFunction]:
        """The metrics of the file's extensions."""
        return self.metrics_of.get(self.file.path, {})

    @property
    def params(self) -> tuple[str, ...]:
        """The params of the file, which a name that stands for nothing may have been meant as."""
        return self.params_of.get(self.file.path, ())

    def function(self, name: str) -> Function | None:
        """The function that a name stands for in this file: one of the language, or of the file's extensions."""
        return FUNCTIONS.get(name) or self.functions_of.get(self.file.path, {}).get(name)

    def at(self, file: SourceFile, used: Label | None = None) -> Reporter:
        """For spans of another file; ``used`` is where that file's block is named."""
        if file is self.file:
            return self
        led = (*self.used, used) if used else self.used
        return Reporter(file, self.sink, led, self.params_of, self.functions_of, self.metrics_of)

    def into(self, sink: Diagnostics) -> Reporter:
        """Into another sink, to look at findings before they count."""
        return Reporter(self.file, sink, self.used, self.params_of, self.functions_of, self.metrics_of)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        help: str | None = None,
        also: Iterable[tuple[Span, str] | Label] = (),
        fix: Iterable[Edit] = (),
    ) -> None:
        """One error; ``also`` holds further places with the words under their carets, as labels where they may lie in
        other files."""
        labels = [item if isinstance(item, Label) else Label(self.file, *item) for item in also]
        self.sink.error(code, message, self.file, span, help=help, secondary=(*labels, *self.used), fix=fix)

    def warning(self, code: str, message: str, span: Span, help: str | None = None, also: Iterable[Label] = ()) -> None:
        self.sink.warning(code, message, self.file, span, help=help, secondary=(*also, *self.used))

    def place(self, span: Span) -> Place:
        """The span as lines and columns, under the file's own name: a plan does not know where it was compiled."""
        from compiler.plan import Place  # only plans need it, and it costs `check` 10 ms

        line, column = self.file.position(span.start)
        end_line, end_column = self.file.position(span.end)
        return Place(path=name_of(self.file), line=line, column=column, end_line=end_line, end_column=end_column)


def name_of(file: SourceFile) -> str:
    """What a plan calls a file: the last part of the main spec's path, or the way from its folder to another file."""
    return file.name or file.path.replace("\\", "/").rsplit("/", 1)[-1]


def renamed(name: Name | Ref, candidates: Iterable[str]) -> tuple[Edit, ...]:
    """The fix of a misspelt name, where only one of the candidates can be meant."""
    from spec_lang.fixes import renaming  # only mistakes need it

    return renaming(name.text, candidates, name.span)


def renamed_word(name: Name | Ref, candidates: Iterable[str]) -> tuple[Edit, ...]:
    """The same after a dot, `=`, a bracket or a clause, where words of the language are plain names (``format.exact``),
    and for names with dots."""
    edits = renamed(name, candidates)
    return tuple(Edit(edit.span, bare) if _DOTTED.match(bare := edit.text.strip("`")) else edit for edit in edits)


def spelled(place: Span, name: str) -> tuple[Edit, ...]:
    """The fix that puts a name in the place of what is there, in backticks where it needs them."""
    from spec_lang.fixes import name_as_written

    return (Edit(place, name_as_written(name)),)


def written_anew(place: Span, text: str | None) -> tuple[Edit, ...]:
    """The fix that puts a text in the place of what is there; none without a text."""
    return (Edit(place, text),) if text is not None else ()


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
