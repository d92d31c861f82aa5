"""Kill it anywhere, start it again: it continues, and ends with what an undisturbed run gives."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path

import pytest

from runtime.events import EventTail
from runtime.store import Store
from tests.e2e.project import Project, make_project


def fingerprint(project: Project) -> dict[str, str]:
    """What must be equal: the weights' bytes, every prediction, every verdict."""
    store = Store(project.root / ".sft")
    hashes = dict(store.query("SELECT DISTINCT step_id, step_hash FROM steps"))
    weights = hashlib.sha256()
    for path in sorted((store.root / "objects" / hashes["train:tuned"]).rglob("*.safetensors")):
        weights.update(path.read_bytes())
    predictions = store.query("SELECT step_hash, row_id, prompt, output FROM predictions ORDER BY ALL")
    gates = store.query("SELECT step_hash, requirement, part, verdict, estimate FROM gates ORDER BY ALL")
    return {
        "weights": weights.hexdigest(),
        "predictions": hashlib.sha256(repr(predictions).encode()).hexdigest(),
        "gates": repr(gates),
        "steps": repr(sorted(hashes.items())),
    }


def wait_for(project: Project, kind: str, step: str, process: object, count: int = 1) -> None:
    """Block until the running run has emitted ``count`` events of a kind for a step."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        seen = 0
        for path in (project.root / ".sft" / "runs").glob("*/events.jsonl"):
            events = EventTail(path).read()
            seen += sum(event.kind == kind and (event.step or "").startswith(step) for event in events)
        if seen >= count:
            return
        if process.poll() is not None:  # type: ignore[attr-defined]
            raise AssertionError(process.communicate())  # type: ignore[attr-defined]
        time.sleep(0.005)
    raise AssertionError(f"no {kind} of {step} within two minutes")


@pytest.mark.parametrize(
    ("kind", "step", "count"),
    [
        ("step_started", "filter:", 1),
        ("train_step", "train:", 5),
        ("progress", "predict:", 2),
        ("step_started", "measure:", 1),
    ],
    ids=["filter", "train", "predict", "measure"],
)
def test_a_killed_run_continues_to_the_same_end(
    finished: Project, tmp_path: Path, kind: str, step: str, count: int
) -> None:
    project = make_project(tmp_path / "project")
    process = project.start("run", "triage.sft", "--plain")
    wait_for(project, kind, step, process, count)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = project.sft("run", "triage.sft", "--plain")
    assert done.returncode == 0, done.stderr
    assert fingerprint(project) == fingerprint(finished)
    states = Store(project.root / ".sft").query("SELECT status FROM runs ORDER BY started_at")
    assert states == [("interrupted",), ("done",)]


def test_ctrl_c_saves_and_leaves_with_130(finished: Project, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    process = project.start("run", "triage.sft", "--plain")
    wait_for(project, "train_step", "train:", process, 3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err, err
    assert "continues" in err
    assert project.sft("run", "triage.sft").returncode == 0
    assert fingerprint(project) == fingerprint(finished)


def test_two_runs_at_once_share_the_work(finished: Project, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    first, second = project.start("run", "triage.sft", "--plain"), project.start("run", "triage.sft", "--plain")
    for process in (first, second):
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert fingerprint(project) == fingerprint(finished)
    store = Store(project.root / ".sft")
    doubled = store.query("SELECT step_hash FROM steps WHERE status = 'done' GROUP BY step_hash HAVING count(*) > 1")
    assert doubled == []
