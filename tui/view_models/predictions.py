"""Predictions: the choices of a filter, a page of items, and one item with its outputs compared.

The first look of an eval shows the last model of the spec (usually the tuned one) beside the first
(usually its base), by the eval's first metric, failures first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tui.formats import number
from tui.metric_queries import MetricRow
from tui.prediction_queries import Cell, Item, ItemOutput, Outcome, PredictionFilter, PredictionRow
from tui.word_diff import Piece, compare

T = TypeVar("T")
WRONG = ("✗", "~")  # of an item whose answers are partly right, the one that is shown for it did worst
MOST_COMPARED = 8  # of many answers of a model to one item, those whose words are compared
_GRADED: dict[Outcome, str] = {
    "all": "all",
    "failed": "failed",
    "lost": "regressed",
    "gained": "fixed",
    "still": "still failing",
    "incomparable": "incomparable",
    "unmeasured": "not measured",
    "passed": "passed",
}
_NUMBERS: dict[Outcome, str] = {**_GRADED, "lost": "worse than the baseline", "gained": "better than the baseline"}


def outcome_name(outcome: Outcome, flips: bool) -> str:
    """What items of an outcome are: only what is right or wrong is fixed, a number or a share of answers is better."""
    return (_GRADED if flips else _NUMBERS)[outcome]


@dataclass(frozen=True)
class Choices:
    """What can be chosen in each eval: models, templates and metrics in spec order, units by metric."""

    evals: tuple[str, ...]
    models: dict[str, tuple[str, ...]]
    templates: dict[str, tuple[str, ...]]
    metrics: dict[str, tuple[str, ...]]
    units: dict[tuple[str, str], str]

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

    def unit(self, chosen: PredictionFilter) -> str:
        return self.units.get((chosen.eval, chosen.metric or ""), "plain")


@dataclass(frozen=True)
class ItemLine:
    """One item in the list: badge, what subject and baseline measured, the subject's output, and whether it is wrong
    by the metric."""

    row_id: str
    template: str
    badge: str
    value: str
    base_value: str
    output: str
    expected: str
    wrong: bool


@dataclass(frozen=True)
class AnswerView:
    """One answer; ``metrics`` is what it measured, where it is one of several. ``wrong``: the metric on show says so.
    Of any other answer a difference to what is expected is no fault."""

    output: str
    pieces: tuple[Piece, ...]
    tokens: str
    metrics: tuple[tuple[str, str, str], ...] = ()  # name, value, badge
    wrong: bool = False


@dataclass(frozen=True)
class OutputView:
    """What a model says to an item: one answer, or all of several. ``metrics`` is of the item."""

    model: str
    answers: tuple[AnswerView, ...]
    metrics: tuple[tuple[str, str, str], ...]  # name, value, badge


@dataclass(frozen=True)
class ItemView:
    """Where nobody recorded the prompt, ``asked`` are the columns of the row that tell the item, and ``beside`` what
    else it has."""

    row_id: str
    template: str
    prompt: tuple[tuple[str, str], ...]  # role, text
    asked: tuple[tuple[str, str], ...]  # column, text
    beside: tuple[tuple[str, str], ...]
    expected: str
    outputs: tuple[OutputView, ...]
    slices: tuple[tuple[str, str], ...]


def choices(
    cells: Sequence[Cell], metrics: Sequence[MetricRow], order: Mapping[str, Sequence[str]] | None = None
) -> Choices:
    """``order`` has the metrics of an eval as the spec has them; what was measured stands in that order."""
    evals = _distinct(cell.eval for cell in cells)
    measured = {name: _distinct(row.metric for row in metrics if row.eval == name) for name in evals}
    return Choices(
        evals,
        {name: _distinct(cell.model for cell in cells if cell.eval == name) for name in evals},
        {name: _distinct(cell.template for cell in cells if cell.eval == name) for name in evals},
        {name: _in_order(found, (order or {}).get(name, ())) for name, found in measured.items()},
        {(row.eval, row.metric): row.unit for row in metrics},
    )


def _in_order(names: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: order.index(name) if name in order else len(order)))


def metric_order(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Eval -> its metrics in the order of the spec."""
    found: dict[str, list[str]] = {}
    for step in plan.get("steps", ()):
        if step.get("kind") == "measure":
            name = step.get("local", {}).get("labels", {}).get("eval", step.get("name"))
            found[name] = [metric["name"] for metric in step["params"].get("metrics", ())]
    return found


def item_line(row: PredictionRow, unit: str) -> ItemLine:
    mark = badge(row.value, unit)
    values = number(row.value, unit), number(row.base_value, unit)
    return ItemLine(row.row_id, row.template, mark, *values, row.output, row.expected, mark in WRONG)


