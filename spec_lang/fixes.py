"""Apply the edits that findings carry, and go on until nothing more can be mended.

Pure text in, text out: `check --fix` and editors share it. The edits of one finding are taken
whole or not at all; of two findings whose edits overlap the first in the text wins, and the next
round sees the other again. A round is kept only when it leaves no more errors than there were (what a syntax
error hid was there before), no error of its own making (`fix_faults`), and every other line as it was read before. If
all edits together do not, they are tried one finding at a time. A round costs one check of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct

from spec_lang.diagnostics import Diagnostic, Diagnostics, Edit, Severity
from spec_lang.fix_faults import NAMES_OF_USERS, at_fault, reads_on
from spec_lang.lexing import tokens_of
from spec_lang.source import SourceFile, Span
from spec_lang.suggest import surely
from spec_lang.vocabulary import RESERVED

MOST_ROUNDS = 50  # A block shows one syntax error a round, so this is a bound on slips a block, not on slips a file.

_SYNTAX = "SFT01"

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def name_as_written(name: str) -> str:
    """A name as a spec holds it: in backticks when it is no plain word."""
    return name if _PLAIN_NAME.match(name) and name not in RESERVED else f"`{name.replace('`', '``')}`"


def renaming(name: str, candidates: Iterable[str], span: Span) -> tuple[Edit, ...]:
    """The edit that puts the name in place which a misspelt one can only stand for; none when that is not sure."""
    meant = surely(name, candidates)
    return (Edit(span, name_as_written(meant)),) if meant is not None else ()


class Mended(Struct, frozen=True):
    """A file before and after, what was found in it before, and what is left to mend by hand."""

    before: SourceFile
    after: SourceFile
    found: Diagnostics
    left: Diagnostics

    @property
    def changed(self) -> bool:
        return self.before.text != self.after.text

    @property
    def gone(self) -> int:
        """How many of the file's findings that carry a fix are not there any more."""
        ours = (item for item in self.found if item.fix and item.primary and item.primary.file == self.before)
        here = Counter((item.code, item.message) for item in ours)
        return sum((here - Counter((item.code, item.message) for item in self.left)).values())


Check = Callable[[SourceFile], Diagnostics]


def mend(file: SourceFile, check: Check) -> Mended:
    """Apply all fixes, check again, and so on until there are none or nothing gets better. Where that ends at an error
    which a fix brought about and no other can mend, all goes again without that fix."""
    found = check(file)
    known = {(item.code, item.message) for item in found}
    refused: set[_Trial] = set()
    while True:
        now, left = file, found
        made: dict[str, frozenset[_Trial]] = {}  # what was mended in a line, as it stands now
        for _ in range(MOST_ROUNDS):
            better = _round(now, left, check, refused)
            if better is None:
                break
            now, left = better.file, better.found
            made |= {line: made.get(trial.line, frozenset()) | {trial} for trial, line in better.made}
        dead_ends = [made.get(trial.line, frozenset()) for trial in refused if (trial.code, trial.message) not in known]
        at_first = frozenset[_Trial]().union(*dead_ends) - refused
        if not at_first:
            return Mended(file, now, found, left)
        refused |= at_first


class _Trial(Struct, frozen=True):
    """A fix as it is known in every round, although its place moves: its line, its finding and what it writes."""

    line: str
    code: str
    message: str
    texts: tuple[str, ...]


class _Round(Struct, frozen=True):
    """A file after fixes, what is found in it, and those fixes with the lines that came of them."""

    file: SourceFile
    found: Diagnostics
    made: tuple[tuple[_Trial, str], ...]


def _round(file: SourceFile, found: Diagnostics, check: Check, refused: set[_Trial]) -> _Round | None:
    """The file after one round; None when no fix makes it better. What is of no use alone goes to ``refused``."""
    here = [item for item in found if item.fix and item.primary is not None and item.primary.file == file]
    written = Counter(_name_in_question(item, file) for item in here)
    # Where a name of the user is unknown at several places, its declaration may be what is misspelt.
    unsure = {key for key, count in written.items() if count > 1 and key[0] in NAMES_OF_USERS}
    sure = {_trial(item, file): item for item in here if _name_in_question(item, file) not in unsure}
    left = {trial: item for trial, item in sure.items() if trial not in refused}
    together = list(left.values())
    while len(together) > 1:
        after, faulty = _tried(file, found, check, together)
        if after is not None:
            return after
        if not faulty:
            break
        together = [item for item in together if item not in faulty]
    for trial, item in left.items():
        after, _ = _tried(file, found, check, [item])
        if after is not None:
            return after
        refused.add(trial)
    return None


