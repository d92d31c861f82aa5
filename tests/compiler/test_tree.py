"""Walking a syntax tree: everything that has a place is found, in the order of the text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.tree import nodes
from spec_lang.ast import Name
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.source import SourceFile, Spanned

SPECS = sorted((Path(__file__).parents[1] / "lang" / "specs").glob("*.sft"))


def everything(node: Any) -> list[Any]:
    """All nodes, found through the fields of the classes."""
    if isinstance(node, tuple):
        return [found for item in node for found in everything(item)]
    if not isinstance(node, Spanned) or isinstance(node, Name):
        return []
    return [node, *(found for name in node.__struct_fields__ for found in everything(getattr(node, name)))]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_all_nodes_are_found_in_order(path: Path) -> None:
    blocks = parse(SourceFile(path.name, path.read_text(encoding="utf-8")), Diagnostics()).spec.blocks
    assert [id(node) for node in nodes(blocks)] == [id(node) for node in everything(blocks)]
