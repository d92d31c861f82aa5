"""What became of a row in every step of a run: kept, dropped by which rule, drawn how often, learned from, answered.

A walk over the plan along the inputs. Told by data wherever a kind need not be known: a step whose ledger has the
row dropped it, a step whose rows have it kept it, and columns that its input had not are what the step added (the
part of a split, a score). Each step costs a pass over one column of its rows, some 100 ms a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from compiler.plan import Step, StepKind
from compiler.recorded_params import BEHIND
from compiler.step_params import MeasureParams, TrainParams
from runtime.exporting.provenance import task_names, template_names
from runtime.relational import PLACE, parquet
from runtime.tracing.find import Origin, Scene, origins
from runtime.tracing.recorded import answer_to, item_of
from runtime.tracing.train_order import TrainedIn, TrainOrder
from runtime.tracing.written import written_from

State = Literal["kept", "dropped", "absent", "shown", "learned", "validated", "answered", "measured", "unknown"]


@dataclass(frozen=True)
class Drop:
    """A ledger entry, with the spec's words; ``survivor`` is the place of the row that stood in."""

    rule: str
    rule_text: str
    reason: str | None
    value: str | None
    survivor: Origin | None
    survivor_id: str | None


@dataclass(frozen=True)
class Copy:
    """A row of a rendered or mixed set: its place from 0, and its conversation."""

    place: int
    template: str | None
    task: str | None
    messages: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Fate:
    """One step. ``added`` are columns that the step gave the row; ``answer`` (with ``more`` where the row was asked
    several times) and ``metrics`` are of evals; ``written`` counts candidates that a model wrote from the row, and how
    many of them were accepted. Of recorded answers ``item`` is the row that this one answers, ``recorded`` the one with
    the answer to it."""

    step: Step
    state: State
    drops: tuple[Drop, ...] = ()
    added: Mapping[str, Any] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()
    learned: tuple[TrainedIn, ...] = ()
    answer: Mapping[str, Any] | None = None
    more: tuple[Mapping[str, Any], ...] = ()
    metrics: tuple[Mapping[str, Any], ...] = ()
    slices: Mapping[str, str] = field(default_factory=dict)
    written: tuple[int, int] | None = None
    item: Origin | None = None
    recorded: Origin | None = None


def fates(scene: Scene, row_id: str, sources: Sequence[Origin]) -> list[Fate]:
    """The steps that read the row, in plan order; ``sources`` are its places."""
    came_from = {origin.step.hash for origin in sources}
    holding: set[str] = set()
    items: dict[str, str] = {}  # step of recorded answers -> the row that this one answers there
    found = []
    for step in scene.plan:
        fate = None
        if step.hash in came_from:
            fate = Fate(step, "kept", written=_written(scene, step, row_id))
        elif step.kind is StepKind.INGEST:
            fate = None
        elif not holding.isdisjoint(_read(step)):
            fate = _fate(scene, step, row_id, holding, items)
        if fate is None:
            continue
        found.append(fate)
        if fate.item is not None:
            items[step.id] = fate.item.row_id
        if fate.state in ("kept", "answered"):
            holding.add(step.id)
    return found


def _read(step: Step) -> Iterator[str]:
    """The steps whose rows a step takes; beside these, one of recorded answers looks into the files behind the data."""
    return (source for role, source in step.inputs.items() if not role.startswith(BEHIND))


def _fate(scene: Scene, step: Step, row_id: str, holding: set[str], items: Mapping[str, str]) -> Fate | None:
    if scene.begun is not None and step.id not in scene.begun:  # what the store has of it another run did
        return Fate(step, "unknown") if step.kind is not StepKind.GATE else None
    match step.kind:
        case StepKind.GATE:
            return None
        case StepKind.TRAIN:
            return _trained(scene, step, row_id, holding)
        case StepKind.LIKELIHOOD:
            drops = drops_of(scene, step, row_id)
            return Fate(step, "dropped", drops) if drops else None
        case StepKind.PREDICT:
            return _answered(scene, step, row_id)
        case StepKind.MEASURE:
            return _measured(scene, step, row_id, items)
        case StepKind.GENERATE:
            written = _written(scene, step, row_id)
            return Fate(step, "shown" if written is not None else "absent", written=written)
    drops = drops_of(scene, step, row_id)
    path = scene.rows_file(step)
    if path is None:
        return Fate(step, "dropped", drops) if drops else Fate(step, "unknown")
    columns = scene.columns(path)
    if "messages" in columns:
        copies = copies_of(scene, step, path, row_id)
        return Fate(step, "dropped" if drops and not copies else "kept" if copies else "absent", drops, copies=copies)
    rows = scene.db.rows(f"SELECT * FROM {parquet(path)} WHERE __row_id = ? LIMIT 1", [row_id])
    if not rows:
        return Fate(step, "dropped" if drops else "absent", drops)
    before = {name for role in step.inputs.values() for name in _columns_before(scene, role)}
    added = {name: value for name, value in zip(columns, rows[0], strict=True) if name not in before}
    return Fate(step, "kept", drops, {name.removeprefix("__"): value for name, value in added.items()})


def _written(scene: Scene, step: Step, row_id: str) -> tuple[int, int] | None:
    """What a model wrote from the row in a generate step; None where it wrote nothing from it."""
    if step.kind is not StepKind.GENERATE:
        return None
    found = written_from(scene, step, row_id)
    return found if found[0] else None


