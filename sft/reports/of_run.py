"""The report of a run, read from its store; and the report of a spec that did not come to a run.

The lines of requirements travel in the plan that the store keeps, so a report made a month later points at the lines
of that run. One look into the store, about 20 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.run_record import inconclusive_counts_as
from runtime.spec_place import spec_place
from runtime.store import Store
from sft.reports.report import Case, GateReport, Place, Report, Stop, Taken, counted
from sft.repository import in_repository
from spec_lang.diagnostics import Diagnostic, Severity
from tui import queries
from tui.live import state_of
from tui.view_models.verdicts import Requirement, verdict_view


def report_of_run(store: Store, run_id: str, folder: Path | None = None) -> Report:
    """What the store knows of a run's gates, an inconclusive one counted as the run was told to. ``folder`` is the
    spec's, looked for unless told. Raises DiagnosticError SFT0914 for an unknown run."""
    with store.reading():
        taken = inconclusive_counts_as(store, run_id)
        run, plan = queries.run(store, run_id), queries.plan(store, run_id)
        steps = {step.step_id: step for step in queries.steps(store, run_id)}
        rows, looks = queries.gates(store, run_id), queries.looks(store, run_id)
        found = queries.findings(store, run_id)
    place = _beside(store, run_id, run.spec) if folder is None else folder
    state = state_of(run)
    told = verdict_view(run.verdict, rows, looks, plan).requirements
    gates = []
    for step in plan.get("steps", ()):
        about = steps.get(f"{step['kind']}:{step['name']}")
        decided = step["kind"] == "gate" and about is not None and about.status in ("done", "cached")
        # A run of a single step has no verdict: gates that an earlier run decided are not its own.
        if decided and about is not None and not (run.status == "done" and run.verdict is None):
            own = [row for row in told if row.gate == step["name"]]
            verdict = str(about.summary.get("verdict", "inconclusive"))
            cases = _cases(own, verdict, step, place)
            gates.append(GateReport(step["name"], verdict, about.seconds or 0.0, looks.get(step["hash"]), cases))
    stops = [
        Stop(row.code, row.message, row.help, _place(place, row.path, row.line, row.column), row.step_id)
        for row in found
    ]
    if not stops and run.status == "failed":  # a run of an older version
        stops = [Stop("", run.error or "the run failed")]
    return Report(
        spec=in_repository(str(place / run.spec)),
        status=state,
        verdict=run.verdict,
        run_id=run_id,
        started_at=run.started_at,
        seconds=None if run.ended_at is None else run.ended_at - run.started_at,
        steps=run.steps,
        cached=run.cached,
        gated=any(step["kind"] == "gate" for step in plan.get("steps", ())),
        gates=tuple(gates),
        stops=tuple(stops),
        taken="pass" if taken == "pass" else "fail" if taken == "fail" else "inconclusive",
    )


def _beside(store: Store, run_id: str, spec: str) -> Path:
    """The folder of a spec: where it is found or, of a store that was brought from elsewhere, the one that one stands
    in."""
    here = Path.cwd()
    return spec_place(store, run_id) or (here if (here / spec).is_file() else store.root.parent)


def report_of_findings(spec: Path, findings: Iterable[Diagnostic], taken: Taken = "inconclusive") -> Report:
    """The report of a run that did not begin, because of errors in the spec or around it."""
    stops = []
    for finding in findings:
        if finding.severity is Severity.ERROR:
            place = None
            if (label := finding.primary) is not None:
                place = Place(in_repository(label.file.path), *label.file.position(label.span.start))
            stops.append(Stop(finding.code, finding.message, finding.help, place))
    return Report(spec=in_repository(str(spec)), status="refused", stops=tuple(stops), taken=taken)


def _cases(rows: Sequence[Requirement], verdict: str, step: Mapping[str, Any], folder: Path) -> tuple[Case, ...]:
    """The requirements of a gate with their slices, each counted within what it is a part of."""
    requirements = step["params"].get("requirements", ())
    strict = bool(step["params"].get("strict"))
    around = {member: at for at, item in enumerate(requirements) for member in item.get("members", ())}
    cases: dict[int, Case] = {}
    for row in rows:
        if row.part or row.requirement >= len(requirements):
            continue
        at, item = row.requirement, requirements[row.requirement]
        own = "fail" if strict and at not in around and row.verdict == "inconclusive" else row.verdict
        counts = counted(
            own, cases[around[at]].counts if at in around else verdict
        )  # a group stands before its members
        place, rule = _requirement_place(step, at, folder), str(item.get("rule", ""))
        parts = tuple(
            Case(part, rule, place, counted(part.verdict, counts))
            for part in rows
            if part.part and part.requirement == at
        )
        cases[at] = Case(row, rule, place, counts, parts, _against(item))
    return tuple(cases[at] for at in sorted(cases))


def _against(requirement: Mapping[str, Any]) -> str:
    if blessed := requirement.get("blessed"):
        return f"{blessed['model']} of baseline {blessed['name']}"
    return str(requirement.get("baseline") or "")


def _requirement_place(step: Mapping[str, Any], position: int, folder: Path) -> Place | None:
    """The line of a requirement, or of its gate where the plan does not say it."""
    key, local, block = f"requirements.{position}", step["local"], step["place"]
    line = local.get("lines", {}).get(key)
    if line is None:
        return _place(folder, block["path"], block["line"], block["column"])
    return _place(folder, local.get("files", {}).get(key, block["path"]), line, None)


def _place(folder: Path, path: str | None, line: int | None, column: int | None) -> Place | None:
    if path is None or line is None:
        return None
    return Place(in_repository(_nearer(folder / path)), line, column)


def _nearer(path: Path) -> str:
    """From where the command is given, as its findings name files."""
    whole, here = path.resolve(), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)
