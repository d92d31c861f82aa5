"""Which fixes are at fault for what is found in a file after them: the net under `fixes.mend`.

A fix that turns one mistake into another has not mended it. What a syntax error hid in the rest of its block comes to
light after a right fix too, so a fix answers only for its own entry, and only for errors that no further fix mends;
the fix of a syntax error not for one name there that nothing is called, since that may have been wrong before.
Lines without an edit are read after a fix as they were before: an opened quote that swallows them leaves few errors.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics, Edit, Severity
from spec_lang.lexing import tokens_of
from spec_lang.source import SourceFile, Span

# Findings about names that the user made up: blocks, parts, columns, placeholders, metrics, models, slices.
NAMES_OF_USERS = frozenset({"SFT0203", "SFT0217", "SFT0221", "SFT0301", "SFT0604", "SFT0605", "SFT0606"})
_UNKNOWN = NAMES_OF_USERS | {"SFT0302"}  # and functions


def at_fault(
    before: Diagnostics, after: Diagnostics, changed: SourceFile, places: Sequence[Span], syntax: Sequence[bool]
) -> set[int]:
    """The edits, as positions, in whose entries errors stand that were not there and have no fix. Of each edit its
    place in the changed file, and whether it mends a syntax error."""
    known = Counter((item.code, item.message) for item in before)
    new: list[tuple[int, bool]] = []
    for item in after:
        known[item.code, item.message] -= 1
        mine = item.primary is not None and item.primary.file == changed and item.severity is Severity.ERROR
        if mine and item.primary is not None and not item.fix and known[item.code, item.message] < 0:
            new.append((item.primary.span.start, item.code in _UNKNOWN))
    if not new:
        return set()
    blamed: set[int] = set()
    for index, entry in enumerate(_entries(changed, places)):
        here = [is_name for at, is_name in new if at in entry]
        if len(here) > 1 or (here and not (syntax[index] and here[0])):
            blamed.add(index)
    return blamed


def _entries(file: SourceFile, places: Sequence[Span]) -> list[range]:
    """The field or rule around each place; its line where none is read. The head of a block answers for nothing: what
    the block lacks is said there."""
    from spec_lang.parsing import parse

    read = parse(file, Diagnostics()).spec
    return [range(span.start, span.end + 1) for span in (_around(file, read, place) for place in places)]


def _around(file: SourceFile, spec: ast.SpecFile, place: Span) -> Span:
    def holds(span: Span) -> bool:
        return span.start <= place.start and place.end <= span.end

    entries: Sequence[ast.Entry] = spec.blocks
    while (inner := next((entry for entry in entries if holds(entry.span)), None)) is not None:
        if not isinstance(inner, ast.Block):
            return inner.span
        if holds(inner.head):
            return Span(place.start, place.start)
        entries = inner.body.entries
    end = file.text.find("\n", place.end)
    return Span(file.text.rfind("\n", 0, place.start) + 1, len(file.text) if end < 0 else end)


def reads_on(before: SourceFile, after: SourceFile, edits: Sequence[Edit]) -> bool:
    """Whether every token on lines without an edit is still there; ``edits`` are in the order of the text."""
    starts, ends = [edit.span.start for edit in edits], [edit.span.end for edit in edits]
    grown = [0]
    for edit in edits:
        longer = edit.text.count("\n") if "\r\n" in before.text else 0  # a line break is then two characters
        grown.append(grown[-1] + len(edit.text) + longer - (edit.span.end - edit.span.start))
    there = {(token.span.start, str(token)) for token in tokens_of(after)[0]}
    for token in tokens_of(before)[0]:
        span = token.span
        line_end = before.text.find("\n", span.end)
        first = bisect_left(ends, before.text.rfind("\n", 0, span.start) + 1)
        last = bisect_right(starts, len(before.text) if line_end < 0 else line_end)
        untouched = first >= last
        if untouched and (span.start + grown[first], str(token)) not in there:
            return False
    return True