def _columns_before(scene: Scene, step_id: str) -> list[str]:
    path = scene.rows_file(scene.plan.step(step_id))
    return scene.columns(path) if path is not None else []


def drops_of(scene: Scene, step: Step, row_id: str) -> tuple[Drop, ...]:
    """The ledger's entries of a row in a step."""
    rows = scene.store.query(
        "SELECT rule, value, survivor, detail FROM ledger WHERE step_hash = ? AND row_id = ?", [step.hash, row_id]
    )
    where = origins(scene, [row[2] for row in rows if row[2] is not None]) if rows else {}
    rules = step.local.get("rules", ())
    drops = []
    for rule, value, survivor, detail in rows:
        written = rules[int(rule)] if rule.isdecimal() and int(rule) < len(rules) else {}
        text = written.get("text") or rule.replace("_", " ")
        drops.append(Drop(rule, text, written.get("reason") or detail, value, where.get(survivor), survivor))
    return tuple(drops)


def copies_of(scene: Scene, step: Step, path: Path, row_id: str) -> tuple[Copy, ...]:
    """Every time that a row stands in a rendered or mixed set."""
    columns = scene.columns(path)
    names = template_names(scene.plan.behind([step.id]))
    tasks, part = task_names(step), "part" if "part" in columns else "NULL"
    rows = scene.db.rows(
        f"SELECT {PLACE}, template_hash, {part}, messages FROM {parquet(path)} WHERE row_id = ? ORDER BY {PLACE}",
        [row_id],
    )
    return tuple(
        Copy(int(ord), names.get(template), tasks.get(of), json.loads(text)) for ord, template, of, text in rows
    )


def _trained(scene: Scene, step: Step, row_id: str, holding: set[str]) -> Fate:
    drops = drops_of(scene, step, row_id)
    rows = step.inputs.get("rows", "")
    if rows not in holding:
        state: State = "dropped" if drops else "validated" if step.inputs.get("validation") in holding else "absent"
        return Fate(step, state, drops)
    known = scene.store.query("SELECT 1 FROM results WHERE step_hash = ?", [step.hash])
    order = train_order(scene, step)
    if not known or order is None:
        return Fate(step, "unknown", drops)
    steps = order.steps_of(row_id)
    if not steps:
        return Fate(step, "dropped", drops)
    losses = dict(
        scene.store.query(
            "SELECT step, loss FROM train_steps WHERE step_hash = ? AND list_contains(?::INTEGER[], step)",
            [step.hash, [place for _, place in steps]],
        )
    )
    return Fate(step, "learned", drops, learned=tuple(TrainedIn(e, place, losses.get(place)) for e, place in steps))


def train_order(scene: Scene, step: Step) -> TrainOrder | None:
    """The order of a training; None when the rows that it read are gone."""
    assert isinstance(step.params, TrainParams)
    rows = scene.rows_file(scene.plan.step(step.inputs["rows"]))
    return TrainOrder.of(scene.db, scene.store, step, rows) if rows is not None else None


def _answered(scene: Scene, step: Step, row_id: str) -> Fate:
    names = ("prompt", "output", "expected", "stop_reason", "output_tokens")
    rows = scene.store.query(
        f"SELECT {', '.join(names)} FROM predictions WHERE step_hash = ? AND row_id = ? ORDER BY sample",
        [step.hash, row_id],
    )
    if not rows:
        drops = drops_of(scene, step, row_id)
        if not drops and (item := item_of(scene, step, row_id)) is not None and item.row_id != row_id:
            return replace(_answered(scene, step, item.row_id), item=item, recorded=None)
        known = scene.store.query("SELECT 1 FROM results WHERE step_hash = ?", [step.hash])
        return Fate(step, "dropped" if drops else "absent" if known else "unknown", drops)
    first, *more = (dict(zip(names, row, strict=True)) for row in rows)
    return Fate(step, "answered", answer=first, more=tuple(more), recorded=answer_to(scene, step, row_id))


def _measured(scene: Scene, step: Step, row_id: str, items: Mapping[str, str]) -> Fate | None:
    """What was measured of the row; of one that holds recorded answers, what was measured of these."""
    metrics = _values(scene, step, row_id)
    if not metrics and isinstance(step.params, MeasureParams):
        for cell in step.params.cells:
            item = items.get(step.inputs[cell.input])
            if item is not None:
                row_id = item
                metrics += [row for row in _values(scene, step, item) if row[:2] == (cell.model, cell.template)]
    if not metrics:
        return None
    slices = scene.store.query(
        "SELECT slice, string_agg(value, ', ' ORDER BY value) FROM item_slices WHERE step_hash = ? AND row_id = ? "
        "GROUP BY slice ORDER BY slice",
        [step.hash, row_id],
    )
    names = ("model", "template", "metric", "value", "reason")
    return Fate(
        step, "measured", metrics=tuple(dict(zip(names, row, strict=True)) for row in metrics), slices=dict(slices)
    )


def _values(scene: Scene, step: Step, row_id: str) -> list[tuple[Any, ...]]:
    return scene.store.query(
        "SELECT model, template, metric, value, reason FROM item_metrics "
        "WHERE step_hash = ? AND row_id = ? ORDER BY ALL",
        [step.hash, row_id],
    )
