"""What each view of ``sft show`` says: JSON values, and a head, tables and a last line for readers.

The dashboard's queries and view models, laid out as pages. One function a view, all of the same
shape; ``PAGES`` maps the names that the command line knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from runtime.store import Store
from sft.duplicates_page import duplicates_page
from sft.generated_page import generated_page
from sft.judges_page import judges_page
from sft.ledger_page import ledger_page
from sft.metrics_page import metrics_page
from sft.mixture_page import mixture_page
from sft.plain_tables import Page, Table
from sft.row_page import templates_page, training_row_page
from sft.show_decontamination import decontamination
from sft.show_filters import Filters, known_name
from sft.show_rounds import rounds_page
from sft.show_runs import run_page, runs_page
from sft.show_scores import scores_page
from sft.sources_page import sources_page
from sft.spec_page import spec_page
from sft.thresholds_page import thresholds_page
from sft.verdicts import requirement_table, requirements_of
from tui import metric_queries, prediction_queries, queries
from tui.formats import count, interval, number
from tui.live import state_of
from tui.metric_queries import MetricRow
from tui.prediction_queries import OUTCOMES, PredictionFilter, PredictionRow
from tui.view_models.predictions import OUTCOME_NAMES, Choices, choices, item_line
from tui.view_models.training import training_view


def _training(store: Store, run_id: str, filters: Filters) -> Page:
    data, tables = [], []
    for step in queries.steps(store, run_id):
        if step.kind != "train" or filters.step not in (None, step.step_id):
            continue
        course = training_view(step, queries.train_points(store, step.step_hash, most=filters.limit))
        validation, rates, speed = (
            dict(curve) for curve in (course.validation_loss, course.learning_rate, course.tokens_per_second)
        )
        padding = dict(course.padding_share)
        steps = sorted({x for curve in (course.loss, course.validation_loss) for x, _ in curve})
        rows = [
            (
                count(int(x)),
                number(dict(course.loss).get(x)),
                number(validation.get(x)),
                number(rates.get(x)),
                count(round(speed[x])) if x in speed else "",
                number(padding.get(x), "share"),
            )
            for x in steps
        ]
        title = f"{step.step_id}: " + ", ".join(f"{name} {value}" for name, value in course.figures)
        columns = ("step", "loss", "validation", "learning rate", "tokens/s", "padding")
        tables.append(Table(title, columns, rows, frozenset(range(6))))
        keys = ("step_id", "status", "loss", "validation_loss", "learning_rate", "tokens_per_second", "padding_share")
        data.append({key: getattr(course, key) for key in keys})
    return Page(data, "" if tables else "this run trains nothing", tuple(tables))


def _verdicts(store: Store, run_id: str, filters: Filters) -> Page:
    run, requirements = queries.run(store, run_id), requirements_of(store, run_id)
    keys = ("gate", "text", "verdict", "reason", "slice", "slice_value", "estimate", "low", "high", "bound")
    more = ("threshold", "level", "n", "unit")
    data = {
        "run_id": run_id,
        "verdict": run.verdict,
        "requirements": [{k: getattr(r, k) for k in (*keys, *more)} for r in requirements],
    }
    gated = any(step.kind == "gate" for step in queries.steps(store, run_id))
    nothing = f"no verdict yet ({state_of(run)})" if gated else "the spec has no gate, so there is no verdict"
    tables = (requirement_table(requirements),) if requirements else ()
    return Page(data, f"{run.spec} {run_id}: {run.verdict or nothing}", tables)


def _predictions(store: Store, run_id: str, filters: Filters) -> Page:
    metrics = metric_queries.metrics(store, run_id)
    known = choices(prediction_queries.cells(store, run_id), metrics)
    chosen = _chosen(known, filters)
    if chosen is None:
        return Page({"aggregates": [], "items": []}, "this run has no eval", ())
    counts = prediction_queries.prediction_counts(store, run_id, chosen)
    rows = prediction_queries.prediction_page(store, run_id, chosen, filters.limit)
    lines = [item_line(row, known.unit(chosen)) for row in rows]
    whole = [row for row in metrics if row.eval == chosen.eval and row.slice == "*"]
    cells = [(line.badge, line.template, line.row_id[:12], line.expected, line.output) for line in lines]
    baseline = f" beside {chosen.baseline}" if chosen.baseline else ""
    head = (
        f"{chosen.eval}: {chosen.model}{baseline}, by {chosen.metric or 'no metric'}; {count(counts['all'])} items; "
        + ", ".join(f"{count(counts[name])} {OUTCOME_NAMES[name]}" for name in OUTCOMES[1:] if counts[name])
    )
    tables = (
        Table(
            "",
            ("metric", "model", "template", "estimate", "interval", "n", "missing"),
            _aggregates(whole),
            frozenset({5, 6}),
        ),
        _items(rows, cells),
    )
    data = {
        "filter": asdict(chosen),
        "counts": counts,
        "aggregates": [asdict(row) for row in whole],
        "items": [asdict(row) for row in rows],
    }
    return Page(
        data,
        head,
        tables,
        f"{count(len(rows))} of {count(counts[chosen.outcome])} {OUTCOME_NAMES[chosen.outcome]} items shown",
    )


def _items(rows: Sequence[PredictionRow], cells: Sequence[tuple[str, ...]]) -> Table:
    """With what the metric says of the answers, where it says anything."""
    head = ("", "template", "item", "expected", "output")
    if not any(row.reason for row in rows):
        return Table("items", head, cells)
    return Table("items", (*head, "why"), [(*cell, row.reason or "") for row, cell in zip(rows, cells, strict=True)])


def _aggregates(rows: Sequence[MetricRow]) -> list[tuple[str, ...]]:
    return [
        (
            row.metric,
            row.model,
            "all" if row.template == "*" else row.template,
            number(row.estimate, row.unit),
            interval(row.low, row.high, row.unit),
            count(row.n),
            count(row.missing) if row.missing else "",
        )
        for row in rows
    ]


def _chosen(known: Choices, filters: Filters) -> PredictionFilter | None:
    """The filter that names ask for; without ``all`` only failed items. SFT0910 for an unknown name."""
    known_name(filters.eval, known.evals, "eval")
    chosen = known.start(filters.eval)
    if chosen is None:
        return None
    models = known.models[chosen.eval]
    known_name(filters.model, models, "model")
    known_name(filters.template, known.templates[chosen.eval], "template")
    known_name(filters.metric, known.metrics[chosen.eval], "metric")
    model, metric = filters.model or chosen.model, filters.metric or chosen.metric
    return replace(
        chosen,
        model=model,
        baseline=next((other for other in models if other != model), None),
        template=filters.template,
        metric=metric,
        outcome="all" if filters.all or metric is None else "failed",
    )


def _environment(store: Store, run_id: str, filters: Filters) -> Page:
    pairs = queries.environment(store, run_id)
    sources = queries.sources(store, run_id)
    cells = [(s.name, s.path, s.licence or "", s.origin or "", count(s.rows), count(s.unreadable)) for s in sources]
    columns = ("source", "file", "licence", "origin", "rows", "unreadable")
    tables = (Table("", ("key", "value"), list(pairs)), Table("", columns, cells, frozenset({4, 5})))
    data = {"run_id": run_id, "environment": dict(pairs), "sources": [asdict(source) for source in sources]}
    return Page(data, run_id, tables if sources else tables[:1])


def _mixture(store: Store, run_id: str, filters: Filters) -> Page:
    if filters.step is not None:
        known_name(filters.step, [step.step_id for step in queries.steps(store, run_id)], "step")
    return mixture_page(store, run_id, filters.step)


def _duplicates(store: Store, run_id: str, filters: Filters) -> Page:
    if filters.step is not None:
        known_name(filters.step, [step.step_id for step in queries.steps(store, run_id)], "step")
    return duplicates_page(store, run_id, filters.step, filters.limit)


PAGES: Mapping[str, Callable[[Store, str, Filters], Page]] = {
    "runs": lambda store, run_id, filters: runs_page(store, filters),
    "run": run_page,
    "spec": lambda store, run_id, filters: spec_page(store, run_id),
    "sources": lambda store, run_id, filters: sources_page(store, run_id),
    "ledger": ledger_page,
    "duplicates": _duplicates,
    "mixture": _mixture,
    "generated": lambda store, run_id, filters: generated_page(store, run_id, filters.step, filters.limit),
    "scores": lambda store, run_id, filters: scores_page(store, run_id, filters.step, filters.limit),
    "thresholds": thresholds_page,
    "templates": templates_page,
    "row": training_row_page,
    "judges": judges_page,
    "training": _training,
    "rounds": lambda store, run_id, filters: rounds_page(store, run_id),
    "verdicts": _verdicts,
    "metrics": metrics_page,
    "predictions": _predictions,
    "decontamination": lambda store, run_id, filters: decontamination(store, run_id, filters.step, filters.limit),
    "environment": _environment,
}
