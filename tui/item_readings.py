"""What metrics read of the answers to an item: told by their own code when an item is looked at, and kept nowhere.

The arguments are those of the run's plan. Of what another version of the measuring made nothing is told, as it may have
read something else. A reading takes some 20 µs; the first one loads the metrics, a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.item_queries import ItemOutput


def metrics_that_read(plan: Mapping[str, Any], eval_name: str) -> list[dict[str, Any]]:
    """The metrics of an eval that read something out of an answer, as the plan has them."""
    from compiler.plan import STEP_VERSIONS, StepKind
    from runtime.metrics.readings import READINGS

    return [
        metric
        for step in plan.get("steps", ())
        if step.get("kind") == "measure" and step.get("local", {}).get("labels", {}).get("eval") == eval_name
        if step.get("version") == STEP_VERSIONS[StepKind.MEASURE]
        for metric in step["params"].get("metrics", ())
        if metric.get("function") in READINGS and not metric.get("extension")
    ]


def readings(metrics: Iterable[Mapping[str, Any]], outputs: Iterable[ItemOutput]) -> dict[tuple[str, int, str], str]:
    """What each metric read of each answer, by (model, sample, metric)."""
    from runtime.metrics.answer import Answer
    from runtime.metrics.readings import reading

    found = {}
    answers = list(outputs)
    for metric in metrics:
        columns = {column["argument"]: None for column in metric.get("columns", ())}
        for one in answers:
            answer = Answer(one.output, one.expected, columns, one.prompt, options=one.options)
            if told := reading(metric["function"], metric["args"], answer):
                found[one.model, one.sample, metric["name"]] = told
    return found
