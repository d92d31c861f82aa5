"""How loud each lint is: its default, what the ``lint`` block of the file says, and ``strict``.

Warnings of the compiler's other passes take levels too, under the names of their pages, so that `strict` leaves no
warning behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from compiler.lints.lint import Level
from compiler.lints.registry import ADOPTED, BY_NAME
from compiler.reporting import Reporter, renamed, suggestion
from compiler.schema.lint import Lint as LintBlock
from spec_lang.diagnostics import Diagnostic, Label, Severity
from spec_lang.source import Span


class Levels(Struct, frozen=True, eq=False):
    """``given`` are the levels that the spec sets, with their places; ``strict_at`` is where it says `strict`."""

    given: Mapping[str, tuple[Level, Span]] = {}
    strict: bool = False
    strict_at: Span | None = None

    def of(self, name: str, default: Level) -> Level:
        if name in self.given:
            return self.given[name][0]
        return "deny" if self.strict else default

    def place(self, name: str) -> Span | None:
        """Where the spec makes an error of it; None when that is the default or was asked for on the command line."""
        return self.given[name][1] if name in self.given else self.strict_at


def read_levels(blocks: Iterable[LintBlock], report: Reporter, *, strict: bool = False) -> Levels:
    """The levels of a file; reports names that no lint has, and a second block."""
    first, *more = (*blocks, None)
    if first is None:
        return Levels(strict=strict)
    for block in more:
        if block is not None:
            message = "a file has one `lint` block, and this is the second"
            report.error(
                "SFT0701", message, block.head, "put all levels into one block", [(first.head, "the first is here")]
            )
    given: dict[str, tuple[Level, Span]] = {}
    for entry in first.levels:
        name = entry.name.text
        if name in BY_NAME or name in ADOPTED:
            level: Level = entry.value  # type: ignore[assignment]  # the schema lets no other word pass
            given[name] = (level, entry.span)
        else:
            help = suggestion(name, (*BY_NAME, *ADOPTED), "lints")
            fix = renamed(entry.name, (*BY_NAME, *ADOPTED))
            report.error("SFT0700", f"there is no lint `{name}`", entry.name.span, help, fix=fix)
    asked = first.strict.known and first.strict.value
    return Levels(given, strict or asked, first.strict.span if asked else None)


def apply_to_warnings(levels: Levels, report: Reporter) -> None:
    """Give the warnings of other passes, in this file, the levels that the spec asks for."""
    kept: list[Diagnostic] = []
    for item in report.sink.items:
        if item.severity is Severity.WARNING and item.primary and item.primary.file is report.file:
            name = item.name.replace("-", "_")
            level = levels.of(name, "warn")
            if level == "allow":
                continue
            item = denied(item, name, levels, report) if level == "deny" else item
        kept.append(item)
    report.sink.items[:] = kept


def denied(item: Diagnostic, name: str, levels: Levels, report: Reporter) -> Diagnostic:
    """The finding as an error, with the place that makes it one."""
    return as_error(item, levels.place(name), report)


def as_error(item: Diagnostic, place: Span | None, report: Reporter) -> Diagnostic:
    """The finding as an error because of a ``place``."""
    reason = (Label(report.file, place, "an error because of this"),) if place is not None else ()
    return replace(item, severity=Severity.ERROR, secondary=(*item.secondary, *reason))
