"""The fate of a row as a page: values for programs, a line a step for readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sft.plain_tables import Page, Table
from sft.show_filters import shown_rule
from spec_lang.plain_text import one_line
from tui.formats import number

if TYPE_CHECKING:
    from compiler.plan import Step
    from runtime.tracing.fates import Copy, Drop, Fate
    from runtime.tracing.find import Origin, Unreadable

WIDE = 300  # characters of a text in a cell or note
_WHOLE = 2**53  # up to there each whole number is one
_MOST = 6  # places, steps or figures that a line names


def row_page(row_id: str, places: Sequence[Origin], fates: Sequence[Fate]) -> Page:
    """A row: where it stands, what it holds, and what every step did with it."""
    first = places[0]
    stands = ", ".join(f"{origin.place} (source {_source(origin)})" for origin in places)
    content = Table("", ("column", "value"), [(name, _cell(value)) for name, value in first.content.items()])
    told = [_told(fate) for fate in fates]
    steps = Table("", ("step", "fate"), [(fate.step.id, line) for fate, (line, _) in zip(fates, told, strict=True)],
                  notes=[note for _, note in told], noted="note")  # fmt: skip
    data = {
        "row_id": row_id,
        "places": [{"source": _source(one), "file": one.file, "line": one.line} for one in places],
        "content": dict(first.content),
        "steps": [_as_json(fate) for fate in fates],
    }
    return Page(data, f"row {row_id}: {stands}", (content, steps))


def lost_page(lost: Unreadable) -> Page:
    """A line that could not be read."""
    data = {"row_id": None, "places": [{"source": lost.step.name, "file": lost.file, "line": lost.line}],
            "content": None, "steps": [{"step": lost.step.id, "state": "dropped", "reason": lost.reason}]}  # fmt: skip
    return Page(data, f"{lost.place} could not be read, so it is no row: {lost.reason}", ())


def batch_page(step: Step, place: int, ids: Sequence[str], origins: Mapping[str, Origin]) -> Page:
    """The rows of an optimiser step, with the lines that they stand on."""
    rows = [(origins[i].place if i in origins else "", i, _line(origins[i]) if i in origins else "") for i in ids]
    data = {
        "step": step.id,
        "optimiser_step": place,
        "rows": [
            {"row_id": i, "file": origins[i].file, "line": origins[i].line, "content": dict(origins[i].content)}
            if i in origins
            else {"row_id": i}
            for i in ids
        ],
    }
    return Page(data, f"{step.id}, optimiser step {place:,}", (Table("", ("where", "row", "content"), rows),))


def _source(origin: Origin) -> str:
    return str(origin.step.local.get("labels", {}).get("source", origin.step.name))


def _told(fate: Fate) -> tuple[str, str]:
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
        answer = fate.answer
        right = "as expected" if answer["output"] == answer["expected"] else f"expected: {_cell(answer['expected'])}"
        note = f"{right}; {_stopped(answer['stop_reason'])}"
        if fate.more:
            note += "; asked again: " + _list([_cell(other["output"]) for other in fate.more])
        return f"answered: {_cell(answer['output'])}", note
    if fate.metrics:
        return _figures(fate)
    if fate.written is not None:
        count, accepted = fate.written
        return f"{count:,} candidate{'s' * (count != 1)} written from it, {accepted:,} accepted", ""
    if fate.added:
        return "kept; " + ", ".join(f"{name} {_cell(value)}" for name, value in fate.added.items()), ""
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
    value = f" · value {_cell(drop.value)}" if drop.value is not None else ""
    line = f"dropped by {drop.rule_text}{value}"
    if drop.survivor is not None:
        return line, f"stands in for it: {drop.survivor.place}  {_line(drop.survivor)}"
    return line, drop.reason or (f"stands in for it: row {drop.survivor_id}" if drop.survivor_id else "")


def _copies(copies: Sequence[Copy]) -> tuple[str, str]:
    places = [f"{copy.place:,}" for copy in copies]
    templates = sorted({copy.template for copy in copies if copy.template})
    times = "" if len(copies) == 1 else f"{len(copies)} times, "
    template = f", template {', '.join(templates)}" if templates else ""
    talk = " · ".join(f"{turn.get('role')}: {_cell(turn.get('content'))}" for turn in copies[0].messages)
    return f"{times}row{_s(places)} {_list(places)}{template}", one_line(talk, WIDE)


def _figures(fate: Fate) -> tuple[str, str]:
    named = [
        f"{one['model']}/{one['template']} {one['metric']} {number(one['value'])}{_why(one['reason'])}"
        for one in fate.metrics
    ]
    slices = ", ".join(f"{name} {_cell(value)}" for name, value in fate.slices.items())
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


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)  # a column with any broken number has all as such
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return one_line(text, WIDE)


def _line(origin: Origin) -> str:
    return " · ".join(_cell(value) for value in origin.content.values())


def _as_json(fate: Fate) -> dict[str, Any]:
    """Only what there is to say; texts as they are."""
    found: dict[str, Any] = {"step": fate.step.id, "state": fate.state}
    if fate.drops:
        found["dropped_by"] = [_drop_json(drop) for drop in fate.drops]
    if fate.added:
        found["added"] = dict(fate.added)
    if fate.copies:
        keys = ("place", "template", "task", "messages")
        found["rows"] = [{key: getattr(copy, key) for key in keys} for copy in fate.copies]
    if fate.learned:
        found["learned_in"] = [{"epoch": o.epoch, "step": o.step, "loss": o.loss} for o in fate.learned]
    if fate.answer is not None:
        found["answer"] = {**fate.answer, "prompt": json.loads(fate.answer["prompt"])}
    if fate.more:
        found["asked_again"] = [{**other, "prompt": json.loads(other["prompt"])} for other in fate.more]
    if fate.written is not None:
        found["candidates"], found["accepted"] = fate.written
    if fate.metrics:
        found["metrics"], found["slices"] = list(fate.metrics), dict(fate.slices)
    return found


def _drop_json(drop: Drop) -> dict[str, Any]:
    survivor = drop.survivor
    return {
        "rule": shown_rule(drop.rule),
        "text": drop.rule_text,
        "reason": drop.reason,
        "value": drop.value,
        "survivor": drop.survivor_id,
        "survivor_file": survivor.file if survivor else None,
        "survivor_line": survivor.line if survivor else None,
        "survivor_content": dict(survivor.content) if survivor else None,
    }
