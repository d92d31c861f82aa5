"""Hover says what messages and the reference say, of the thing under the cursor."""

from __future__ import annotations

import pytest

from compiler.editor.document import Document
from compiler.editor.hover import hover
from spec_lang.source import SourceFile
from tests.compiler import test_lifecycle as lifecycle_spec
from tests.editor.marked import quickstart

# What is replaced, by what, and what the hover has to say.
SAYS = [
    ("source tickets {", "so‸urce tickets {", ["rows from a file", "`path`, `licence`, `origin`"]),
    ("licence =", "lic‸ence =", ["under which terms", "required"]),
    ("epochs        =", "ep‸ochs =", ["passes over the rows", "at least 1", "`1` when it is left out"]),
    ("keep words(instruction)", "keep wo‸rds(instruction)", ["words(text: text)", "number of words", "Gives number"]),
    (
        "keep words(instruction)",
        "keep words(inst‸ruction)",
        ["instruction: text", "source `tickets`", "field `message`"],
    ),
    ("metric exact = exact_match", "metric exact = exact‸_match", ["normalise = none", "Gives a share"]),
    ("keep words(instruction)", "keep wo‸rds(instruction)", ['For example `words("two  words")` is `2`']),
    ("filters   = [clean]", "filters = [cl‸ean]", ["filter clean {", "dedup exact on instruction", "spec.sft:"]),
    ("data      = triage.test", "data = triage.te‸st", ["part of `triage`"]),
    ("format.exact(tuned) >=", "format.ex‸act(tuned) >=", ["metric exact = exact_match()", "metric of `format`"]),
    ("each category", "each cat‸egory", ["slice of `format`"]),
    ("train = 70%", "train = 7‸0%", ["a share", "0.7"]),
    ("by 2pt", "by 2‸pt", ["percentage points", "0.02"]),
    ("512tok", "51‸2tok", ["512 tokens"]),
    ("dedup near  on", "dedup ne‸ar on", ["almost the same text"]),
    ("no_worse_than", "no_wor‸se_than", ["non-inferiority"]),
    ("overflow      = drop", "overflow = dr‸op", ["what happens to rows over `max_length`"]),
    ("adapter       = lora", "adapter = lo‸ra", ["LoRA of rank 16"]),
    ('user      = "{instruction}"', 'user = "{instr‸uction}"', ["column of source `tickets`"]),
    ("edition 2026", "edi‸tion 2026", ["the version of the language"]),
    ("gate release {", "# SFT03‸01 hurts\ngate release {", ["SFT0301 unknown-column"]),
    ("keep words(instruction)", "keep words(inst‸uction)", ["SFT0301 unknown-column", "output: text"]),
]


@pytest.mark.parametrize(("old", "new", "wanted"), SAYS, ids=[new for _, new, _ in SAYS])
def test_what_hover_says(old: str, new: str, wanted: list[str]) -> None:
    document, offset = quickstart(old, new)
    found = hover(document, offset)
    assert found is not None
    assert [piece for piece in wanted if piece not in found.text] == []
    assert found.span.start <= offset <= found.span.end


def test_nothing_is_said_of_nothing() -> None:
    document, offset = quickstart("filter clean {", "‸\n\nfilter clean {")
    assert hover(document, offset) is None


def test_control_characters_of_a_spec_are_shown_as_symbols() -> None:
    document, _ = quickstart('assistant = "{output}"', 'assistant = "\x1b[2J{output}"‸')
    at = document.text.index("[plain]") + 2
    found = hover(document, at)
    assert found is not None
    assert "\x1b" not in found.text and "␛" in found.text


# A word of the lifecycle spec, and what is said of it.
LATER = [
    ('env("OPEN', "env(", ["in no plan, hash or store"]),
    ("ifd(model", "ifd(", ["instruction-following difficulty"]),
    ("guard real_share", "real_share", ["the share of training rows that no model wrote"]),
    ("annotators.alpha", "alpha", ["Krippendorff"]),
    ("refusals == complied", "complied", ["label of `refusals`"]),
    ("over benign", "benign", ["benign = "]),
    ("progress.exact", "exact", ["metric of `progress`"]),
]


@pytest.mark.parametrize(("around", "word", "wanted"), LATER, ids=[word for _, word, _ in LATER])
def test_what_hover_says_of_the_later_kinds(around: str, word: str, wanted: list[str]) -> None:
    document = Document(SourceFile("assistant.sft", lifecycle_spec.SPEC), lifecycle_spec.world())
    found = hover(document, document.text.index(word, document.text.index(around)) + 1)
    assert found is not None
    assert [piece for piece in wanted if piece not in found.text] == []
