"""A row of a rendered or mixed set: where it came from, how often it is there, which trainings read it, and its mask.

Told by the same walk that ``sft trace`` takes. Looking a row up costs a pass over one column of a set (100 ms a million
rows), and half a second an epoch and million rows to tell in which optimiser steps it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from compiler.plan import Plan, Step, StepKind
from runtime.store import Store
from runtime.tracing.fates import Copy, copies_of, drops_of, train_order
from runtime.tracing.find import Scene, origins
from runtime.tracing.scene import scene_of
from runtime.tracing.written import lineage
from runtime.training.shown_row import ShownRow, shown_row
from spec_lang.diagnostics import fatal
from tui.mixture_queries import MixtureRow, mixtures
from tui.spec_queries import spec_folder


@dataclass(frozen=True)
class Training:
    """A training that reads the row: in which optimiser steps it was (``epoch``, ``step``), or why it was not."""

    step: Step
    learned: tuple[tuple[int, int], ...]
    dropped: str = ""
    validation: bool = False


@dataclass(frozen=True)
class InMixture:
    """How often the row is in a mixture; ``parts`` are the rows of its tasks there."""

    step_id: str
    times: int
    rows: int
    parts: tuple[MixtureRow, ...]


@dataclass(frozen=True)
class TrainingRow:
    """``copies`` are its places in the set that was asked for. ``generation`` is None for a row that nobody's model
    wrote."""

    row_id: str
    step_id: str
    copies: tuple[Copy, ...]
    place: str
    content: tuple[tuple[str, str], ...]
    generation: int | None
    trainings: tuple[Training, ...]
    mixtures: tuple[InMixture, ...]


def training_row(store: Store, run_id: str, step_id: str, row_id: str) -> TrainingRow:
    """Raises DiagnosticError SFT0914 (no such run), SFT0910 (no such step), SFT0926 (no such row in it), SFT0922 (its
    rows are gone)."""
    with scene_of(store, run_id) as scene:
        step = next((step for step in scene.plan if step.id == step_id), None)
        if step is None:
            raise fatal("SFT0910", f"the run has no step `{step_id}`", "`sft show run` lists its steps")
        path = scene.rows_file(step)
        if path is None:
            raise fatal("SFT0922", f"`{step_id}` made no rows in this store", "run the spec again: `sft run FILE`")
        copies = copies_of(scene, step, path, row_id) if "messages" in scene.columns(path) else ()
        if not copies:
            raise fatal("SFT0926", f"`{step_id}` has no conversation of row `{row_id[:12]}`", "`sft trace` tells why")
        origin = origins(scene, [row_id]).get(row_id)
        written = lineage(scene, row_id)
        return TrainingRow(
            row_id,
            step_id,
            copies,
            origin.place if origin is not None else "",
            tuple((name, _text(value)) for name, value in origin.content.items()) if origin is not None else (),
            written.generation if written is not None and written.row_id == row_id else None,
            tuple(_trainings(scene, step_id, row_id)),
            tuple(_mixtures(scene, store, run_id, step_id, row_id)),
        )


def mask_of(store: Store, run_id: str, training: Training, copy: Copy) -> ShownRow | str:
    """A conversation as a training sees it, or why that cannot be told."""
    return shown_row(training.step, spec_folder(store, run_id), copy.messages)


def trained_on(plan: Plan, step_id: str) -> list[Step]:
    """The trainings whose rows, or validation rows, are those of a step, also by way of mixtures."""
    through = {step_id} | {step.id for step in plan if step.kind is StepKind.MIX and step_id in step.inputs.values()}
    return [step for step in plan if step.kind is StepKind.TRAIN and not through.isdisjoint(step.inputs.values())]


def _trainings(scene: Scene, step_id: str, row_id: str) -> Iterator[Training]:
    for step in trained_on(scene.plan, step_id):
        drops = drops_of(scene, step, row_id)
        dropped = (drops[0].reason or drops[0].rule_text) if drops else ""
        if step.inputs.get("validation") == step_id:
            yield Training(step, (), dropped, validation=True)
            continue
        ended = scene.store.query("SELECT 1 FROM results WHERE step_hash = ?", [step.hash])
        order = train_order(scene, step) if ended else None
        yield Training(step, tuple(order.steps_of(row_id)) if order is not None else (), dropped)


def _mixtures(scene: Scene, store: Store, run_id: str, step_id: str, row_id: str) -> Iterator[InMixture]:
    """The mixtures that the set is in, or the set itself where it is one."""
    parts = mixtures(store, run_id)
    for step in scene.plan:
        if step.kind is not StepKind.MIX or (step.id != step_id and step_id not in step.inputs.values()):
            continue
        path = scene.rows_file(step)
        if path is not None:
            own = tuple(row for row in parts if row.step_id == step.id)
            times = len(copies_of(scene, step, path, row_id))
            yield InMixture(step.id, times, sum(row.realised for row in own), own)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
