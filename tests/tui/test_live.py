from __future__ import annotations

import os
import socket
import time

import pytest
from msgspec.structs import replace

from runtime.detached import interrupt
from runtime.events import Event
from runtime.processes import identity
from runtime.run_record import PROCESS, dead_runs, mark_interrupted
from runtime.store import Store
from tests.tui.sample_store import RUN
from tui import queries
from tui.live import RUN_STATES, STEP_STATES, LiveRun, runner_gone, state_of
from tui.queries import RunRow, StepRow, TrainPoint
from tui.training_queries import Course
from tui.view_models.runs import run_view
from tui.view_models.training import joined
from tui.watching import last_sign


def event(kind: str, at: float, step: str | None = "train:tuned", **data: object) -> Event:
    return Event(kind, at, step, dict(data))


def test_progress_gives_rate_and_time_left() -> None:
    live = LiveRun("r")
    live.fold([event("step_started", 100.0)])
    live.fold(event("progress", 100.0 + k, done=10 * k, total=100, unit="rows") for k in range(1, 6))
    _, progress = live.current() or ("", None)
    assert progress is not None
    assert progress.share == 0.5
    assert progress.rate(105.0) == pytest.approx(10.0)
    assert progress.seconds_left(105.0) == pytest.approx(5.0)


def test_the_rate_forgets_what_is_long_ago() -> None:
    """A step that started slowly, or was continued at 90%, is judged by its last seconds."""
    live = LiveRun("r")
    live.fold([event("progress", 0.0, done=0, total=1000, unit="rows")])
    live.fold(event("progress", 100.0 + k, done=500 + 50 * k, total=1000, unit="rows") for k in range(4))
    assert live.step("train:tuned").rate(103.0) == pytest.approx(50.0)


def test_a_step_from_which_nothing_comes_any_more_has_no_rate() -> None:
    """A hung download is not "3 minutes left" for hours; a step that tells every five minutes is not hung."""
    live = LiveRun("r")
    live.fold(event("progress", 100.0 + k, done=10 * k, total=100, unit="rows") for k in range(6))
    live.fold(event("progress", 300.0 * k, "a", done=k, total=9, unit="files") for k in range(3))
    step, slow = live.step("train:tuned"), live.step("a")
    assert step.quiet(204.0) is None and step.rate(204.0) == pytest.approx(10.0)
    assert step.quiet(825.0) == 720.0 and step.rate(825.0) is None and step.seconds_left(825.0) is None
    assert slow.rate(1900.0) == pytest.approx(1 / 300) and slow.quiet(2200.0) == 1600.0
    row = StepRow(0, "train:tuned", "train", "tuned", "h", {}, "running", None, None, None, None, None, {}, None, None)
    run = RunRow("r", "s", "running", None, 0.0, None, os.getpid(), "elsewhere", None, 1, 0)
    assert run_view(run, [row], 825.0, live).steps[0].note == "50/100 rows · no progress for 12 min 00 s"


def test_states_follow_the_events() -> None:
    live = LiveRun("r")
    live.fold(
        [event("run_started", 0.0, None, steps=[{"id": "a", "status": "cached"}, {"id": "b", "status": "pending"}])]
    )
    live.fold([event("step_started", 1.0, "b"), event("step_failed", 2.0, "b", status="failed", error="no")])
    assert {name: step.state for name, step in live.steps.items()} == {"a": "cached", "b": "failed"}
    before = live.generation
    live.fold([event("run_finished", 3.0, None, status="failed", verdict=None)])
    assert live.status == "failed" and live.generation == before + 1


def test_training_points_are_numbered_and_never_twice() -> None:
    live = LiveRun("r")
    live.fold([event("train_step", 0.0, at_step=5, loss=1.0), event("progress", 0.1, done=5, total=9, loss=1.0)])
    live.fold([event("train_step", 0.2, loss=0.9, tokens_per_second=500.0)])
    assert [(p.step, p.loss) for p in live.points["train:tuned"]] == [(5, 1.0), (6, 0.9)]
    last = live.last_point("train:tuned")
    assert last is not None and last.tokens_per_second == 500.0


@pytest.mark.parametrize(
    "data",
    [
        {"done": "many", "total": None},
        {"done": 10**400, "total": 1},
        {"done": -5, "total": 1e308, "unit": ["x"]},
        {"at_step": float("inf"), "loss": float("nan"), "done": 1},
        {"steps": 7, "status": {"a": 1}, "text": None, "verdict": []},
        {"steps": [1, {}, {"id": 3}, {"id": "a", "status": "\x1b[2J"}], "status": "\x1b[2J"},
    ],
)
def test_odd_event_values_do_not_stop_the_view(data: dict[str, object]) -> None:
    live = LiveRun("r")
    for kind in ("run_started", "progress", "train_step", "note", "step_finished", "step_failed", "run_finished"):
        live.fold([event(kind, 1.0, None if kind.startswith("run") else "train:tuned", **data)])
    assert live.last_point("train:tuned") is None
    told = [live.status, *(step.state for step in live.steps.values())]
    assert set(told) <= RUN_STATES | STEP_STATES
    share = live.step("train:tuned").share
    assert share is None or 0 <= share <= 1


def test_stored_points_win_over_live_ones() -> None:
    stored = Course((TrainPoint(1, loss=1.0),))
    merged = joined(stored, [TrainPoint(1, loss=9.0), TrainPoint(2, loss=0.5)])
    assert [(p.step, p.loss) for p in merged.points] == [(1, 1.0), (2, 0.5)]


def test_a_run_whose_process_is_gone_is_interrupted(killed: Store) -> None:
    run = queries.run(killed, RUN)
    assert run.status == "running" and runner_gone(run) and state_of(run) == "interrupted"
    assert state_of(replace(run, pid=os.getpid(), process=identity(os.getpid()))) == "running"
    assert state_of(replace(run, host=socket.gethostname() + "-other")) == "running"
    assert state_of(replace(run, status="done")) == "done"


def test_a_process_that_has_only_got_the_number_of_a_run_is_not_the_run(killed: Store) -> None:
    """After a restart a small number belongs to another one, in a container often to the dashboard itself."""
    run = replace(queries.run(killed, RUN), pid=os.getpid())
    assert state_of(replace(run, process=identity(os.getppid()))) == "interrupted"
    assert "its process has ended" in interrupt(os.getpid(), run.host, identity(os.getppid()))
    with killed.writing() as con:
        con.execute("UPDATE runs SET pid = ?", [os.getpid()])
        con.execute("UPDATE environment SET value = 'of another boot' WHERE key = ?", [PROCESS])
    assert dead_runs(killed) == [RUN] and state_of(queries.run(killed, RUN)) == "interrupted"
    # What an earlier version began has recorded no process: one that was born later is not it, and gets no signal.
    old = replace(run, process="")
    assert state_of(replace(old, started_at=0.0)) == "interrupted"
    assert state_of(replace(old, started_at=time.time())) == "running"
    assert "kill -INT" in interrupt(os.getpid(), run.host, "")


def test_a_dead_run_has_its_last_sign_as_its_end_and_skips_what_it_never_came_to(killed: Store) -> None:
    mark_interrupted(killed, [RUN])
    run, steps = queries.run(killed, RUN), queries.steps(killed, RUN)
    sign = last_sign(killed.root / "runs", RUN)
    assert run.status == "interrupted" and sign is not None and run.ended_at == pytest.approx(sign, abs=1e-3)
    assert [step.status for step in steps[5:]] == ["interrupted", *["skipped"] * 8]
