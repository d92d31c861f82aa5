"""Two specs by meaning: pages of pairs with what differs, and laws over random trees."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from compiler.spec_diff import BlockChange, EntryChange, diff_specs
from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.printer import print_spec
from spec_lang.source import SourceFile
from tests.compiler.quickstart import QUICKSTART
from tests.lang.generated_specs import specs

PAGES = Path(__file__).parent / "spec_diff"
TRIPLE = re.compile(r"^```sft old\n(.*?)^```\n+```sft new\n(.*?)^```\n+```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKS = {"added": "+", "removed": "-", "renamed": ">", "changed": "~"}
EXAMPLES = [match.groups() for path in sorted(PAGES.glob("*.md")) for match in TRIPLE.finditer(path.read_text("utf-8"))]


def tree(text: str) -> tuple[ast.SpecFile, SourceFile]:
    found, file = Diagnostics(), SourceFile("spec.sft", text)
    spec = parse(file, found).spec
    assert not len(found), list(found)
    return spec, file


def shown(change: BlockChange) -> str:
    was = f", was {change.was}" if change.was else ""
    return f"{MARKS[change.kind]} {change.title}{was} ({change.line})\n" + "".join(map(entry, change.entries))


def entry(change: EntryChange) -> str:
    name = f"{change.path}: " if change.path else ""
    if change.old is None or change.new is None:
        return f"    {'+' if change.old is None else '-'} {name}{change.new if change.old is None else change.old}\n"
    return f"    ~ {name}{change.old} -> {change.new}\n"


@pytest.mark.parametrize(("old", "new", "expected"), EXAMPLES)
def test_page(old: str, new: str, expected: str) -> None:
    assert "".join(map(shown, diff_specs(*tree(old), *tree(new)))) == expected


def test_there_are_pages() -> None:
    assert len(EXAMPLES) >= 5


def shuffled(spec: ast.SpecFile, dice: random.Random) -> ast.SpecFile:
    """The same blocks and fields in another order; rules stay where they are among themselves."""

    def block(old: ast.Block) -> ast.Block:
        fields = [item for item in old.body.entries if isinstance(item, ast.Field)]
        others = [item for item in old.body.entries if not isinstance(item, ast.Field)]
        dice.shuffle(fields)
        return replace(old, body=replace(old.body, entries=(*others, *fields)))

    blocks = [block(item) for item in spec.blocks]
    dice.shuffle(blocks)
    return replace(spec, blocks=tuple(blocks))


@given(st.integers(0, 10_000))
def test_order_and_formatting_say_nothing(seed: int) -> None:
    spec, file = tree(QUICKSTART)
    other = print_spec(shuffled(spec, random.Random(seed)))
    assert diff_specs(spec, file, *tree(other)) == ()


@settings(max_examples=60)
@given(specs, specs)
def test_any_spec_is_itself_and_any_two_can_be_compared(old: ast.SpecFile, new: ast.SpecFile) -> None:
    """In pairs for both, because to draw a spec takes ten times as long as to compare it."""
    file = SourceFile("spec.sft", "")
    for one in (old, new):
        assert diff_specs(one, file, one, file) == ()
    for change in diff_specs(old, file, new, file):
        assert change.kind in MARKS and (change.kind != "changed" or change.entries)
