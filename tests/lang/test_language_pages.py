"""Every spec on a page gives exactly the findings that the page shows; every code's page shows its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec_lang import codes
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.lang.language_pages import Example, examples

PAGES = sorted((Path(__file__).parent / "pages").glob("*.md"))
EXAMPLES = [example for page in PAGES for example in examples(page)]
# The codes of this layer; other layers' pages need a compiler or a run to show theirs.
CODES = {code: path for code, path in codes.pages().items() if code.startswith("SFT01")}


def findings(text: str) -> Diagnostics:
    diagnostics = Diagnostics()
    parse(SourceFile("spec.sft", text), diagnostics)
    return diagnostics


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_page(example: Example) -> None:
    assert render_plain(findings(example.text)) == example.expected


def test_pages_show_most_codes() -> None:
    shown = {code for code in CODES if any(f"[{code}]" in example.expected for example in EXAMPLES)}
    assert len(EXAMPLES) > 20
    assert CODES.keys() - shown <= {"SFT0115", "SFT0117", "SFT0125"}  # Shown on their own pages only.


@pytest.mark.parametrize("code", CODES)
def test_code_page(code: str) -> None:
    """The first spec on a code's page has exactly that finding, the others have none."""
    failing, *cured = examples(CODES[code])
    assert [item.code for item in findings(failing.text)] == [code]
    assert cured
    assert [item for spec in cured for item in findings(spec.text)] == []
    title = CODES[code].read_text(encoding="utf-8").splitlines()[0]
    assert title == f"# {code} {codes.name_of(code)}"
