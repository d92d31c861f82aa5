"""Kill it anywhere, start it again: it continues, and ends with what an undisturbed run gives."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import time
from pathlib import Path

from runtime.events import EventTail
from runtime.store import Store
from tests.e2e.project import Project, make_project
from tests.forks import Forked

Process = Forked | subprocess.Popen[str]


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


def runs_of(project: Project) -> set[Path]:
    return set((project.root / ".sft" / "runs").glob("*"))


def wait_for(project: Project, earlier: set[Path], kind: str, step: str, process: Process, count: int) -> None:
    """Block until a run that is none of the ``earlier`` ones has emitted ``count`` events of a kind for a step."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for run in runs_of(project) - earlier:
            events = EventTail(run / "events.jsonl").read() if (run / "events.jsonl").exists() else []
            if sum(event.kind == kind and (event.step or "").startswith(step) for event in events) >= count:
                return
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.005)
    raise AssertionError(f"no {kind} of {step} within two minutes")


# Where a run is when it is stopped, one after the other in one project: each begins with what the one before has left.
STOPS = (
    ("step_started", "filter:", 1, signal.SIGKILL),
    ("train_step", "train:", 3, signal.SIGINT),
    ("train_step", "train:", 5, signal.SIGKILL),
    ("progress", "predict:", 2, signal.SIGKILL),
    ("step_started", "measure:", 1, signal.SIGKILL),
)


def test_a_run_that_is_stopped_anywhere_continues_to_the_same_end(finished: Project, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    for kind, step, count, how in STOPS:
        earlier = runs_of(project)
        words = ("run", "triage.sft", "--plain")
        process: Process = project.begin(*words) if how is signal.SIGINT else project.start(*words)
        wait_for(project, earlier, kind, step, process, count)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        if how is signal.SIGINT:
            assert process.returncode == 130 and "Traceback" not in err and "continues" in err, err
        else:
            assert process.returncode == -how, err
    done = project.sft("run", "triage.sft", "--plain")
    assert done.returncode == 0, done.stderr
    assert fingerprint(project) == fingerprint(finished)
    states = Store(project.root / ".sft").query("SELECT status FROM runs ORDER BY started_at")
    assert states == [("interrupted",)] * len(STOPS) + [("done",)]


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