def _tried(
    file: SourceFile, found: Diagnostics, check: Check, mending: list[Diagnostic]
) -> tuple[_Round | None, list[Diagnostic]]:
    """The file with the fixes of some findings in it; or None, and the findings whose fixes are known to be at
    fault."""
    taken = _taken(item.fix for item in mending)
    text, places = _put(file.text, taken)
    changed = SourceFile(file.path, text, file.name)
    if text == file.text or not reads_on(file, changed, taken) or _comments(file) - _comments(changed):
        return None, []
    after = check(changed)
    of_syntax = {edit for item in mending if item.code.startswith(_SYNTAX) for edit in item.fix}
    blamed = at_fault(found, after, changed, places, [edit in of_syntax for edit in taken])
    if blamed:
        edits = {taken[index] for index in blamed}
        return None, [item for item in mending if edits & {*item.fix}]
    if _errors(after) > _errors(found):
        return None, []
    now = {edit: _line(changed, place.end) for edit, place in zip(taken, places, strict=True)}
    made = tuple((_trial(item, file), now[edit]) for item in mending for edit in item.fix if edit in now)
    return _Round(changed, after, made), []


def _comments(file: SourceFile) -> Counter[str]:
    """No fix may take one away."""
    return Counter(comment.text for comment in tokens_of(file)[1])


def _trial(item: Diagnostic, file: SourceFile) -> _Trial:
    line = _line(file, item.fix[0].span.start)
    return _Trial(line, item.code, item.message, tuple(edit.text for edit in item.fix))


def _line(file: SourceFile, offset: int) -> str:
    return file.line(file.position(offset)[0])


def _name_in_question(finding: Diagnostic, file: SourceFile) -> tuple[str, str]:
    return finding.code, file.slice(finding.fix[0].span)


def _errors(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many blocks cannot be read, and how many other errors there are: what a syntax error hid is no new error."""
    errors = [item.code for item in found if item.severity is Severity.ERROR]
    syntax = sum(code.startswith(_SYNTAX) for code in errors)
    return syntax, len(errors) - syntax


def apply_fixes(text: str, fixes: Iterable[tuple[Edit, ...]]) -> str:
    """The text with every fix that overlaps none before it; new line breaks are those of the text."""
    return _put(text, _taken(fixes))[0]


def _taken(fixes: Iterable[tuple[Edit, ...]]) -> list[Edit]:
    """The edits of all fixes that overlap none before them, in the order of the text."""
    taken: list[Edit] = []
    for fix in sorted(fixes, key=lambda edits: min((edit.span.start for edit in edits), default=0)):
        new = [edit for edit in fix if edit not in taken]
        if not any(_overlap(edit.span, other.span) for edit in new for other in taken):
            taken.extend(new)
    return sorted(taken, key=lambda edit: (edit.span.start, edit.span.end))


def _put(text: str, edits: list[Edit]) -> tuple[str, list[Span]]:
    """The text with edits made, and where each of them stands in it."""
    line_break = "\r\n" if "\r\n" in text else "\n"
    parts, places, read, length = [], [], 0, 0
    for edit in edits:
        put = edit.text.replace("\n", line_break)
        before = text[read : edit.span.start]
        start = length + len(before)
        parts += [before, put]
        places.append(Span(start, start + len(put)))
        read, length = edit.span.end, start + len(put)
    return "".join([*parts, text[read:]]), places


def _overlap(one: Span, other: Span) -> bool:
    """Whether two edits touch the same characters; two insertions at one place do, since their order would matter."""
    if one.start == other.start:
        return True
    first, second = (one, other) if one.start < other.start else (other, one)
    return second.start < first.end
