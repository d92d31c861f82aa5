"""What an editor can do about a finding: apply its fix, or show the page of its code."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from compiler.compile import check
from compiler.editor.document import Document
from spec_lang.codes import pages
from spec_lang.diagnostics import Diagnostic, Edit
from spec_lang.fixes import mend
from spec_lang.source import Span


class Fix(Struct, frozen=True):
    """Edits that mend one finding, under a title for people."""

    title: str
    finding: Diagnostic
    edits: tuple[Edit, ...]


def findings_in(document: Document, span: Span) -> tuple[Diagnostic, ...]:
    """The findings of this file that touch a range."""
    here = (item for item in document.findings if item.primary is not None and item.primary.file == document.file)
    return tuple(item for item in here if item.primary and _touch(item.primary.span, span))


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def fixes(document: Document, span: Span) -> tuple[Fix, ...]:
    """The fixes of the findings that touch a range."""
    return tuple(Fix(_title(item, document), item, item.fix) for item in findings_in(document, span) if item.fix)


def _title(finding: Diagnostic, document: Document) -> str:
    """``change `instuction` to `instruction` ``."""
    if len(finding.fix) > 1:
        return f"mend: {finding.message}"
    edit = finding.fix[0]
    before, after = document.file.slice(edit.span).strip(), edit.text.strip()
    if "\n" in before or "\n" in after or len(before) + len(after) > 80:
        return f"mend: {finding.message}"
    if not before:
        return f"insert `{after}`"
    return f"change `{before}` to `{after}`" if after else f"remove `{before}`"


def code_page(code: str) -> Path | None:
    """The file with the page of a code."""
    return pages().get(code)


def mended(document: Document) -> str | None:
    """The text after all fixes; None when there is nothing to fix."""
    done = mend(document.file, lambda file: check(file, document.world)[1])
    return done.after.text if done.changed else None
