"""``sft trace``: what is meant, looked up in a run of a store, as a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spec_lang.diagnostics import DiagnosticError, fatal
from spec_lang.plain_text import visible

if TYPE_CHECKING:
    from compiler.plan import Step
    from runtime.store import Store
    from runtime.tracing.find import Scene
    from sft.plain_tables import Page

_PLACE = re.compile(r"(?P<step>[a-z]+:.+)@(?P<number>\d+)")


def trace(store: Store, run: str, wanted: str) -> Page:
    """The page of a row, of a line that is no row, or of the rows of an optimiser step. Raises DiagnosticError SFT0926
    (nothing, or more than one thing, is meant), SFT0910 (no such step), SFT0914 (no such run), SFT0922 (rows are gone).
    """
    from runtime.baselines import find_run
    from runtime.tracing.fates import fates
    from runtime.tracing.find import Unreadable, find
    from runtime.tracing.scene import scene_of
    from runtime.tracing.written import lineage
    from sft.trace_page import lost_page, row_page
    from sft.written_page import rejected_page, with_lineage

    with store.reading(), scene_of(store, find_run(store, run)[0]) as scene:
        if (match := _PLACE.fullmatch(wanted)) is not None:
            found = _at_place(scene, _step(scene, match["step"]), int(match["number"]))
            if not isinstance(found, str):
                return found
            wanted = found
        written = lineage(scene, wanted) if ":" not in wanted else None
        if written is not None and written.verdict == "rejected" and written.row_id == wanted:
            return rejected_page(written)
        try:
            origins = find(scene, wanted)
        except DiagnosticError:
            if written is None or written.verdict != "rejected":
                raise
            return rejected_page(written)  # the beginning of its id, and of no row's
        if isinstance(origins, Unreadable):
            return lost_page(origins)
        row_id = origins[0].row_id
        page = row_page(row_id, origins, fates(scene, row_id, origins))
        return page if written is None or written.row_id != row_id else with_lineage(page, written)


def _step(scene: Scene, step_id: str) -> Step:
    from spec_lang.suggest import closest

    try:
        return scene.plan.step(step_id)
    except KeyError:
        near = closest(step_id, [step.id for step in scene.plan])
        help = f"did you mean `{near[0]}`?" if near else "`sft show` lists the steps of a run"
        raise fatal("SFT0910", f"the run has no step `{visible(step_id)}`", help) from None


def _at_place(scene: Scene, step: Step, number: int) -> str | Page:
    """The id of the N-th row that a step made, or the page of an optimiser step."""
    from compiler.plan import StepKind
    from runtime.relational import PLACE, parquet
    from runtime.tracing.fates import train_order
    from runtime.tracing.find import origins
    from sft.trace_page import batch_page

    if step.kind is StepKind.TRAIN:
        order = train_order(scene, step)
        if order is None:
            raise _gone(step)
        ids = order.rows_of(number)
        if not ids:
            last = order.steps_an_epoch * order.params.epochs
            raise fatal("SFT0926", f"`{step.id}` has no optimiser step {number}", f"they count from 1 to {last:,}")
        return batch_page(step, number, ids, origins(scene, ids))
    path = scene.rows_file(step)
    if path is None:
        raise _gone(step)
    name = "row_id" if "row_id" in scene.columns(path) else "__row_id"
    rows = scene.db.rows(f"SELECT {name} FROM {parquet(path)} WHERE {PLACE} = ?", [number])
    if not rows:
        count = scene.db.value(f"SELECT count(*) FROM {parquet(path)}")
        raise fatal("SFT0926", f"`{step.id}` has no row {number:,}", f"it has {count:,}, counted from 0")
    return str(rows[0][0])


def _gone(step: Step) -> DiagnosticError:
    return fatal("SFT0922", f"`{step.id}` made no rows in this store", "name a step with rows, or run the spec again")
