"""What was wrong, where, and how to mend it: errors as data.

Passes take a :class:`Diagnostics` sink, report into it and return what they could build, so one
run shows all independent mistakes. They never raise for a user's mistake; our own bugs raise.
:class:`DiagnosticError` is for the edge, where a step or a command cannot go on.

Wording: lower case, no full stop; the message says what is wrong, only ``help`` says how to mend
it; names of things in backticks. Every code has a page in ``spec_lang/codes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from spec_lang.source import SourceFile, Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Label(Struct, frozen=True):
    """A place with a few words under its caret, such as "declared here". What stands at ``hidden`` is never shown
    with its line: findings end up in the logs of a CI."""

    file: SourceFile
    span: Span
    text: str = ""
    hidden: Span | None = None


class Edit(Struct, frozen=True):
    """Put ``text`` in the place of a span (an empty span inserts), in the file of the finding's primary label."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True):
    """One finding. ``primary`` is None only for what has no place in a spec (a full disk, a lock).

    ``fix`` holds edits that mend it and surely mean what the user meant: what `check --fix` and an editor may apply.
    """

    code: str
    message: str
    primary: Label | None
    help: str | None = None
    secondary: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR
    fix: tuple[Edit, ...] = ()

    @property
    def name(self) -> str:
        """The kebab-case name, from the title of the code's page."""
        from spec_lang.codes import name_of

        return name_of(self.code)


class Diagnostics(Struct):
    """An ordered sink. A finding that is reported again, for example by two passes, is kept once."""

    items: list[Diagnostic] = []
    seen: set[Diagnostic] = set()

    def __post_init__(self) -> None:
        self.seen.update(self.items)

    def report(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.seen:
            self.seen.add(diagnostic)
            self.items.append(diagnostic)

    def error(
        self,
        code: str,
        message: str,
        file: SourceFile,
        span: Span,
        *,
        help: str | None = None,
        secondary: Iterable[Label] = (),
        label: str = "",
        fix: Iterable[Edit] = (),
    ) -> None:
        self.report(Diagnostic(code, message, Label(file, span, label), help, tuple(secondary), fix=tuple(fix)))

    def warning(
        self,
        code: str,
        message: str,
        file: SourceFile,
        span: Span,
        *,
        help: str | None = None,
        secondary: Iterable[Label] = (),
    ) -> None:
        self.report(Diagnostic(code, message, Label(file, span), help, tuple(secondary), Severity.WARNING))

    @property
    def has_errors(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.items)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class DiagnosticError(Exception):
    """Carries findings to the edge, where they are rendered; the exit code is 1.

    Raised in a step of a run, ``about`` names the entry of its block that the findings are about, as the plan calls its
    line (``rules.2``, ``path``); without it they are about the block.
    """

    def __init__(self, *diagnostics: Diagnostic, about: str | None = None) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.about = about


def fatal(code: str, message: str, help: str | None = None, about: str | None = None) -> DiagnosticError:
    """A finding without a place, ready to raise: ``raise fatal("SFT0901", "the disk is full")``. Raised in a step of a
    run it gets the place of the step's block, or of what it is ``about``."""
    return DiagnosticError(Diagnostic(code, message, None, help), about=about)
