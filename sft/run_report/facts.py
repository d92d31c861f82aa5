"""Everything that a page about a run says: the dashboard's queries and view models.

What is read is read in one look at the store. What is worked out, an eval at a time, does not hold it: a run that goes
on would wait, and give up.

A report of a run with a million predictions reads what it shows and no more: counts are made in SQL, and of the
failures only those that have room on the page. The comparison of two models with its interval needs all their items at
once; over ``MOST_COMPARED`` of them it is left to `sft compare`, and the page says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.store import Store
from sft.comparing_models import Compared, compare_models
from sft.comparing_models import Wanted as Sides
from sft.reports.of_run import report_of_run
from sft.reports.report import Report
from spec_lang.diagnostics import DiagnosticError
from tui import drop_queries, metric_queries, prediction_queries, queries, round_queries, training_queries
from tui.cause_queries import Cause
from tui.first_look import Wanted, first_look
from tui.item_filters import PredictionFilter, Shelf, causes_at, causes_of, listed
from tui.item_order import Outcome
from tui.item_pages import item_rows
from tui.metric_queries import MetricRow
from tui.queries import RunRow, SourceRow, StepRow
from tui.side_queries import items_beside
from tui.view_models.choices import Choices, choices
from tui.view_models.data import FunnelLine, funnel
from tui.view_models.predictions import ItemView, item_view
from tui.view_models.rounds import RoundsView, roles, rounds_view
from tui.view_models.runs import RunView, run_view
from tui.view_models.training import TrainingView, training_view

MOST_COMPARED = 20_000  # predictions of a side
MOST_POINTS = 600  # of a curve: more than a page has pixels for


@dataclass(frozen=True)
class EvalFacts:
    """An eval as seen from one model beside another, by one metric; ``failures`` are the first of ``failed`` items with
    the cause of each, ``causes`` those of all. ``flips``: every item is right or wrong, and none partly."""

    name: str
    chosen: PredictionFilter
    beside: str | None  # what the other side is called
    unit: str
    counts: Mapping[Outcome, int]
    compared: Compared | None
    not_compared: str  # why not
    failures: tuple[tuple[ItemView, Cause | None], ...]
    causes: Mapping[Cause, int]
    flips: bool

    @property
    def failed(self) -> int:
        return self.counts["failed"]


@dataclass(frozen=True)
class RunFacts:
    version: str
    made_at: float
    report: Report
    run: RunRow
    view: RunView
    steps: Sequence[StepRow]
    metrics: Sequence[MetricRow]
    funnel: Sequence[FunnelLine]
    trainings: Sequence[TrainingView]
    loops: Sequence[RoundsView]
    findings: Sequence[tuple[str, str, int | None]]
    evals: Sequence[EvalFacts]
    sources: Sequence[SourceRow]
    environment: Sequence[tuple[str, str]]


def run_facts(store: Store, run_id: str, most_failures: int, folder: Path | None = None) -> RunFacts:
    """``folder`` is where the spec is said to be: the one it is in, unless told. Raises DiagnosticError SFT0914 for an
    unknown run."""
    from sft import __version__

    with store.reading():
        run, steps, plan = queries.run(store, run_id), queries.steps(store, run_id), queries.plan(store, run_id)
        metrics, cells = metric_queries.metrics(store, run_id), prediction_queries.cells(store, run_id)
        known = choices([cell for cell in cells if cell.answered], metrics, plan)
        report = report_of_run(store, run_id, folder)
        lines = funnel(steps, drop_queries.rule_counts(store, run_id))
        trainings = [_course(store, step) for step in steps if step.kind == "train"]
        loops = [rounds_view(loop, roles(plan, loop.name)) for loop in round_queries.loops(store, run_id)]
        findings = round_queries.warnings(store, run_id)
        sources, environment = queries.sources(store, run_id), queries.environment(store, run_id)
    now = time.time()
    return RunFacts(
        version=__version__,
        made_at=now,
        report=report,
        run=run,
        view=run_view(run, steps, now),
        steps=steps,
        metrics=metrics,
        funnel=lines,
        trainings=trainings,
        loops=loops,
        findings=findings,
        evals=[_eval(store, run_id, plan, known, name, report, most_failures) for name in known.evals],
        sources=sources,
        environment=environment,
    )


def _course(store: Store, step: StepRow) -> TrainingView:
    return training_view(step, training_queries.course_of(store, step, most=MOST_POINTS))


def _eval(
    store: Store, run_id: str, plan: Mapping[str, Any], known: Choices, name: str, report: Report, most: int
) -> EvalFacts:
    (chosen, remark), shelf = _look(store, run_id, plan, known, name, report), Shelf()
    with store.reading():  # places of answers hold within one look
        failed = listed(store, run_id, replace(chosen, outcome="failed"), shelf)
        rows = item_rows(store, failed, 0, most) if chosen.metric and most else []
        found, beside = items_beside(store, run_id, chosen, [(row.row_id, row.template) for row in rows])
        causes = causes_of(store, failed, shelf) if len(failed.order) else {}
        each = causes_at(store, failed, shelf, 0, len(found)) if found else []
    models = [model for model in (beside, chosen.model) if model is not None]
    views = [item_view(item, known.sides, name, models, "expected", chosen.metric) for item in found]
    compared, why = _compared(store, run_id, chosen, failed.counts["all"])
    failures = tuple(zip(views, each, strict=True))
    (unit, _), why = known.side(chosen), why or remark
    flips = failed.ranked.flips
    return EvalFacts(name, chosen, beside, unit, failed.counts, compared, why, failures, causes, flips)


def _look(
    store: Store, run_id: str, plan: Mapping[str, Any], known: Choices, name: str, report: Report
) -> tuple[PredictionFilter, str]:
    """What the dashboard opens of the first requirement about the eval that did not pass, with what it remarks; else
    the eval's first look."""
    for case in report.cases:
        target = case.row.target
        if case.row.verdict == "pass" or target is None or target.eval != name:
            continue
        if target.metric in known.metrics[name] and target.model in known.models[name]:
            look = first_look(store, run_id, plan, known, Wanted(requirement=case.row))
            if look.chosen:
                return replace(look.chosen[0], outcome="all"), look.remark
    chosen = known.start(name)
    assert chosen is not None, "an eval that has cells has a first look"
    return chosen, ""


def _compared(store: Store, run_id: str, chosen: PredictionFilter, items: int) -> tuple[Compared | None, str]:
    if chosen.baseline is None or chosen.metric is None:
        return None, ""
    sides = (f"{chosen.base_run or run_id}:{chosen.baseline}", f"{run_id}:{chosen.model}")
    if items > MOST_COMPARED:
        command = f"sft compare {' '.join(sides)} --eval {chosen.eval}"
        return None, f"{items:,} answers are too many to compare on a page: {command}"
    try:
        return compare_models(Sides(*sides, chosen.eval, chosen.metric), store)[0], ""
    except DiagnosticError as error:  # a metric of the whole set, or answers that are not there yet
        return None, error.diagnostics[0].message
