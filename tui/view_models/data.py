"""The data funnel: what each rule of each step took away, and the dropped rows themselves.

A row falls to the first rule that drops it, so the rows that reach a rule are those that reached
the one before, less what that one dropped.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tui.drop_queries import DropRow, RuleCount
from tui.formats import place
from tui.queries import StepRow

_FLOW = ("ingest", "generate", "filter", "split", "decontaminate", "render", "mix", "train")
_TOLD = {
    "ingest": "read the source",
    "generate": "keep what breaks no rule of what a model wrote",
    "filter": "keep what no rule below drops",
    "split": "assign rows to parts",
    "decontaminate": "keep what gives no held-out row away",
    "render": "render conversations",
    "mix": "mix tasks",
    "train": "fit into the model",
}


@dataclass(frozen=True)
class FunnelLine:
    """A step (``rule`` None) or one of its rules. ``widest`` is the largest ``entering`` of the run, for bars."""

    step_id: str
    rule: str | None
    title: str
    entering: int | None
    dropped: int | None
    kept: int | None
    reason: str
    widest: int

    @property
    def openable(self) -> bool:
        return bool(self.dropped)


@dataclass(frozen=True)
class Drop:
    """One dropped row as shown: where it came from, why, and what stood in for it."""

    step_id: str
    rule: str
    place: str
    line: int | None
    value: str
    detail: str
    text: str
    content: tuple[tuple[str, str], ...]
    survivor: str | None
    survivor_content: tuple[tuple[str, str], ...]
    row_id: str | None
    survivor_place: str | None  # with its file; ``survivor`` is the short form


def funnel(steps: Sequence[StepRow], counts: Sequence[RuleCount]) -> tuple[FunnelLine, ...]:
    """The steps through which data flows, each followed by its rules."""
    by_step: dict[str, list[RuleCount]] = {}
    for entry in counts:
        by_step.setdefault(entry.step_id, []).append(entry)
    losing = {entry.step_id for entry in counts if entry.dropped}
    flowing = [step for step in steps if step.kind in _FLOW or step.step_id in losing]
    widest = max((step.rows_in or 0 for step in flowing), default=0)
    lines: list[FunnelLine] = []
    for step in flowing:
        title = f"{step.kind} {step.name}"
        told = _TOLD.get(step.kind, "")
        if step.status in ("pending", "skipped"):
            told = "not run yet"
        lines.append(
            FunnelLine(
                step.step_id, None, title, step.rows_in, step.rows_dropped, step.rows_out, step.error or told, widest
            )
        )
        lines.extend(_rules(step, by_step.get(step.step_id, ()), widest))
    return tuple(lines)


def _rules(step: StepRow, counts: Sequence[RuleCount], widest: int) -> list[FunnelLine]:
    lines, entering = [], step.rows_in
    for entry in counts:
        kept = None if entering is None else entering - entry.dropped
        title = entry.text or entry.rule.replace("_", " ")
        lines.append(
            FunnelLine(step.step_id, entry.rule, title, entering, entry.dropped, kept, entry.reason or "", widest)
        )
        entering = kept
    return lines


def drop(row: DropRow, row_files: Collection[str] = ()) -> Drop:
    """``row_files`` are those whose rows are counted as rows and not as lines."""
    content = fields(row.content)
    survivor, stood_in = None, row.survivor
    if row.survivor is not None:
        unit = "row" if row.survivor_file in row_files else "line"
        survivor = f"{unit} {row.survivor_line}" if row.survivor_line is not None else row.survivor[:12]
    if row.survivor_file is not None and row.survivor_line is not None:
        stood_in = place(row.survivor_file, row.survivor_line, row_files)
    return Drop(
        row.step_id,
        row.rule,
        place(row.file, row.line, row_files) if row.line is not None else (row.file or ""),
        row.line,
        row.value or "",
        row.detail or "",
        " · ".join(value for _, value in content) or row.detail or "",
        content,
        survivor,
        fields(row.survivor_content),
        row.row_id,
        stood_in,
    )


def fields(content: str | None) -> tuple[tuple[str, str], ...]:
    """The columns of a stored row as (name, text); internal ones left out."""
    if content is None:
        return ()
    try:
        value = json.loads(content)
    except ValueError:
        return (("", content),)
    if not isinstance(value, dict):
        return (("", content),)
    return tuple((str(k), _text(v)) for k, v in value.items() if not str(k).startswith("__") and v is not None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
