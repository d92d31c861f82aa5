"""What a blessed run leaves in its file: for every eval how it measured, its figures, and a line of values an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.hashing import hash_value
from compiler.measured_alike import how_measured
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams
from runtime.blessed_file import column, short_id
from runtime.run_record import skipped_steps
from runtime.store import Store


def document(store: Store, name: str, run_id: str, note: str | None) -> dict[str, Any]:
    """The document of a run, apart from its hash; an eval that a loop skipped is not in it. The same run under the same
    name gives the same document."""
    rows = store.query(
        "SELECT plan, spec, plan_hash, strftime(ended_at, '%Y-%m-%d') FROM runs WHERE run_id = ?", [run_id]
    )
    plan_json, spec, plan_hash, ended = rows[0]
    plan = Plan.from_json(plan_json)
    skipped = skipped_steps(store, run_id)
    made = (step for step in plan.steps if step.kind is StepKind.MEASURE and step.id not in skipped)
    measures = sorted(made, key=lambda step: step.name)
    return {
        "name": name,
        "run": run_id,
        "ended": ended or "",
        "spec": spec,
        "plan": plan_hash,
        **({"note": note} if note else {}),
        "evals": {step.name: _eval(store, step, plan) for step in measures},
    }


def _eval(store: Store, measure: Step, plan: Plan) -> dict[str, Any]:
    assert isinstance(measure.params, MeasureParams)
    columns = [
        column(cell.model, cell.template, metric.name)
        for cell in measure.params.cells
        for metric in measure.params.metrics
    ]
    values = _values(store, measure.hash)
    ids = sorted(values)
    shown = {row_id: short_id(row_id) for row_id in ids}
    if len(set(shown.values())) < len(ids):
        shown = {row_id: row_id for row_id in ids}
    return {
        "items": len(ids),
        "held_out": hash_value(ids),
        "figures": dict(_figures(store, measure)),
        "how": how_measured(measure, plan.step),
        "columns": columns,
        "values": [" ".join((shown[row_id], *_line(values[row_id], columns))) for row_id in ids],
    }


def _values(store: Store, step_hash: str) -> dict[str, dict[str, str]]:
    """Item -> column -> value."""
    found: dict[str, dict[str, str]] = {}
    for row_id, model, template, metric, value in store.query(
        "SELECT row_id, model, template, metric, value FROM item_metrics WHERE step_hash = ?", [step_hash]
    ):
        found.setdefault(row_id, {})[column(model, template, metric)] = _number(value)
    return found


def _line(values: Mapping[str, str], columns: Sequence[str]) -> Iterator[str]:
    return (values.get(name, ".") for name in columns)


def _figures(store: Store, measure: Step) -> Iterator[tuple[str, dict[str, Any]]]:
    """``exact(tuned)`` over all items and templates, as a review wants to see it."""
    for model, metric, n, missing, estimate, low, high, unit in store.query(
        "SELECT model, metric, n, missing, estimate, low, high, unit FROM metrics "
        "WHERE step_hash = ? AND template = '*' AND slice = '*' ORDER BY model, metric",
        [measure.hash],
    ):
        ends = {"estimate": _shown(estimate), "low": _shown(low), "high": _shown(high)}
        yield f"{metric}({model})", {**ends, "n": n, "missing": missing, "unit": unit}


def _shown(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _number(value: float | None) -> str:
    """The shortest text that reads back as the same number; a dot where there is none."""
    if value is None or value != value:
        return "."
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
