"""The whole lifecycle in one spec: all of it is understood, and what cannot run yet is said once a block or field."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.compile import check
from compiler.hashing import hash_text
from compiler.schema.catalogue import LATER_KINDS
from compiler.world import ColumnType, SourceFacts
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.compiler.fake_world import FakeWorld

HERE = Path(__file__).parent / "lifecycle"
ROWS: dict[str, ColumnType] = {"instruction": "text", "output": "text"}
SOURCES: dict[str, dict[str, ColumnType]] = {
    "seeds.jsonl": {"request": "text", "input": "text", "answer": "text"},
    "sums.jsonl": ROWS,
    "next_seeds.jsonl": ROWS,
    "bench.jsonl": ROWS,
    "pairs.jsonl": {"prompt": "text", "chosen": "text", "rejected": "text"},
    "reviewed.jsonl": ROWS | {"label": "text"},
    "xstest_safe.jsonl": ROWS,
    "xstest_unsafe.jsonl": ROWS,
    "harmbench.jsonl": ROWS,
    "inhouse.jsonl": ROWS,
    "moderated.jsonl": {"output": "text", "label": "text"},
    "labels.jsonl": {
        "id": "number",
        "topic": "text",
        "question": "text",
        "answer": "text",
        "annotation_1": "text",
        "annotation_2": "text",
        "final_label": "text",
    },
    "gold.jsonl": {"id": "number", "final_label": "text"},
    "feedback.jsonl": {"consent": "bool", "at": "text", "thumb": "bool"},
}


def world() -> FakeWorld:
    facts = {path: SourceFacts("jsonl", ((path, hash_text(path)),), columns, 1000) for path, columns in SOURCES.items()}
    texts = {path.relative_to(HERE).as_posix(): path.read_text() for path in HERE.rglob("*.*")}
    return FakeWorld(sources=facts, texts=texts)


def findings(text: str) -> Diagnostics:
    return check(SourceFile("assistant.sft", text), world())[1]


SPEC = (HERE / "assistant.sft").read_text(encoding="utf-8")


def test_nothing_but_what_cannot_run_yet() -> None:
    found = findings(SPEC)
    unexpected = [item for item in found if item.code != "SFT0202" and not item.code.startswith("SFT07")]
    assert unexpected == []


def test_every_later_kind_is_there_and_said_once() -> None:
    said = Counter(item.message for item in findings(SPEC) if item.code == "SFT0202")
    for kind in LATER_KINDS:
        blocks = sum(line.startswith(f"{kind} ") for line in SPEC.splitlines())
        assert said[f"`{kind}` is not runnable yet"] == blocks > 0


WORDS = re.findall(r"\w+|[^\w\s]", SPEC)


@settings(max_examples=60)
@given(st.integers(0, len(SPEC)), st.integers(0, 40), st.sampled_from(WORDS))
def test_damage_gives_findings_and_never_a_crash(start: int, length: int, word: str) -> None:
    findings(SPEC[:start] + word + SPEC[start + length :])


@pytest.mark.parametrize("name", sorted({*re.findall(r"^\w+ (\w+) +\{", SPEC, re.MULTILINE)} - {"release"}))
def test_a_misspelt_block_is_found_wherever_it_is_used(name: str) -> None:
    """Every block is named by another one; renamed, it is missed there and nothing else is reported."""
    used = len(re.findall(rf"(?<![\w.\"/]){name}\b(?![\w\"/])", SPEC)) - 1
    renamed = re.sub(rf"^(\w+) {name}( +)\{{", rf"\1 {name}_x\2{{", SPEC, count=1, flags=re.MULTILINE)
    missed = [item for item in findings(renamed) if item.code != "SFT0202" and not item.code.startswith("SFT07")]
    assert {item.code for item in missed} <= {"SFT0203"}
    assert not used or missed


def test_a_place_is_said_once() -> None:
    places = [item.primary.span for item in findings(SPEC) if item.code == "SFT0202" and item.primary]
    assert len(places) == len(set(places))


def test_the_resolved_blocks_are_there_for_their_lowering() -> None:
    spec, _ = check(SourceFile("assistant.sft", SPEC), world())
    kinds = {*LATER_KINDS, "loop", "policy", "judge", "review"}
    assert {type(item).__name__ for item in spec.later.values()} == {f"Resolved{kind.capitalize()}" for kind in kinds}
