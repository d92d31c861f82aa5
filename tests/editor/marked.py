"""Specs with the cursor in them, written as ``‸``."""

from __future__ import annotations

from compiler.editor.document import Document
from spec_lang.source import SourceFile, Span
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART

CURSOR = "‸"


def marked(text: str, world: FakeWorld | None = None) -> tuple[Document, int]:
    """The document without the mark, and the offset where the mark was."""
    before, found, after = text.partition(CURSOR)
    assert found, "no cursor in the text"
    return Document(SourceFile("spec.sft", before + after), world or FakeWorld()), len(before)


def quickstart(old: str, new: str) -> tuple[Document, int]:
    """The quickstart with one piece replaced by one that holds the cursor."""
    assert old in QUICKSTART
    return marked(QUICKSTART.replace(old, new, 1))


def texts(document: Document, spans: tuple[Span, ...]) -> list[str]:
    return [document.file.slice(span) for span in spans]
