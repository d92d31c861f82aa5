"""The scheduler on steps that take no model: equal work under two names, waiting, stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.artifacts import Objects
from runtime.store import Store
from sft.project import compile, run
from spec_lang.diagnostics import DiagnosticError

SPEC = """\
edition 2026
source one { path = "one.jsonl"   licence = "CC0-1.0"   origin = human }
source two { path = "two.jsonl"   licence = "CC0-1.0"   origin = human }
template t { user = "{question}"   assistant = "{answer}" }
filter short { keep words(question) in 1..4 }
task a { from = one   filters = [short]   templates = [t] }
task b { from = two   filters = [short]   templates = [t] }
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    rows = [{"question": "why " * n, "answer": str(n)} for n in range(1, 8)]
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "s.sft").write_text(SPEC)
    return tmp_path / "s.sft"


def test_equal_work_under_two_names_is_done_once_and_shown_twice(spec: Path) -> None:
    outcome = run(spec)
    assert (outcome.status, outcome.computed, outcome.cached) == ("done", 2, 2)
    steps = {
        row[0]: row[1:]
        for row in Store(spec.parent / ".sft").query(
            "SELECT step_id, status, rows_in, rows_out, rows_dropped FROM steps"
        )
    }
    assert steps["filter:a.short"] == ("done", 7, 4, 3)
    assert steps["filter:b.short"] == ("cached", 7, 4, 3)


def test_only_runs_what_a_step_needs_and_names_the_rest_skipped(spec: Path) -> None:
    run(spec, only="ingest:one")
    steps = dict(Store(spec.parent / ".sft").query("SELECT step_id, status FROM steps"))
    assert steps["ingest:one"] == "done" and steps["filter:a.short"] == "skipped"


def test_an_unknown_step_gets_a_suggestion(spec: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        run(spec, only="ingest:oen")
    assert "ingest:one" in (caught.value.diagnostics[0].help or "")


def test_a_deleted_object_is_made_again(spec: Path) -> None:
    run(spec)
    plan, _ = compile(spec)
    assert plan is not None
    folder = Objects(spec.parent / ".sft" / "objects").path(plan.step("ingest:one").hash)
    for file in folder.iterdir():
        file.unlink()
    assert run(spec).computed == 1


def test_a_run_that_waits_for_another_can_be_stopped(spec: Path) -> None:
    store = Store(spec.parent / ".sft").create()
    plan, _ = compile(spec)
    assert plan is not None
    with Objects(store.root / "objects").locked(plan.step("ingest:one").hash):
        waiting = subprocess.Popen(
            [sys.executable, "-m", "sft", "run", str(spec), "--plain"], stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr is not None
        while "waiting" not in waiting.stderr.readline():
            time.sleep(0.01)
        os.kill(waiting.pid, signal.SIGTERM)
        waiting.communicate(timeout=30)
    assert waiting.returncode == 130
