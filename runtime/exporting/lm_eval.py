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
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from compiler.answer_params import Choose
from compiler.plan import Plan, Step, StepKind
from compiler.step_params import LikelihoodParams, MeasureParams, PredictParams, RenderParams
from runtime.comparison.sides import direction
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
    examples: int  # that a prompt shows


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
            _examples(plan, plan.step(measure.inputs[cell.input]), cell.few_shot),
        )
        for cell in params.cells
    ]


def _examples(plan: Plan, answers: Step, on_axis: int | None) -> int:
    """How many examples prompts show: the number that the axis sets, or the template."""
    if on_axis is not None or "prompts" not in answers.inputs:
        return on_axis or 0
    shown = plan.step(answers.inputs["prompts"]).params
    assert isinstance(shown, RenderParams)
    return max((one.few_shot.count for one in shown.templates if one.few_shot is not None), default=0)


def _results(store: Store, measure: Step, tasks: list[Task], date: str) -> dict[str, Any]:
    params = measure.params
    assert isinstance(params, MeasureParams)
    results = {task.name: _figures(store, measure, task) for task in tasks}
    higher = {name: _is_higher_better(measure, metric) for metric, name in _names(params).items()}
    counts = {task.name: _counts(store, measure, task) for task in tasks}
    return {
        "results": results,
        "group_subtasks": {task.name: [] for task in tasks},
        "configs": {task.name: _config(measure, task) for task in tasks},
        "versions": {task.name: measure.version for task in tasks},
        "n-shot": {task.name: task.examples for task in tasks},
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
        name = _names(params)[metric.name]
        found[f"{name},none"] = estimate[0][0] if estimate else None
        found[f"{name}_stderr,none"] = "N/A" if error is None else error
    return found


def _counts(store: Store, measure: Step, task: Task) -> dict[str, int]:
    original = store.query("SELECT count(DISTINCT row_id) FROM item_metrics WHERE step_hash = ?", [measure.hash])
    answered = store.query("SELECT count(DISTINCT row_id) FROM predictions WHERE step_hash = ?", [task.answers.hash])
    return {"original": original[0][0], "effective": answered[0][0]}


def _config(measure: Step, task: Task) -> dict[str, Any]:
    params = measure.params
    assert isinstance(params, MeasureParams)
    names = _names(params)
    listed = [
        {
            "metric": names[metric.name],
            "higher_is_better": _is_higher_better(measure, metric.name),
            "function": metric.function,
        }
        for metric in params.metrics
    ]
    decode = _decode(task.answers)
    return {
        "task": task.name,
        "output_type": _output_type(task.answers),
        "num_fewshot": task.examples,
        "generation_kwargs": decode,
        "metric_list": listed,
    }


def _decode(step: Step) -> dict[str, Any]:
    if not isinstance(step.params, PredictParams):
        return {}
    decode = step.params.decode.model_dump(mode="json")
    return decode if decode.get("method") != "recorded" else {"method": "recorded"}


def _output_type(step: Step) -> str:
    if isinstance(step.params, LikelihoodParams):
        return "loglikelihood"
    chosen = isinstance(step.params, PredictParams) and isinstance(step.params.decode, Choose)
    return "multiple_choice" if chosen else "generate_until"


def _is_higher_better(measure: Step, metric: str) -> bool | None:
    side = direction(measure, metric)
    return None if side is None else side == "higher"


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
    assert isinstance(measure.params, MeasureParams)
    names, decode = _names(measure.params), _decode(task.answers)
    for number, (row_id, prompt, outputs, expected, content) in enumerate(rows):
        prompt = said(prompt)
        doc = json.loads(content) if content is not None else {"row_id": row_id}
        measured = {names[name]: value for name, value in values.get(row_id, {}).items()}
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
            **measured,
        }


def sources_of(plan: Plan, measure: Step) -> list[str]:
    """The hashes of the steps that read the data: a row id may stand in other files too, with other answers."""
    behind = plan.behind([measure.inputs["rows"]])
    return [step.hash for step in behind if step.kind is StepKind.INGEST]


_OWN = (
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "alias"),
    *("doc_hash", "prompt_hash", "target_hash"),
)


def _names(params: MeasureParams) -> dict[str, str]:
    """The metrics under their names, with ``score_`` before one that has the name of a key of a sample."""
    taken = {*_OWN, *(metric.name for metric in params.metrics if metric.name not in _OWN)}
    names: dict[str, str] = {}
    for metric in params.metrics:
        name = metric.name
        if name in _OWN:
            while name in taken:
                name = f"score_{name}"
            taken.add(name)
        names[metric.name] = name
    return names


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
