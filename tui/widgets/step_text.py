"""A step of a run as text: why it ran, its lines of the spec, parameters, SQL, and what its hash covers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.text import Text

from spec_lang.plain_text import one_line, visible
from tui.formats import count
from tui.themes import Ink
from tui.view_models.plan_lines import PlanLine
from tui.view_models.runs import STATE_MARKS, StepLine
from tui.view_models.step_detail import StepDetail, Value
from tui.widgets.marked_text import hanging, labelled, shown

NUMBER = 5  # cells of a line number
RAN = ("running", "done", "failed", "interrupted")
MOST_LISTED = 200  # steps of a fold


def step_text(detail: StepDetail, ink: Ink, width: int, *, waiting: bool = False) -> Text:
    """``waiting``: the SQL is still being read."""
    text = Text().append(visible(detail.step_id), style=f"bold {ink.text}")
    mark = STATE_MARKS.get(detail.status, "·")
    text.append(f"  {mark} {detail.status}", style=ink.state(detail.status))
    text.append(f"  {visible(detail.step_hash[:12])}\n", style=ink.faint)
    if detail.error:
        text.append_text(shown(detail.error, ink.bad)).append("\n")
    elif detail.why:
        if detail.status in RAN:
            text.append("ran because ", style=ink.faint)
        text.append_text(shown(detail.why, ink.text)).append("\n")
    if detail.rows:
        text.append_text(labelled(detail.rows, ink, width)).append("\n")
    if detail.facts:
        text.append_text(
            labelled([(name.replace("_", " "), value) for name, value in detail.facts], ink, width)
        ).append("\n")
    _spec(text, detail, ink, width)
    _values(text, "parameters", detail.parameters, detail.before, ink, width)
    if waiting:
        _title(text, "SQL", ink)
        text.append("reading …\n", style=ink.faint)
    elif detail.sql:
        _title(text, "SQL", ink)
        for item in detail.sql:
            text.append(visible(item.title) + "\n", style=ink.faint)
            text.append_text(shown(item.sql, ink.text)).append("\n")
            if item.values:
                values = json.dumps(list(item.values), ensure_ascii=False, default=str)
                text.append("with " + one_line(values, 500) + "\n", style=ink.faint)
    _values(text, "the hash covers the parameters and", detail.covers, detail.before, ink, width)
    return text


def _title(text: Text, title: str, ink: Ink) -> None:
    text.append("\n" + title, style=f"bold {ink.accent}").append("\n")


def _spec(text: Text, detail: StepDetail, ink: Ink, width: int) -> None:
    if not detail.place:
        return
    _title(text, visible(detail.place), ink)
    if not detail.spec:
        text.append("the file is not there to be shown\n", style=ink.faint)
    for line in detail.spec:
        shown_line = hanging(one_line(line.text, 400), NUMBER, width)
        text.append(f"{line.number:>{NUMBER - 1}} ", style=ink.faint).append(shown_line + "\n", style=ink.text)
    if detail.spec_note:
        text.append(visible(detail.spec_note) + "\n", style=ink.unsure)


def _values(text: Text, title: str, values: Sequence[Value], before: str | None, ink: Ink, width: int) -> None:
    if not values:
        return
    changed = sum(value.was is not None for value in values)
    told = f"  {changed} changed since {before}" if changed else "  as in the run before" if before else ""
    _title(text, title, ink)
    text.right_crop(1)
    text.append(visible(told) + "\n", style=ink.unsure if changed else ink.faint)
    for value in values:
        mark = ("≠ ", f"bold {ink.unsure}") if value.was is not None else ("  ", "")
        name = visible(value.name) + " "
        line = hanging(name + visible(value.value), 2, width)
        text.append(*mark).append(line[: len(name)], style=ink.faint).append(line[len(name) :], style=ink.text)
        if value.was is not None:
            text.append(f"  was {visible(value.was)}", style=ink.unsure)
        text.append("\n")


def fold_text(line: PlanLine, steps: Sequence[StepLine], ink: Ink) -> Text:
    """What is in a fold."""
    text = Text().append(visible(f"{line.kind} {line.name}"), style=f"bold {ink.text}")
    text.append(f"  {STATE_MARKS.get(line.status, '·')} {line.status}", style=ink.state(line.status))
    text.append(f"\n{visible(line.note)}\n", style=ink.text)
    text.append("Space or Enter opens and closes it\n\n", style=ink.faint)
    for step in steps[:MOST_LISTED]:
        text.append(STATE_MARKS.get(step.status, "·") + " ", style=ink.state(step.status))
        text.append(visible(f"{step.kind} {step.name}"), style=ink.text)
        rows = f"  {count(step.rows_out)} rows" if step.rows_out is not None else ""
        text.append(f"{rows}  {visible(step.took)}\n", style=ink.faint)
    if len(steps) > MOST_LISTED:
        text.append(f"and {len(steps) - MOST_LISTED:,} more\n", style=ink.faint)
    return text
