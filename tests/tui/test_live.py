from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.events import Event, EventWriter
from runtime.store import Store
from tests.tui.sample_store import RUN, event_writer
from tui import queries
from tui.live import LiveRun, Watcher, runner_gone, state_of
from tui.queries import TrainPoint
from tui.training_queries import Course
from tui.view_models.training import joined


def event(kind: str, at: float, step: str | None = "train:tuned", **data: object) -> Event:
    return Event(kind, at, step, dict(data))


def test_progress_gives_rate_and_time_left() -> None:
    live = LiveRun("r")
    live.fold([event("step_started", 100.0)])
    live.fold(event("progress", 100.0 + k, done=10 * k, total=100, unit="rows") for k in range(1, 6))
    _, progress = live.current() or ("", None)
    assert progress is not None
    assert progress.share == 0.5
    assert progress.rate == pytest.approx(10.0)
    assert progress.seconds_left == pytest.approx(5.0)


def test_the_rate_forgets_what_is_long_ago() -> None:
    """A step that started slowly, or was continued at 90%, is judged by its last seconds."""
    live = LiveRun("r")
    live.fold([event("progress", 0.0, done=0, total=1000, unit="rows")])
    live.fold(event("progress", 100.0 + k, done=500 + 50 * k, total=1000, unit="rows") for k in range(4))
    assert live.step("train:tuned").rate == pytest.approx(50.0)


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


def test_odd_event_values_do_not_stop_the_view() -> None:
    live = LiveRun("r")
    live.fold([event("progress", 0.0, done="many", total=None), event("train_step", 0.0, loss="nan")])
    assert live.step("train:tuned").share is None
    assert live.last_point("train:tuned") is None


def test_stored_points_win_over_live_ones() -> None:
    stored = Course((TrainPoint(1, loss=1.0),))
    merged = joined(stored, [TrainPoint(1, loss=9.0), TrainPoint(2, loss=0.5)])
    assert [(p.step, p.loss) for p in merged.points] == [(1, 1.0), (2, 0.5)]


def test_a_watcher_sees_what_was_added_and_new_runs(running: Store) -> None:
    watcher = Watcher(running.root / "runs")
    watcher.watch(RUN)
    first = watcher.look()
    assert first.events and first.history
    assert not watcher.look().events
    with_more = event_writer(running)
    with_more.emit("progress", "train:tuned", done=30, total=50, unit="steps")
    with_more.close()
    second = watcher.look()
    assert second.events and not second.history and not second.runs
    other = EventWriter(running.root / "runs" / "other" / "events.jsonl")
    other.emit("run_started", run_id="other")
    other.close()
    assert watcher.look().runs


def test_a_half_written_event_waits_for_its_end(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    path = tmp_path / "r" / "events.jsonl"
    line = Event("step_started", 1.0, "a", {}).to_line()
    path.write_text(line[:10], encoding="utf-8")
    watcher = Watcher(tmp_path)
    watcher.watch("r")
    assert not watcher.look().events
    path.write_text(line, encoding="utf-8")
    assert watcher.look().events


def test_a_run_whose_process_is_gone_is_interrupted(killed: Store) -> None:
    run = queries.run(killed, RUN)
    assert run.status == "running" and runner_gone(run) and state_of(run) == "interrupted"
    assert state_of(replace(run, pid=os.getpid())) == "running"
    assert state_of(replace(run, host=socket.gethostname() + "-other")) == "running"
    assert state_of(replace(run, status="done")) == "done"
