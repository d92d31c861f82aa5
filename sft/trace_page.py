"""The fate of a row as a page: values for programs, a line a step for readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sft.plain_tables import Page, Table
from sft.show_filters import shown_rule
from tui.view_models.fates import cell, line_of, source_of, told

if TYPE_CHECKING:
    from compiler.plan import Step
    from runtime.tracing.fates import Drop, Fate
    from runtime.tracing.find import Origin, Unreadable


def row_page(row_id: str, places: Sequence[Origin], fates: Sequence[Fate]) -> Page:
    """A row: where it stands, what it holds, and what every step did with it."""
    first = places[0]
    stands = ", ".join(f"{origin.place} (source {source_of(origin)})" for origin in places)
    content = Table("", ("column", "value"), [(name, cell(value)) for name, value in first.content.items()])
    lines = [told(fate) for fate in fates]
    steps = Table("", ("step", "fate"), [(fate.step.id, line) for fate, (line, _) in zip(fates, lines, strict=True)],
                  notes=[note for _, note in lines], noted="note")  # fmt: skip
    data = {
        "row_id": row_id,
        "places": [{"source": source_of(one), "file": one.file, "line": one.line} for one in places],
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
    rows = [(origins[i].place if i in origins else "", i, line_of(origins[i]) if i in origins else "") for i in ids]
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
    for name, place in (("item", fate.item), ("recorded", fate.recorded)):
        if place is not None:
            found[name] = {"row_id": place.row_id, "file": place.file, "line": place.line}
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
