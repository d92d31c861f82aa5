"""A mistake costs the block it is in: no other block, and no second message."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from spec_lang.diagnostics import Diagnostics
from spec_lang.lexing import tokens_of
from spec_lang.parsing import parse
from spec_lang.recovery import segments
from spec_lang.source import SourceFile

QUICKSTART = (Path(__file__).parent / "specs" / "quickstart.sft").read_text(encoding="utf-8")


def test_every_token_is_in_one_segment_in_order() -> None:
    file = SourceFile("spec.sft", QUICKSTART.replace("}", "", 3) + "} x { } } = 3")
    tokens, _ = tokens_of(file)
    joined = [token for segment in segments(file, tokens) for token in segment.tokens]
    assert [id(token) for token in joined] == [id(token) for token in tokens]


@settings(max_examples=300)
@given(st.data())
def test_one_lost_or_added_sign_is_one_finding(data: st.DataObject) -> None:
    """Take any one brace, bracket or `=` away from the quickstart: at most two findings, most blocks still read.

    Two, since without its `{` a block also has a `}` too many. None without the `=` of `adapter = lora { … }`,
    which leaves a nested block.
    """
    file = SourceFile("spec.sft", QUICKSTART)
    tokens, _ = tokens_of(file)
    token = data.draw(
        st.sampled_from([token for token in tokens if token.text in ("{", "}", "(", ")", "[", "]", "=", ",")])
    )
    text = QUICKSTART[: token.span.start] + " " + QUICKSTART[token.span.end :]
    diagnostics = Diagnostics()
    result = parse(SourceFile("spec.sft", text), diagnostics)
    assert len(diagnostics) <= 2
    assert len(diagnostics) >= 1 or token.text == "="
    assert len(result.spec.blocks) >= 8
