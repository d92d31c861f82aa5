"""The templates of a run's tasks, put to one row of the task."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store import Store
from runtime.tracing.scene import plan_of, scene_of
from runtime.tracing.templates import Rendered, TaskTemplate, rendered, row_at, rows_of, templates_of
from tui.queries import plan_text


@dataclass(frozen=True)
class OnRow:
    """All templates of a task on one of its ``rows``: by template hash."""

    task: str
    place: int
    rows: int
    row_id: str
    file: str
    line: int
    rendered: dict[str, Rendered]


def task_templates(store: Store, run_id: str) -> list[TaskTemplate]:
    """The templates of all tasks of a run; none of a run whose plan is of another version."""
    plan = plan_of(plan_text(store, run_id))
    return templates_of(plan) if plan is not None else []


def on_row(store: Store, run_id: str, task: str, place: int) -> OnRow | None:
    """The templates of a task on its row at a place, counted around the end; None where its rows are not there."""
    with scene_of(store, run_id) as scene:
        own = [one for one in templates_of(scene.plan) if one.task == task]
        found = rows_of(scene, own[0]) if own else None
        if found is None or not found[1]:
            return None
        path, rows = found
        at = place % rows
        row_id, file, line = row_at(scene, path, at)
        made = {one.hash: rendered(scene, one, path, at) for one in own}
        return OnRow(task, at, rows, row_id, file, line, made)
