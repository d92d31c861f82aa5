"""Whatever a file holds, checking it ends in findings and not in a traceback."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.compile import check
from spec_lang import ast
from spec_lang.printer import print_spec
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART
from tests.lang.generated_specs import any_text, specs

TOKENS = re.findall(r'"[^"\n]*"|\w+|\s+|.', QUICKSTART)


def look(text: str) -> str:
    _, found = check(SourceFile("spec.sft", text), FakeWorld())
    return render_plain(found)


@settings(max_examples=100)
@given(any_text)
def test_text_of_any_kind(text: str) -> None:
    assert isinstance(look(text), str)


@settings(max_examples=50)
@given(specs)
def test_trees_that_mean_nothing(spec: ast.SpecFile) -> None:
    assert isinstance(look(print_spec(spec)), str)


edits = st.tuples(
    st.integers(0, len(TOKENS) - 1), st.sampled_from(["drop", "twice", "other"]), st.integers(0, len(TOKENS) - 1)
)


@settings(max_examples=100)
@given(st.lists(edits, min_size=1, max_size=4))
def test_a_spec_with_words_lost_doubled_and_mixed_up(slips: list[tuple[int, str, int]]) -> None:
    tokens = list(TOKENS)
    for at, slip, other in slips:
        tokens[at] = {"drop": "", "twice": f"{tokens[at]} {tokens[at]}", "other": tokens[other]}[slip]
    assert isinstance(look("".join(tokens)), str)
