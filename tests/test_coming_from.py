"""Specs that say what configurations of other tools say: sound, and described on the page that people read first."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from sft.project import check
from spec_lang.diagnostics import Severity
from spec_lang.render import render_plain

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples/coming-from"
SPECS = sorted(FOLDER.glob("*.sft"))
PAGE = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
SECTIONS = {
    name: body
    for body in PAGE.split("\n## ")[1:]
    for name in re.findall(r"\]\(\.\./examples/coming-from/([\w-]+\.sft)\)", body)
}


def test_every_spec_has_a_section_and_every_section_a_spec() -> None:
    assert len(SPECS) >= 8
    assert set(SECTIONS) == {spec.name for spec in SPECS}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_it_has_no_mistake_and_the_page_says_what_cannot_run_yet(spec: Path) -> None:
    found = check(spec)
    codes = {item.code for item in found if item.severity is Severity.ERROR}
    assert codes <= {"SFT0202"}, render_plain(found)
    assert ("SFT0202" in SECTIONS[spec.name]) == bool(codes)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_its_warnings_are_explained_on_the_page(spec: Path) -> None:
    found = {item.code for item in check(spec) if item.severity is Severity.WARNING}
    explained = {"SFT0715": "SFT0715", "SFT0721": "that of full\nweights"}
    assert [code for code in found if explained.get(code, code) not in PAGE] == []


def test_the_rows_are_what_their_script_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = runpy.run_path(str(FOLDER / "make_rows.py"))
    monkeypatch.setitem(script["main"].__globals__, "DATA", tmp_path)
    script["main"]()
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in (FOLDER / "data").iterdir()}
