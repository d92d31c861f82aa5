"""Why a step runs again, in words: the field with both values and its line, the file, or the upstream step."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from compiler.plan import STEP_VERSIONS, Plan, StepKind
from compiler.plan_diff import StepChange, diff, diff_plans, previous_steps
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed
from tests.compiler.test_hashes import plan_of

BEFORE = plan_of(QUICKSTART)
WITHOUT_CHATTY = changed(", chatty]", "]", changed("  require spread(format.exact(tuned), templates) <= 30pt\n", ""))
RENDER = "template `plain`: Triage the support message. Reply with … -> Sort. Reply with JSON: category, order,…"


def changes(after: Plan, before: Plan = BEFORE) -> dict[str, StepChange]:
    """Every result of ``before`` is there."""
    found = diff(after, previous_steps(before), {step.hash for step in before})
    return {change.step_id: change for change in found}


def test_nothing_changed() -> None:
    assert {change.state for change in changes(BEFORE).values()} == {"cached"}
    assert {change.reasons for change in changes(BEFORE).values()} == {()}


def test_a_first_run_is_new() -> None:
    assert {(c.state, c.reasons) for c in diff(BEFORE, {}, set())} == {("run", ("new",))}


def test_an_interrupted_step_is_not_finished() -> None:
    cached = {step.hash for step in BEFORE if step.id != "train:tuned"}
    found = [change for change in diff(BEFORE, previous_steps(BEFORE), cached) if change.state != "cached"]
    assert found == [StepChange("train:tuned", "run", ("it was not finished before",))]


@pytest.mark.parametrize(
    ("old", "new", "step", "reason", "written"),
    [
        ("1e-3", "2e-3", "train:tuned", "learning_rate: 0.001 -> 0.002", "learning_rate"),
        ("rank = 16", "rank = 8", "train:tuned", "adapter.rank: 16 -> 8", "adapter "),
        ("lora { rank = 16   alpha = 32 }", "none", "train:tuned", "adapter: lora -> none", "adapter "),
        ("  seed          = 7\n", "", "train:tuned", "seed: 7 -> 0", "train tuned"),
        ("3..80", "3..90", "filter:triage.clean", "rule 1: 80 -> 90", "keep words"),
        ("dedup exact on instruction\n", "\n", "filter:triage.clean", "rules: 4 -> 3", "filter clean"),
        ("Triage the support message", "Sort", "render:triage.train", RENDER, "template plain"),
        ("train = 70%   v", "train = 60%   more = 10%   v", "split:triage", "parts: 3 -> 4", "task triage"),
        ("test = 20%", "tests = 20%", "split:triage", "part `tests`: test -> tests", "split {"),
        ("tokens = 48", "tokens = 9", "predict:format.smol.plain", "decode.max_new_tokens: 48 -> 9", "decode "),
        ("valid_json()", "contains()", "measure:format", "metric `json`: valid_json -> contains", "metric json"),
        (">= 80% ", ">= 81% ", "gate:release", "requirement 1: 0.8 -> 0.81", "require format"),
        ("instruction = message", "instruction = label", "ingest:tickets", "columns: 7 -> 8", "columns {"),
    ],
)
def test_the_first_reason_names_the_field_and_its_line(
    old: str, new: str, step: str, reason: str, written: str
) -> None:
    text = changed(old, new)
    if new.startswith("tests"):
        text = changed("triage.test", "triage.tests", text)
    change = changes(plan_of(text))[step]
    line = text[: text.index(written)].count("\n") + 1
    assert (change.state, change.reasons[0]) == ("rerun", f"{reason} (triage.sft:{line})")


def test_what_follows_names_the_step_before_it() -> None:
    found = changes(plan_of(changed("3..80", "3..90")))
    assert found["split:triage"].reasons == ("because filter:triage.clean reruns",)
    assert found["predict:format.tuned.plain"].reasons == (
        "because render:format.plain reruns",
        "because train:tuned reruns",
    )


def test_a_step_whose_new_input_is_cached_reads_a_changed_one() -> None:
    """Going back to earlier data: the input needs no run, what reads it does."""
    other = plan_of(changed("3..80", "3..90"))
    cached = {step.hash for step in other} | {step.hash for step in BEFORE if step.kind in ("ingest", "filter")}
    found = {change.step_id: change for change in diff(BEFORE, previous_steps(other), cached)}
    assert found["filter:triage.clean"].state == "cached"
    assert found["split:triage"].reasons == ("because filter:triage.clean changed",)


def test_files_models_and_versions_are_named() -> None:
    world = FakeWorld(chat_template="other")
    world.sources["tickets.jsonl"] = replace(world.sources["tickets.jsonl"], files=(("tickets.jsonl", "f" * 32),))
    found = changes(plan_of(QUICKSTART, world))
    assert found["ingest:tickets"].reasons == ("tickets.jsonl changed",)
    assert "the chat template of `smol` changed" in found["train:tuned"].reasons
    old = previous_steps(BEFORE)
    old["ingest:tickets"] = replace(old["ingest:tickets"], version=0, hash="0")
    cached = {step.hash for step in BEFORE if step.kind != "ingest"}
    assert diff(BEFORE, old, cached)[0].reasons == (
        f"this version of sft does ingest differently (0 -> {STEP_VERSIONS[StepKind.INGEST]})",
    )


def test_inputs_that_come_and_go() -> None:
    without = plan_of(changed("  validation    = triage.validation\n", ""))
    assert changes(without)["train:tuned"].reasons == ("no longer reads `render:triage.validation`",)
    assert changes(BEFORE, without)["train:tuned"].reasons == ("reads `render:triage.validation` too",)


def test_a_renamed_block_is_told_as_a_rename() -> None:
    """Not as one step gone and another new; also when what is before it changed."""
    text = changed("[clean]", "[tidy]", changed("filter clean", "filter tidy"))
    found = changes(plan_of(text))
    assert found["filter:triage.tidy"] == StepChange("filter:triage.tidy", "cached", (), "filter:triage.clean")
    assert {change.state for change in found.values()} == {"cached"}
    found = changes(plan_of(changed("instruction = message", "instruction = label", text)))
    moved = found["filter:triage.tidy"]
    assert (moved.state, moved.renamed_from) == ("rerun", "filter:triage.clean")
    assert moved.reasons == ("because ingest:tickets reruns",)
    assert found["split:triage"].reasons == ("because filter:triage.tidy reruns",)


def test_a_renamed_model_renames_what_is_made_with_it() -> None:
    found = changes(plan_of(QUICKSTART.replace("tuned", "student")))
    assert found["train:student"].renamed_from == "train:tuned"
    assert found["predict:format.student.chatty"].renamed_from == "predict:format.tuned.chatty"
    assert {step for step, change in found.items() if change.state != "cached"} == {"measure:format", "gate:release"}


def test_what_the_last_run_had_and_the_plan_has_not_is_an_orphan() -> None:
    found = diff(plan_of(WITHOUT_CHATTY), previous_steps(BEFORE), {step.hash for step in BEFORE})
    gone = [change for change in found if change.state == "orphan"]
    assert gone == [*found[-3:]]
    assert [change.step_id for change in gone] == [
        "render:format.chatty",
        "predict:format.smol.chatty",
        "predict:format.tuned.chatty",
    ]


def test_cells_of_an_eval_are_compared_as_a_set() -> None:
    without = plan_of(WITHOUT_CHATTY)
    assert changes(without)["measure:format"].reasons[1:] == (
        "no longer reads `predict:format.smol.chatty`",
        "no longer reads `predict:format.tuned.chatty`",
    )
    assert changes(BEFORE, without)["measure:format"].reasons[1:] == (
        "reads `predict:format.smol.chatty` too",
        "reads `predict:format.tuned.chatty` too",
    )


def test_everything_that_changed_in_a_step_is_told() -> None:
    text = QUICKSTART
    for old, new in (
        ("rank = 16   alpha = 32", "rank = 8   alpha = 8"),
        ("epochs        = 1", "epochs        = 2"),
        ("batch         = 8", "batch         = 4"),
        ("1e-3", "2e-3"),
        ("512tok", "256tok"),
        ("overflow      = drop", "overflow      = error"),
        ("seed          = 7", "seed          = 8"),
    ):
        text = changed(old, new, text)
    told = [reason.split(":")[0] for reason in changes(plan_of(text))["train:tuned"].reasons]
    fields = ["adapter.rank", "adapter.alpha", "epochs", "batch", "learning_rate", "max_length", "overflow", "seed"]
    assert sorted(told) == sorted(fields)


def test_files_of_a_glob_are_told_by_what_is_in_them() -> None:
    def reading(**files: str) -> Plan:
        world = FakeWorld()
        found = tuple((f"{name}.jsonl", content * 32) for name, content in files.items())
        world.sources["tickets.jsonl"] = replace(world.sources["tickets.jsonl"], files=found)
        return plan_of(QUICKSTART, world)

    before = reading(a="1", b="2", c="3")
    assert changes(reading(b="2", c="3"), before)["ingest:tickets"].reasons == ("a.jsonl is no longer read",)
    assert changes(reading(b="2", c="3", z="1"), before)["ingest:tickets"].reasons == ("a.jsonl is called z.jsonl now",)
    assert changes(reading(a="1", b="9", c="3", d="4"), before)["ingest:tickets"].reasons == (
        "b.jsonl changed",
        "d.jsonl is read too",
    )


TWO = """edition 2026
source tickets { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }
filter few  { keep id < 10 }
filter many { keep id < 30 }
task one { from = tickets   filters = [few] }
task two { from = tickets   filters = [many] }
"""


def test_steps_that_changed_places_are_no_equal_plans() -> None:
    """A result that is in the store under another step's name spares work; it makes no two plans the same."""
    swapped = plan_of(TWO.replace("< 10", "< 0").replace("< 30", "< 10").replace("< 0", "< 30"))
    before = plan_of(TWO)
    assert {change.state for change in diff(swapped, previous_steps(before), {s.hash for s in before})} == {"cached"}
    found = {change.step_id: change for change in diff_plans(swapped, before)}
    assert found["filter:one.few"].state == found["filter:two.many"].state == "rerun"
    assert {change.state for change in diff_plans(before, before)} == {"cached"}
