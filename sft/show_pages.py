"""What each view of ``sft show`` says: JSON values, and a head, tables and a last line for readers.

The dashboard's queries and view models, laid out as pages. One function a view, all of the same
shape; ``PAGES`` maps the names that the command line knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import asdict

from runtime.store import Store
from sft.duplicates_page import duplicates_page
from sft.generated_page import generated_page
from sft.judges_page import judges_page
from sft.ledger_page import ledger_page
from sft.metrics_page import metrics_page
from sft.mixture_page import mixture_page
from sft.plain_tables import Page, Table
from sft.predictions_page import marks_page, predictions_page
from sft.row_page import templates_page, training_row_page
from sft.show_decontamination import decontamination
from sft.show_filters import Filters, known_name
from sft.show_rounds import rounds_page
from sft.show_runs import run_page, runs_page
from sft.show_scores import scores_page
from sft.sources_page import sources_page
from sft.spec_page import spec_page
from sft.thresholds_page import thresholds_page
from sft.training_page import training_page
from sft.verdicts import requirement_table, requirements_of
from tui import queries
from tui.formats import count
from tui.live import state_of


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
    "training": training_page,
    "rounds": lambda store, run_id, filters: rounds_page(store, run_id),
    "verdicts": _verdicts,
    "metrics": metrics_page,
    "predictions": predictions_page,
    "marks": marks_page,
    "decontamination": lambda store, run_id, filters: decontamination(store, run_id, filters.step, filters.limit),
    "environment": _environment,
}
