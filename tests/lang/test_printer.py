"""What is printed reads back to the same tree, and prints the same again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from spec_lang import ast
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.printer import expression_text, print_spec, rule_text
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.lang.generated_specs import specs

SPECS = sorted((Path(__file__).parent / "specs").glob("*.sft"))


def read(text: str) -> ast.SpecFile:
    diagnostics = Diagnostics()
    result = parse(SourceFile("spec.sft", text), diagnostics)
    assert render_plain(diagnostics) == ""
    return result.spec


def read_rule(text: str) -> ast.Rule:
    rule = read(f"edition 2026\nfilter f {{ {text} }}").blocks[0].body.entries[0]
    assert isinstance(rule, ast.Rule)
    return rule


@settings(max_examples=120)
@given(specs)
def test_generated_specs_read_back(spec: ast.SpecFile) -> None:
    text = print_spec(spec)
    assert read(text) == spec
    assert print_spec(read(text)) == text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_whole_specs_read_back(path: Path) -> None:
    spec = read(path.read_text(encoding="utf-8"))
    assert read(print_spec(spec)) == spec


@pytest.mark.parametrize(
    "text",
    [
        "words(instruction) in 3..80",
        "not (a or b) and c",
        "a or b and c",
        "(a or b) and c",
        "a - (b - c) - d",
        "-(a + b) * -c",
        "(a == b) == (c in 1..2 + 3)",
        "rouge_l(instruction, against = [a, b.exact]) < 0.7",
        "`order id` != `it``s`",
        r'instruction matches r"(?i)lorem \d{2}"',
        "x > lora { rank = 16   alpha = 500 rows }",
    ],
)
def test_canonical_expressions_stay_as_they_are(text: str) -> None:
    assert expression_text(read_rule(f"keep {text}").expr) == text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("keep((a))and(b*c)", "keep a and b * c"),
        ("keep x in(1)..(2+3)", "keep x in 1..2 + 3"),
        ("keep (drop) == 1", "keep (drop == 1)"),
        ('drop x because """\n  two\n  lines\n  """', 'drop x because "two\\nlines"'),
        ("dedup near on x at 90.0%", "dedup near on x at 90%"),
        ("stop when x falls 2_0pt", "stop when x falls 20pt"),
        ("keep x < 120min", "keep x < 2h"),
    ],
)
def test_rules_in_canonical_form(written: str, canonical: str) -> None:
    assert rule_text(read_rule(written)) == canonical


def test_layout() -> None:
    spec = read(
        'edition 2026 import "./a.sft" as a param n=2 source t{path="x" licence="CC0-1.0" columns{a=b c=d} keep a}'
        ' template p { user = "one\\ntwo\\n\\n  three" adapter = lora { rank = 16 inner = x { } } empty {} }'
    )
    assert (
        print_spec(spec)
        == '''edition 2026

import "./a.sft" as a

param n = 2

source t {
  path    = "x"
  licence = "CC0-1.0"
  columns { a = b   c = d }
  keep a
}

template p {
  user    = """
    one
    two

      three
    """
  adapter = lora {
    rank  = 16
    inner = x {}
  }
  empty {}
}
'''
    )
