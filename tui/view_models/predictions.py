"""Predictions: a line of a list of items, and one item with its outputs compared. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.formats import number
from tui.prediction_queries import Item, ItemOutput, Outcome, PredictionRow
from tui.word_diff import Piece, compare

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


Sides = Mapping[tuple[str, str], tuple[str, str]]  # (eval, metric) -> unit, and the side on which it is better
LATER = "… differs later"  # behind what a list reads of two texts
PLAIN = ("plain", "neither")  # of a metric that nothing is known of yet


def outcome_name(outcome: Outcome, flips: bool) -> str:
    """What items of an outcome are: only what is right or wrong is fixed, a number or a share of answers is better."""
    return (_GRADED if flips else _NUMBERS)[outcome]


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


def item_line(row: PredictionRow, side: tuple[str, str]) -> ItemLine:
    """``side`` is the unit of the metric, and the side on which it is better."""
    unit, _ = side
    values = number(row.value, unit), number(row.base_value, unit)
    wrong = is_wrong(row.value, *side)
    output = row.output + LATER if row.differs_later else row.output
    return ItemLine(row.row_id, row.template, badge(row.value, *side), *values, output, row.expected, wrong)


def is_wrong(value: float | None, unit: str, better: str) -> bool:
    """Whether a metric calls an answer wrong; of several, where it calls any of them so: it shows the worst of them."""
    return better != "neither" and badge(value, unit, better) in ("✗", "~")


def badge(value: float | None, unit: str, better: str = "higher") -> str:
    """✓ or ✗ for a share, ~ where some answers of several are right, ? for what was not measured, · for a plain number,
    which is neither. Of a share that is better when it is ``lower`` 0 is right."""
    if value is None:
        return "?"
    if unit != "share":
        return "·"
    right = 1 - value if better == "lower" else value
    return "✓" if right >= 1 else "~" if right > 0 else "✗"


def item_view(
    item: Item,
    known: Sides,
    eval_name: str,
    shown: Sequence[str],
    against: str,
    metric: str | None = None,
) -> ItemView:
    """One item with the outputs of the models ``shown``, the last of which is the subject, marked against ``expected``
    or another model's output. The prompt is the subject's: answers that were made elsewhere have prompts of their own.
    ``known`` are the units of metrics and the sides on which they are better, ``metric`` is the one on show, which says
    what is wrong. Words are compared for up to half a second in all, which
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
                _answer(item, known, eval_name, output, reference if place < MOST_COMPARED else None, metric)
                for place, output in enumerate(by_model[model])
            ),
            _measured(item.metrics, known, eval_name, model, _told_of(item, len(by_model[model]))),
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
    known: Sides,
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
        _measured(own, known, eval_name, output.model, read),
        is_wrong(value, *known.get((eval_name, metric or ""), PLAIN)),
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
    known: Sides,
    eval_name: str,
    model: str,
    told: Mapping[tuple[str, str], str],
) -> tuple[tuple[str, str, str], ...]:
    found = []
    for (owner, metric), value in sorted(metrics.items()):
        if owner == model:
            unit, better = known.get((eval_name, metric), PLAIN)
            why = f" ({told[owner, metric]})" if (owner, metric) in told else ""
            found.append((metric, f"{number(value, unit)}{why}", badge(value, unit, better)))
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
