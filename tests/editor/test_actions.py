"""Fixes of findings as actions with a title that says what they do."""

from __future__ import annotations

from compiler.editor.actions import code_page, findings_in, fixes, mended
from compiler.editor.document import Document
from spec_lang.fixes import apply_fixes
from spec_lang.source import SourceFile, Span
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART
from tests.editor.marked import quickstart


def test_a_fix_says_what_it_changes_and_changes_only_that() -> None:
    document, offset = quickstart("keep words(instruction)", "keep words(inst‸uction)")
    (fix,) = fixes(document, Span(offset, offset))
    assert fix.title == "change `instuction` to `instruction`"
    assert apply_fixes(document.text, [fix.edits]) == QUICKSTART


def test_findings_elsewhere_offer_nothing_here() -> None:
    document, _ = quickstart("keep words(instruction)", "keep words(inst‸uction)")
    assert fixes(document, Span(0, 0)) == ()
    assert findings_in(document, Span(0, len(document.text)))


def test_all_fixes_at_once() -> None:
    text = QUICKSTART.replace("epochs ", "epohcs ").replace("words(instruction)", "words(instuction)")
    assert mended(Document(SourceFile("a.sft", text), FakeWorld())) == QUICKSTART
    assert mended(Document(SourceFile("a.sft", QUICKSTART), FakeWorld())) is None


def test_every_code_of_a_finding_has_a_page_to_show() -> None:
    document, offset = quickstart("keep words(instruction)", "keep words(inst‸uction)")
    (finding,) = findings_in(document, Span(offset, offset))
    page = code_page(finding.code)
    assert page is not None and page.read_text(encoding="utf-8").startswith(f"# {finding.code}")
