"""Every page of a compiler code: its first spec has exactly that finding, its others have none."""

from __future__ import annotations

import re

import pytest

from compiler.compile import compile_spec
from spec_lang import codes
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.plan_pages import PageExample, page_examples

# Names and blocks, expressions, evals and gates; SFT0650 and on are raised while a gate runs.
PAGES = {code: path for code, path in codes.pages().items() if re.match(r"SFT(02|03|06[0-2])", code)}
# Two editions are needed for a mismatch, and there is one: test_modules declares another.
del PAGES["SFT0234"]
del PAGES["SFT0314"]  # raised while a filter runs


LINTS = "SFT07"  # advice on specs that are sound: test_lint_pages
LATER = "SFT0202"  # what is checked and cannot run yet says so beside its mistakes


def findings(example: PageExample, code: str) -> list[str]:
    diagnostics = Diagnostics()
    world = FakeWorld(texts={"spec.sft": example.text, **example.files})
    compile_spec(SourceFile("spec.sft", example.text), world, diagnostics, settings=example.settings)
    codes = [item.code for item in diagnostics if not item.code.startswith(LINTS)]
    return [found for found in codes if found != LATER or code == LATER]


@pytest.mark.parametrize("code", PAGES)
def test_code_page(code: str) -> None:
    failing, *cured = page_examples(PAGES[code])
    assert findings(failing, code) == [code]
    assert cured
    assert [found for spec in cured for found in findings(spec, code)] == []
