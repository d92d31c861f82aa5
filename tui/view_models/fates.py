"""The fate of a row in words: what every step of a run did with it, a line and a note a step. Pure.

``sft trace`` and the dashboard say it with the same words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spec_lang.plain_text import one_line
from tui.formats import number

if TYPE_CHECKING:
    from runtime.tracing.fates import Copy, Drop, Fate
    from runtime.tracing.find import Origin

WIDE = 300  # characters of a text in a cell or note
_WHOLE = 2**53  # up to there each whole number is one
_MOST = 6  # places, steps or figures that a line names


def source_of(origin: Origin) -> str:
    """The source that a row stands in, as the spec names it."""
    return str(origin.step.local.get("labels", {}).get("source", origin.step.name))


def told(fate: Fate) -> tuple[str, str]:
    """A line and a note (may be empty) on what a step did."""
    if fate.drops and fate.state in ("dropped", "absent"):
        return _drop(fate.drops[0])
    if fate.copies:
        return _copies(fate.copies)
    if fate.learned:
        steps = [f"{one.step:,} (epoch {one.epoch}{_loss(one.loss)})" for one in fate.learned]
        times = "once" if len(steps) == 1 else f"{len(steps)} times"
        return f"learned from {times}", f"in optimiser step{_s(steps)} {_list(steps)}"
    if fate.answer is not None:
        answer, item = fate.answer, fate.item
        right = "as expected" if answer["output"] == answer["expected"] else f"expected: {cell(answer['expected'])}"
        note = f"{right}; {_stopped(answer['stop_reason'])}"
        if fate.recorded is not None:
            note += f", {fate.recorded.place}"
        if fate.more:
            note += "; asked again: " + _list([cell(other["output"]) for other in fate.more])
        verb = "answered" if item is None else f"answers {item.place}"
        return f"{verb}: {cell(answer['output'])}", note
    if fate.metrics:
        return _figures(fate)
    if fate.written is not None:
        count, accepted = fate.written
        return f"{count:,} candidate{'s' * (count != 1)} written from it, {accepted:,} accepted", ""
    if fate.added:
        return "kept; " + ", ".join(f"{name} {cell(value)}" for name, value in fate.added.items()), ""
    return _PLAIN[fate.state], ""


def _stopped(reason: str) -> str:
    return "made elsewhere" if reason == "recorded" else f"stopped by {reason}"


_PLAIN = {
    "kept": "kept",
    "dropped": "dropped",
    "absent": "not among its rows",
    "validated": "validation loss was measured on it",
    "shown": "shown to a model",
    "unknown": "not in the store",
    "learned": "learned from",
    "answered": "answered",
    "measured": "measured",
}


def _drop(drop: Drop) -> tuple[str, str]:
    value = f" · value {cell(drop.value)}" if drop.value is not None else ""
    line = f"dropped by {drop.rule_text}{value}"
    if drop.survivor is not None:
        return line, f"stands in for it: {drop.survivor.place}  {line_of(drop.survivor)}"
    return line, drop.reason or (f"stands in for it: row {drop.survivor_id}" if drop.survivor_id else "")


def _copies(copies: Sequence[Copy]) -> tuple[str, str]:
    places = [f"{copy.place:,}" for copy in copies]
    templates = sorted({copy.template for copy in copies if copy.template})
    times = "" if len(copies) == 1 else f"{len(copies)} times, "
    template = f", template {', '.join(templates)}" if templates else ""
    talk = " · ".join(f"{turn.get('role')}: {cell(turn.get('content'))}" for turn in copies[0].messages)
    return f"{times}row{_s(places)} {_list(places)}{template}", one_line(talk, WIDE)


def _figures(fate: Fate) -> tuple[str, str]:
    named = [
        f"{one['model']}/{one['template']} {one['metric']} {number(one['value'])}{_why(one['reason'])}"
        for one in fate.metrics
    ]
    slices = ", ".join(f"{name} {cell(value)}" for name, value in fate.slices.items())
    return _list(named), f"slices: {slices}" if slices else ""


def _why(reason: str | None) -> str:
    return f" ({one_line(reason, WIDE)})" if reason else ""


def _loss(loss: float | None) -> str:
    return "" if loss is None else f", its loss {number(loss)}"


def _s(items: Sequence[str]) -> str:
    return "" if len(items) == 1 else "s"


def _list(items: Sequence[str]) -> str:
    more = f" and {len(items) - _MOST:,} more" if len(items) > _MOST else ""
    return ", ".join(items[:_MOST]) + more


def cell(value: Any) -> str:
    """A value of a row on one line."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)  # a column with any broken number has all as such
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return one_line(text, WIDE)


def line_of(origin: Origin) -> str:
    """What a row holds, in one line."""
    return " · ".join(cell(value) for value in origin.content.values())
