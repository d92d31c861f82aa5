"""An eval of a run in the files of lm-evaluation-harness, for tools that read those: ``results_….json`` and
``samples_TASK_….jsonl``, in a folder a model.

A template is a task of its own, called ``EVAL`` when there is one and ``EVAL_TEMPLATE`` otherwise. What lm-eval calls
the standard error is that of the mean over items with an answer (ddof 1), and `N/A` for a metric of the whole set, as
there. A sample has the row as its ``doc``; the answer of an item that has none is null, and ``n-samples`` counts both.
The time is that of the run: the same run gives the same bytes. About 20,000 samples a second.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from compiler.functions import METRIC_FUNCTIONS
from compiler.measure_params import Metric
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import MeasureParams, PredictParams
from runtime.comparison.texts import said
from runtime.store import Store

LAYOUT = "lm-eval"


@dataclass(frozen=True)
class Task:
    """One model under one template."""

    name: str
    model: str
    template: str
    answers: Step


def write_evaluation(folder: Path, store: Store, plan: Plan, measure: Step, date: str) -> dict[str, int]:
    """Write all models of an eval; samples by file. ``date`` is that of the run, as file names have it."""
    written: dict[str, int] = {}
    tasks = tasks_of(plan, measure)
    for model in dict.fromkeys(task.model for task in tasks):
        own = [task for task in tasks if task.model == model]
        place = folder / model
        place.mkdir(parents=True)
        results = _results(store, measure, own, date)
        for task in own:
            name = f"samples_{task.name}_{date}.jsonl"
            count = 0
            with (place / name).open("w", encoding="utf-8") as handle:
                for sample in _samples(store, plan, measure, task):
                    handle.write(json.dumps(sample, ensure_ascii=False) + "\n")
                    count += 1
            written[f"{model}/{name}"] = count
        text = json.dumps(results, indent=2, ensure_ascii=False)
        (place / f"results_{date}.json").write_text(text + "\n", encoding="utf-8")
    return written


def tasks_of(plan: Plan, measure: Step) -> list[Task]:
    params = measure.params
    assert isinstance(params, MeasureParams)
    alone = len({cell.template for cell in params.cells}) == 1
    return [
        Task(
            measure.name if alone else f"{measure.name}_{cell.template}",
            cell.model,
            cell.template,
            plan.step(measure.inputs[cell.input]),
        )
        for cell in params.cells
    ]


def _results(store: Store, measure: Step, tasks: list[Task], date: str) -> dict[str, Any]:
    params = measure.params
    assert isinstance(params, MeasureParams)
    results = {task.name: _figures(store, measure, task) for task in tasks}
    higher = {metric.name: _is_higher_better(metric) for metric in params.metrics}
    counts = {task.name: _counts(store, measure, task) for task in tasks}
    return {
        "results": results,
        "group_subtasks": {task.name: [] for task in tasks},
        "configs": {task.name: _config(params, task) for task in tasks},
        "versions": {task.name: measure.version for task in tasks},
        "n-shot": {task.name: 0 for task in tasks},
        "higher_is_better": {task.name: higher for task in tasks},
        "n-samples": counts,
        "config": {"model": "sft", "model_args": {"name": tasks[0].model}},
        "model_name": tasks[0].model,
        "model_source": "sft",
        "date": date,
        "task_hashes": {task.name: measure.hash for task in tasks},
    }


def _figures(store: Store, measure: Step, task: Task) -> dict[str, Any]:
    found: dict[str, Any] = {"alias": task.name}
    params = measure.params
    assert isinstance(params, MeasureParams)
    for metric in params.metrics:
        estimate = store.query(
            "SELECT estimate FROM metrics WHERE step_hash = ? AND model = ? AND template = ? AND metric = ? "
            "AND slice = '*'",
            [measure.hash, task.model, task.template, metric.name],
        )
        deviation, n = store.query(
            "SELECT stddev_samp(value), count(value) FROM item_metrics WHERE step_hash = ? AND model = ? "
            "AND template = ? AND metric = ?",
            [measure.hash, task.model, task.template, metric.name],
        )[0]
        error = None if metric.whole or deviation is None else deviation / sqrt(n)
        found[f"{metric.name},none"] = estimate[0][0] if estimate else None
        found[f"{metric.name}_stderr,none"] = "N/A" if error is None else error
    return found


def _counts(store: Store, measure: Step, task: Task) -> dict[str, int]:
    original = store.query("SELECT count(DISTINCT row_id) FROM item_metrics WHERE step_hash = ?", [measure.hash])
    answered = store.query("SELECT count(DISTINCT row_id) FROM predictions WHERE step_hash = ?", [task.answers.hash])
    return {"original": original[0][0], "effective": answered[0][0]}


def _config(params: MeasureParams, task: Task) -> dict[str, Any]:
    listed = [
        {"metric": metric.name, "higher_is_better": _is_higher_better(metric), "function": metric.function}
        for metric in params.metrics
    ]
    decode = _decode(task.answers)
    return {"task": task.name, "output_type": "generate_until", "generation_kwargs": decode, "metric_list": listed}


def _decode(step: Step) -> dict[str, Any]:
    if not isinstance(step.params, PredictParams):
        return {}
    decode = step.params.decode.model_dump(mode="json")
    return decode if decode.get("method") != "recorded" else {"method": "recorded"}


def _is_higher_better(metric: Metric) -> bool | None:
    function = METRIC_FUNCTIONS.get(metric.function)
    if metric.args.get("better") == "lower":
        return False
    return True if function is None else function.higher_is_better


def _samples(store: Store, plan: Plan, measure: Step, task: Task) -> Iterator[dict[str, Any]]:
    """The samples in the order of the items' ids. What is expected of an item without an answer stands beside the
    answers of other models under the template."""
    beside = [one.answers.hash for one in tasks_of(plan, measure) if one.template == task.template]
    rows = store.query(
        "SELECT i.row_id, coalesce(p.prompt, '[]'), coalesce(p.outputs, [NULL]), coalesce(p.expected, o.expected, ''), "
        "e.content FROM (SELECT DISTINCT row_id FROM item_metrics WHERE step_hash = ?) i LEFT JOIN ("
        "SELECT row_id, any_value(prompt) AS prompt, list(output ORDER BY sample) AS outputs, "
        "any_value(expected) AS expected FROM predictions WHERE step_hash = ? GROUP BY row_id) p USING (row_id) "
        "LEFT JOIN (SELECT row_id, any_value(expected) AS expected FROM predictions "
        "WHERE list_contains(?::VARCHAR[], step_hash) GROUP BY row_id) o USING (row_id) LEFT JOIN ("
        "SELECT row_id, any_value(content)::VARCHAR AS content FROM examples "
        "WHERE list_contains(?::VARCHAR[], step_hash) GROUP BY row_id) e USING (row_id) ORDER BY i.row_id",
        [measure.hash, task.answers.hash, beside, sources_of(plan, measure)],
    )
    values: dict[str, dict[str, float | None]] = {}
    for row_id, metric, value in store.query(
        "SELECT row_id, metric, value FROM item_metrics WHERE step_hash = ? AND model = ? AND template = ?",
        [measure.hash, task.model, task.template],
    ):
        values.setdefault(row_id, {})[metric] = value
    decode = _decode(task.answers)
    for number, (row_id, prompt, outputs, expected, content) in enumerate(rows):
        prompt = said(prompt)
        doc = json.loads(content) if content is not None else {"row_id": row_id}
        measured = values.get(row_id, {})
        yield {
            "doc_id": number,
            "doc": doc,
            "target": expected,
            "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": decode}},
            "resps": [outputs],
            "filtered_resps": outputs[:1],
            "filter": "none",
            "metrics": list(measured),
            "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
            "prompt_hash": _hash(prompt),
            "target_hash": _hash(expected),
            **_apart(measured),
        }


def sources_of(plan: Plan, measure: Step) -> list[str]:
    """The hashes of the steps that read the data: a row id may stand in other files too, with other answers."""
    behind = plan.behind([measure.inputs["rows"]])
    return [step.hash for step in behind if step.kind is StepKind.INGEST]


_OWN = frozenset(("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"))


def _apart(measured: Mapping[str, float | None]) -> dict[str, float | None]:
    """The metrics under their names, but for those that a sample has a key for."""
    return {name: value for name, value in measured.items() if name not in _OWN}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
