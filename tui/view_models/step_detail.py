"""A step as it is read: why it ran, its lines of the spec, its parameters, SQL and what its hash covers. Pure.

Parameters and inputs that the run before had otherwise are marked with what they were, because a changed hash is what
one asks about. A list of objects is told by its number: what its entries say stands in the SQL or in other views.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.formats import count, duration, share
from tui.queries import StepRow
from tui.step_queries import Expression, Plans, PlanStep, StepSpec

MOST_SHOWN = 300  # characters of a value
MOST_LINES = 40  # of the spec
_SQL = " (SQL)"


@dataclass(frozen=True)
class Value:
    """A parameter or an input of the hash. ``was`` is what the run before had, None where it is the same."""

    name: str
    value: str
    was: str | None = None


@dataclass(frozen=True)
class SpecLine:
    number: int
    text: str


@dataclass(frozen=True)
class StepDetail:
    """``before`` is the run that it is held against; ``spec_note`` says of the lines what has to be said."""

    step_id: str
    status: str
    step_hash: str
    place: str
    why: str
    error: str
    rows: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    parameters: tuple[Value, ...]
    covers: tuple[Value, ...]
    before: str | None
    spec: tuple[SpecLine, ...] = ()
    spec_note: str = ""
    sql: tuple[Expression, ...] = ()


def step_detail(
    row: StepRow, status: str, plans: Plans, texts: Mapping[str, StepSpec], sql: Sequence[Expression] = ()
) -> StepDetail:
    """``texts`` has the spec's files by path."""
    step = plans.steps.get(row.step_id, {})
    before = plans.before.get(row.step_id) if row.step_id in plans.before else None
    place = step.get("place") or {}
    lines, note = _spec_lines(place, texts)
    return StepDetail(
        row.step_id,
        status,
        row.step_hash,
        f"{place.get('path', 'the spec')}:{place.get('line', row.line)}" if place or row.line is not None else "",
        "unchanged since an earlier run" if status == "cached" else row.reason or "",
        row.error or "",
        tuple(_rows(row)),
        tuple(_facts(row)),
        tuple(_parameters(step, before)),
        tuple(_covers(step, before, plans)),
        plans.before_id if before is not None else None,
        lines,
        note,
        tuple(sql),
    )


def _rows(row: StepRow) -> Iterator[tuple[str, str]]:
    if row.rows_in is not None and row.rows_out is not None:
        yield "in", count(row.rows_in)
        yield "out", count(row.rows_out)
    if row.rows_dropped and row.rows_in:
        yield "dropped", f"{count(row.rows_dropped)} ({share(row.rows_dropped, row.rows_in)})"
    if row.seconds is not None:
        yield "took", duration(row.seconds)


def _facts(row: StepRow) -> Iterator[tuple[str, str]]:
    """What the step says of itself."""
    for name, value in row.summary.items():
        if isinstance(value, bool):
            yield name, "yes" if value else "no"
        elif isinstance(value, int):
            yield name, count(value)
        elif isinstance(value, str | float):
            yield name, _short(value)


def _parameters(step: PlanStep, before: PlanStep | None) -> Iterator[Value]:
    """Those that are SQL have a place of their own; they stand here too where they changed."""
    new = dict(_flat(step.get("params", {})))
    old = dict(_flat(before.get("params", {}))) if before is not None else new
    for name, value in new.items():
        was = old.get(name, "none")
        if name != "kind" and (was != value or not name.endswith(_SQL)):
            yield Value(name, value, None if was == value else was)
    for name, value in old.items():
        if name not in new:
            yield Value(name, "none", value)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Fields with their paths; values without fields of their own on one line. What stands for nothing is left out."""
    if isinstance(value, dict) and "sql" not in value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value, 1):
            yield from _flat(item, f"{name} {number}")
    elif isinstance(value, dict):
        yield name + _SQL, _short(value["sql"])
    elif value is not None and value != []:
        yield name, _short(value)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}… ({len(text):,} characters)"


def _covers(step: PlanStep, before: PlanStep | None, plans: Plans) -> Iterator[Value]:
    """Everything that the hash covers beside the parameters."""
    if not step:
        return
    old = before if before is not None else step
    yield _changed("version of the algorithm", str(step.get("version")), str(old.get("version")))
    known = plans.before if before is not None else plans.steps
    for role, source in step.get("inputs", {}).items():
        was = old.get("inputs", {}).get(role)
        now_text, was_text = _input(source, plans.steps), _input(was, known) if was is not None else "none"
        yield _changed(role, now_text, was_text)
    for name, content in step.get("content", {}).items():
        yield _changed(name, str(content)[:12], str(old.get("content", {}).get(name, "none"))[:12])


def _changed(name: str, now: str, was: str) -> Value:
    return Value(name, now, None if now == was else was)


def _input(step_id: str, steps: Mapping[str, PlanStep]) -> str:
    return f"{step_id} {str(steps.get(step_id, {}).get('hash', ''))[:12]}".rstrip()


def _spec_lines(place: Mapping[str, Any], texts: Mapping[str, StepSpec]) -> tuple[tuple[SpecLine, ...], str]:
    """The lines of a step's block, at most ``MOST_LINES``."""
    found = texts.get(str(place.get("path")))
    first, last = place.get("line"), place.get("end_line")
    if found is None or not isinstance(first, int) or not isinstance(last, int):
        return (), ""
    text, note = found.text, found.note
    first, last = next(((a, b) for a, b in found.blocks if a <= first <= b), (first, last))
    lines = text.splitlines()[first - 1 : last]
    shown = tuple(SpecLine(first + number, line) for number, line in enumerate(lines[:MOST_LINES]))
    more = f"{len(lines) - MOST_LINES} more lines; " if len(lines) > MOST_LINES else ""
    return shown, (more + note).removesuffix("; ")


def as_json(detail: StepDetail) -> dict[str, Any]:
    """A step as JSON values."""
    return {
        "step_id": detail.step_id,
        "status": detail.status,
        "step_hash": detail.step_hash,
        "place": detail.place,
        "why": detail.why,
        "error": detail.error or None,
        "facts": dict(detail.facts),
        "before": detail.before,
        "parameters": [_value_json(value) for value in detail.parameters],
        "hash_covers": [_value_json(value) for value in detail.covers],
        "spec": [{"line": line.number, "text": line.text} for line in detail.spec],
        "sql": [{"what": item.title, "sql": item.sql, "values": list(item.values)} for item in detail.sql],
    }


def _value_json(value: Value) -> dict[str, Any]:
    return {"name": value.name, "value": value.value, **({"was": value.was} if value.was is not None else {})}
