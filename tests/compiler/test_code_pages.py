"""Every page of a compiler code: its first spec has exactly that finding, its others have none."""

from __future__ import annotations

import re

import pytest

from compiler.compile import compile_spec
from spec_lang import codes
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.lang.language_pages import examples

# Names and blocks, expressions, evals and gates; SFT0650 and on are raised while a gate runs.
PAGES = {code: path for code, path in codes.pages().items() if re.match(r"SFT(02|03|060|061)", code)}


def findings(text: str) -> list[str]:
    diagnostics = Diagnostics()
    compile_spec(SourceFile("spec.sft", text), FakeWorld(), diagnostics)
    return [item.code for item in diagnostics]


@pytest.mark.parametrize("code", PAGES)
def test_code_page(code: str) -> None:
    failing, *cured = examples(PAGES[code])
    assert findings(failing.text) == [code]
    assert cured
    assert [found for spec in cured for found in findings(spec.text)] == []
