"""Apply the edits that findings carry, and go on until nothing more can be mended.

Pure text in, text out: `check --fix` and editors share it. The edits of one finding are taken
whole or not at all; of two findings whose edits overlap the first in the text wins, and the next
round sees the other again. A round is kept only when it leaves no more errors than there were (what a syntax
error hid was there before); if all edits together do not, they are tried one finding at a time. A round costs
one check of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spec_lang.diagnostics import Diagnostic, Diagnostics, Edit, Severity
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import surely
from spec_lang.vocabulary import RESERVED

MOST_ROUNDS = 50  # A block shows one syntax error a round, so this is a bound on slips a block, not on slips a file.

_SYNTAX = "SFT01"

# Findings about names that the user made up: blocks, parts, columns, placeholders, metrics, models, slices. Where the
# same spelling is unknown at several places, the declaration may be what is misspelt, and nothing is sure.
_NAMES_OF_USERS = frozenset({"SFT0203", "SFT0217", "SFT0221", "SFT0301", "SFT0604", "SFT0605", "SFT0606"})

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def name_as_written(name: str) -> str:
    """A name as a spec holds it: in backticks when it is no plain word."""
    return name if _PLAIN_NAME.match(name) and name not in RESERVED else f"`{name.replace('`', '``')}`"


def renaming(name: str, candidates: Iterable[str], span: Span) -> tuple[Edit, ...]:
    """The edit that puts the name in place which a misspelt one can only stand for; none when that is not sure."""
    meant = surely(name, candidates)
    return (Edit(span, name_as_written(meant)),) if meant is not None else ()


@dataclass(frozen=True, slots=True)
class Mended:
    """A file before and after, what was found in it before, and what is left to mend by hand."""

    before: SourceFile
    after: SourceFile
    found: Diagnostics
    left: Diagnostics

    @property
    def changed(self) -> bool:
        return self.before.text != self.after.text


Check = Callable[[SourceFile], Diagnostics]


def mend(file: SourceFile, check: Check) -> Mended:
    """Apply all fixes, check again, and so on until there are none or nothing gets better."""
    found = check(file)
    now, left = file, found
    for _ in range(MOST_ROUNDS):
        better = _round(now, left, check)
        if better is None:
            break
        now, left = better
    return Mended(file, now, found, left)


def _round(file: SourceFile, found: Diagnostics, check: Check) -> tuple[SourceFile, Diagnostics] | None:
    """The file after one round with what is found in it; None when no fix makes it better."""
    here = [item for item in found if item.fix and item.primary is not None and item.primary.file == file]
    written = Counter(_name_in_question(item, file) for item in here)
    unsure = {key for key, count in written.items() if count > 1 and key[0] in _NAMES_OF_USERS}
    fixes = [item.fix for item in here if _name_in_question(item, file) not in unsure]
    attempts = [fixes, *([fix] for fix in fixes)] if len(fixes) > 1 else [fixes]
    for attempt in attempts:
        text = apply_fixes(file.text, attempt)
        if text != file.text:
            changed = SourceFile(file.path, text)
            after = check(changed)
            if _errors(after) <= _errors(found):
                return changed, after
    return None


def _name_in_question(finding: Diagnostic, file: SourceFile) -> tuple[str, str]:
    return finding.code, file.slice(finding.fix[0].span)


def _errors(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many blocks cannot be read, and how many other errors there are: what a syntax error hid is no new error."""
    errors = [item.code for item in found if item.severity is Severity.ERROR]
    syntax = sum(code.startswith(_SYNTAX) for code in errors)
    return syntax, len(errors) - syntax


def apply_fixes(text: str, fixes: Iterable[tuple[Edit, ...]]) -> str:
    """The text with every fix that overlaps none before it; new line breaks are those of the text."""
    taken: list[Edit] = []
    for fix in sorted(fixes, key=lambda edits: min((edit.span.start for edit in edits), default=0)):
        new = [edit for edit in fix if edit not in taken]
        if not any(_overlap(edit.span, other.span) for edit in new for other in taken):
            taken.extend(new)
    line_break = "\r\n" if "\r\n" in text else "\n"
    for edit in sorted(taken, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        put = edit.text.replace("\n", line_break)
        text = text[: edit.span.start] + put + text[edit.span.end :]
    return text


def _overlap(one: Span, other: Span) -> bool:
    """Whether two edits touch the same characters; two insertions at one place do, since their order would matter."""
    if one.start == other.start:
        return True
    first, second = (one, other) if one.start < other.start else (other, one)
    return second.start < first.end
