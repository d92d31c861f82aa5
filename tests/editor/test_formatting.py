"""Formatting in an editor is `sft fmt`, as an edit that touches no more lines than it has to."""

from __future__ import annotations

import pytest

from compiler.editor.document import Document
from compiler.editor.formatting import format_edits
from spec_lang.diagnostics import Diagnostics
from spec_lang.fixes import apply_fixes
from spec_lang.format import format_file
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART

CANONICAL = format_file(SourceFile("a.sft", QUICKSTART), Diagnostics()) or ""

UNTIDY = [
    CANONICAL.replace("  epochs ", "      epochs"),
    CANONICAL.replace("filter clean {", "\n\n\nfilter    clean {"),
    CANONICAL + "\n\n\n",
    CANONICAL.rstrip("\n"),
    "\n\n" + CANONICAL,
    CANONICAL.replace("\n\n", "\n"),
]


@pytest.mark.parametrize("text", UNTIDY)
def test_the_edit_leads_to_the_canonical_form(text: str) -> None:
    document = Document(SourceFile("a.sft", text), FakeWorld())
    assert apply_fixes(text, [format_edits(document)]) == CANONICAL


def test_one_untidy_line_is_one_line_of_change() -> None:
    document = Document(SourceFile("a.sft", CANONICAL.replace("  epochs ", "      epochs")), FakeWorld())
    (edit,) = format_edits(document)
    assert document.file.slice(edit.span).strip().startswith("epochs")
    assert document.file.slice(edit.span).count("\n") == 1


def test_nothing_is_changed_in_canonical_and_in_broken_files() -> None:
    assert format_edits(Document(SourceFile("a.sft", CANONICAL), FakeWorld())) == ()
    assert format_edits(Document(SourceFile("a.sft", CANONICAL + "filter x {"), FakeWorld())) == ()