def badge(value: float | None, unit: str) -> str:
    """✓ or ✗ for a share, ~ where some answers of several are right, ? for what was not measured, · for a plain number,
    which is neither."""
    if value is None:
        return "?"
    if unit != "share":
        return "·"
    return "✓" if value >= 1 else "~" if value > 0 else "✗"


def item_view(
    item: Item,
    units: dict[tuple[str, str], str],
    eval_name: str,
    shown: Sequence[str],
    against: str,
    metric: str | None = None,
) -> ItemView:
    """One item with the outputs of the models ``shown``, the last of which is the subject, marked against ``expected``
    or another model's output. The prompt is the subject's: answers that were made elsewhere have prompts of their own.
    ``metric`` is the one on show, which says what is wrong. Words are compared for up to half a second in all, which
    belongs into a worker thread."""
    by_model: dict[str, list[ItemOutput]] = {}
    for output in item.outputs:
        by_model.setdefault(output.model, []).append(output)
    own = by_model.get(shown[-1], item.outputs) if shown else item.outputs
    first = own[0] if own else None
    expected = first.expected if first else ""
    reference = expected if against == "expected" else by_model[against][0].output if against in by_model else expected
    outputs = tuple(
        OutputView(
            model,
            tuple(
                _answer(item, units, eval_name, output, reference if place < MOST_COMPARED else None, metric)
                for place, output in enumerate(by_model[model])
            ),
            _measured(item.metrics, units, eval_name, model, _told_of(item, len(by_model[model]))),
        )
        for model in shown
        if model in by_model
    )
    turns = prompt_turns(first.prompt) if first else ()
    there = {expected, *(output.output for output in item.outputs)}
    return ItemView(
        item.row_id,
        item.template,
        turns,
        () if turns else item.row.tells,
        () if turns else tuple(one for one in item.row.others if one[1] not in there),
        expected,
        outputs,
        tuple(item.slices.items()),
    )


def _answer(
    item: Item,
    units: dict[tuple[str, str], str],
    eval_name: str,
    output: ItemOutput,
    reference: str | None,
    metric: str | None,
) -> AnswerView:
    """``reference`` is None where the answer is one too many to be compared."""
    own = {(model, name): value for (model, sample, name), value in item.samples.items() if sample == output.sample}
    read = {(model, name): told for (model, sample, name), told in item.readings.items() if sample == output.sample}
    key = output.model, metric or ""
    value = own[key] if key in own else item.metrics.get(key)
    return AnswerView(
        output.output,
        compare(output.output if reference is None else reference, output.output),
        _how_it_ended(output) + (" · differences are not marked" if reference is None else ""),
        _measured(own, units, eval_name, output.model, read),
        badge(value, units.get((eval_name, metric or ""), "plain")) in WRONG,
    )


def _told_of(item: Item, answers: int) -> dict[tuple[str, str], str]:
    """What metrics read of an only answer, and what they say of the item."""
    read = {(owner, name): told for (owner, _, name), told in item.readings.items()} if answers == 1 else {}
    return read | {key: f"{read[key]}; {why}" if key in read else why for key, why in item.reasons.items()}


def _how_it_ended(output: ItemOutput) -> str:
    """Of an answer that was made elsewhere nothing of it is known."""
    if output.stop_reason == "recorded":
        return "made elsewhere"
    if output.output_tokens is None:  # a server that tells no tokens
        return f"stopped at {output.stop_reason.replace('_', ' ')}"
    return f"{output.output_tokens} tokens, stopped at {output.stop_reason.replace('_', ' ')}"


def _measured(
    metrics: dict[tuple[str, str], float | None],
    units: dict[tuple[str, str], str],
    eval_name: str,
    model: str,
    told: Mapping[tuple[str, str], str],
) -> tuple[tuple[str, str, str], ...]:
    found = []
    for (owner, metric), value in sorted(metrics.items()):
        if owner == model:
            unit = units.get((eval_name, metric), "plain")
            why = f" ({told[owner, metric]})" if (owner, metric) in told else ""
            found.append((metric, f"{number(value, unit)}{why}", badge(value, unit)))
    return tuple(found)


def prompt_turns(prompt: str) -> tuple[tuple[str, str], ...]:
    """The turns of a prompt that is stored as JSON messages; one turn without a role for any other text."""
    try:
        messages = json.loads(prompt)
        return tuple((str(turn["role"]), _said(turn)) for turn in messages)
    except (ValueError, TypeError, KeyError):
        return (("", prompt),)


def _said(turn: dict[str, Any]) -> str:
    """What a turn says; calls of tools as JSON below it."""
    calls = turn.get("tool_calls")
    return "\n".join(text for text in (str(turn["content"]), json.dumps(calls) if calls else "") if text)


def _distinct(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))  # type: ignore[call-overload]


def _next(options: Sequence[T], current: T | None) -> T:
    position = list(options).index(current) if current in options else -1  # type: ignore[arg-type]
    return options[(position + 1) % len(options)]
