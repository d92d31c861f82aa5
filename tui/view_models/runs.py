"""The list of runs, and one run as its steps with their state, rows, time and reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tui.formats import NOTHING, ago, count, duration, rate
from tui.live import LiveRun, Progress, state_of
from tui.queries import RunRow, StepRow

STATE_MARKS = {
    "pending": "·",
    "running": "▶",
    "cached": "=",
    "done": "✓",
    "failed": "✗",
    "skipped": "-",
    "interrupted": "!",
}
VERDICT_MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?"}
# Which view tells more about a step of this kind.
VIEW_OF_KIND = {
    "ingest": "data",
    "generate": "data",
    "filter": "data",
    "split": "data",
    "decontaminate": "data",
    "render": "data",
    "mix": "data",
    "train": "training",
    "predict": "predictions",
    "likelihood": "predictions",
    "measure": "predictions",
    "gate": "verdicts",
    "guard": "data",
    "round": "rounds",
    "select": "rounds",
}


class RunLine(Struct, frozen=True):
    run_id: str
    spec: str
    status: str
    verdict: str | None
    started: str
    took: str
    steps: str
    error: str | None


class StepLine(Struct, frozen=True):
    """One step of a run. ``share`` is its progress while it runs, None otherwise."""

    step_id: str
    kind: str
    name: str
    status: str
    rows_in: int | None
    rows_out: int | None
    rows_dropped: int | None
    took: str
    seconds: float | None
    note: str
    share: float | None
    view: str


class Warned(Struct, frozen=True):
    """What a step has found that stopped nothing."""

    step_id: str
    code: str
    message: str
    help: str | None


class RunView(Struct, frozen=True):
    run_id: str
    spec: str
    status: str
    verdict: str | None
    headline: str
    error: str | None
    steps: tuple[StepLine, ...]
    warnings: tuple[Warned, ...] = ()


def run_line(run: RunRow, now: float) -> RunLine:
    status = state_of(run)
    end = run.ended_at if run.ended_at is not None else now if status == "running" else None
    cached = f" ({run.cached} cached)" if run.cached else ""
    return RunLine(
        run.run_id,
        run.spec,
        status,
        run.verdict,
        ago(run.started_at, now),
        duration(None if end is None else end - run.started_at),
        f"{count(run.steps)} step{'s' * (run.steps != 1)}{cached}",
        run.error,
    )


def run_view(run: RunRow, steps: list[StepRow], now: float, live: LiveRun | None = None) -> RunView:
    """A run with its steps; ``live`` adds what its events tell of steps that the store does not know as ended."""
    status = state_of(run)
    if status == "running" and live is not None:
        status = live.status
    lines = tuple(_step_line(step, status, now, live) for step in steps)
    headline, warned = _headline(run, lines, now), run_warnings(steps)
    return RunView(run.run_id, run.spec, status, run.verdict, headline, run.error, lines, warned)


def run_warnings(steps: Sequence[StepRow]) -> tuple[Warned, ...]:
    """What steps have found, of rows that were lost for example; what loops found stands with their rounds."""
    return tuple(
        Warned(step.step_id, str(item.get("code", "")), str(item.get("message", "")), item.get("help"))
        for step in steps
        if step.status in ("done", "cached") and step.labels.get("loop") is None
        for item in step.summary.get("findings", ())
    )


def _headline(run: RunRow, lines: tuple[StepLine, ...], now: float) -> str:
    ended = sum(line.status in ("done", "cached") for line in lines)
    parts = [f"{ended} of {len(lines)} steps", f"started {ago(run.started_at, now)}"]
    if run.ended_at is not None:
        parts.append(f"took {duration(run.ended_at - run.started_at)}")
    return " · ".join(parts)


def _step_line(step: StepRow, run_status: str, now: float, live: LiveRun | None) -> StepLine:
    status, progress = step.status, live.steps.get(step.step_id) if live else None
    if progress is not None and status in ("pending", "running"):
        status = progress.state
    if run_status == "interrupted" and status == "running":
        status = "interrupted"
    took, note, share = duration(step.seconds), _note(step, status), None
    if status == "running" and progress is not None:
        took = duration(now - progress.started_at) if progress.started_at else NOTHING
        share, note = progress.share, _progress_note(progress, now)
    return StepLine(
        step.step_id,
        step.kind,
        step.name,
        status,
        step.rows_in,
        step.rows_out,
        step.rows_dropped,
        took,
        step.seconds,
        note,
        share,
        VIEW_OF_KIND.get(step.kind, "run"),
    )


def _progress_note(progress: Progress, now: float) -> str:
    """How far a step is and how fast; once nothing comes any more, for how long."""
    done = f"{count(round(progress.done))}/{count(round(progress.total))} {progress.unit}" if progress.total else ""
    left, quiet = progress.seconds_left(now), progress.quiet(now)
    time_left = f"{duration(left)} left" if left is not None else ""
    silence = f"no progress for {duration(quiet)}" if quiet is not None else ""
    return " · ".join(part for part in (done, rate(progress.rate(now), progress.unit), time_left, silence) if part)


def _note(step: StepRow, status: str) -> str:
    """Why a step failed or ran, or that nothing had to be done; and which run has done since what this one did not."""
    since = f"run {step.finished_by} has done it since" if step.finished_by and status != "running" else ""
    if step.error or since:
        return "; ".join(filter(None, (step.error or step.reason, since)))
    if status == "cached":
        return "unchanged since an earlier run"
    return step.reason or ""


def next_command(status: str, spec: str, verdict: str | None) -> str:
    """What can be done about a run: one sentence."""
    if status == "running":
        return "S stops it; it goes on when the dashboard is left"
    if status == "failed":
        return f"mend it and press R, or run `sft run {spec}` again; finished steps are kept"
    if status == "interrupted":
        return f"R continues it after the steps that are finished, and so does `sft run {spec}`"
    if verdict in ("fail", "inconclusive"):
        return "key 4 of the run says why; R runs it again with what is mended"
    return "b makes it a baseline that later runs are held against; R runs the spec again"


def elsewhere_words(run: RunRow, sign: float | None, now: float) -> str:
    """What is known of a run whose process nobody here can look for."""
    last = f"it said something last {ago(sign, now)}" if sign is not None else "it has never said anything"
    return f"on {run.host}, where this machine cannot look: {last}; R continues it where its process is gone"


def as_json(run: RunView) -> dict[str, Any]:
    """A run as JSON values, one object a step."""
    keys = ("step_id", "kind", "name", "status", "rows_in", "rows_out", "rows_dropped", "took", "note")
    return {
        "run_id": run.run_id,
        "spec": run.spec,
        "status": run.status,
        "verdict": run.verdict,
        "error": run.error,
        "warnings": [{"step_id": one.step_id, "code": one.code, "message": one.message} for one in run.warnings],
        "steps": [{key: getattr(step, key) for key in keys} for step in run.steps],
    }
