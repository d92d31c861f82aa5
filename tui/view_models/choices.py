"""What can be chosen in a run's evals: models, templates and metrics, and where a first look begins. Pure.

The first look of an eval shows the last model of the spec (usually the tuned one) beside the first (usually its base),
by the eval's first metric, failures first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tui.metric_queries import MetricRow
from tui.prediction_queries import Cell, PredictionFilter
from tui.view_models.predictions import PLAIN, Sides

T = TypeVar("T")


@dataclass(frozen=True)
class Choices:
    """What can be chosen in each eval: models, templates and metrics in spec order; ``sides`` are the units of
    metrics and the sides on which they are better."""

    evals: tuple[str, ...]
    models: dict[str, tuple[str, ...]]
    templates: dict[str, tuple[str, ...]]
    metrics: dict[str, tuple[str, ...]]
    sides: Sides

    def start(self, eval_name: str | None = None) -> PredictionFilter | None:
        """The first look; None when there is nothing to look at."""
        if not self.evals:
            return None
        name = eval_name if eval_name in self.evals else self.evals[0]
        models, metrics = self.models[name], self.metrics.get(name, ())
        baseline = models[0] if len(models) > 1 else None
        return PredictionFilter(name, models[-1], baseline, metrics[0] if metrics else None)

    def next_model(self, chosen: PredictionFilter) -> PredictionFilter:
        """The next model as subject, beside the first one that is not it."""
        models = self.models[chosen.eval]
        return self.of_model(chosen, _next(models, chosen.model))

    def of_model(self, chosen: PredictionFilter, model: str) -> PredictionFilter:
        """A model of the eval as subject, beside the first one that is not it."""
        baseline = next((other for other in self.models[chosen.eval] if other != model), None)
        return replace(chosen, model=model, baseline=baseline, base_run=None, renamed=())

    def next_metric(self, chosen: PredictionFilter) -> PredictionFilter:
        metrics = self.metrics.get(chosen.eval, ())
        return replace(chosen, metric=_next(metrics, chosen.metric)) if metrics else chosen

    def next_template(self, chosen: PredictionFilter) -> PredictionFilter:
        """All templates, then each alone."""
        return replace(chosen, template=_next((None, *self.templates[chosen.eval]), chosen.template))

    def side(self, chosen: PredictionFilter) -> tuple[str, str]:
        """The unit of the metric on show, and the side on which it is better."""
        return self.sides.get((chosen.eval, chosen.metric or ""), PLAIN)


def choices(cells: Sequence[Cell], metrics: Sequence[MetricRow], plan: Mapping[str, Any]) -> Choices:
    """What was measured stands in the order that it has in the run's plan, which is that of the spec."""
    order = _metric_order(plan)
    evals = _distinct(cell.eval for cell in cells)
    measured = {name: _distinct(row.metric for row in metrics if row.eval == name) for name in evals}
    return Choices(
        evals,
        {name: _distinct(cell.model for cell in cells if cell.eval == name) for name in evals},
        {name: _distinct(cell.template for cell in cells if cell.eval == name) for name in evals},
        {name: _in_order(found, order.get(name, ())) for name, found in measured.items()},
        {(row.eval, row.metric): (row.unit, row.better) for row in metrics},
    )


def _in_order(names: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: order.index(name) if name in order else len(order)))


def _metric_order(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Eval -> its metrics in the order of the spec."""
    found: dict[str, list[str]] = {}
    for step in plan.get("steps", ()):
        if step.get("kind") == "measure":
            name = step.get("local", {}).get("labels", {}).get("eval", step.get("name"))
            found[name] = [metric["name"] for metric in step["params"].get("metrics", ())]
    return found


def _distinct(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))  # type: ignore[call-overload]


def _next(options: Sequence[T], current: T | None) -> T:
    position = list(options).index(current) if current in options else -1  # type: ignore[arg-type]
    return options[(position + 1) % len(options)]
