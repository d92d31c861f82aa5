"""The templates of a run's tasks, and what each makes of one row: rendered anew, by the render step's own SQL.

A run gives each row one template; to compare templates all of them are put to the same row. One row costs some 50 ms,
with examples in the prompt as long as drawing them for one row takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.plan import Plan, Step
from compiler.step_params import RenderParams, RenderTemplate
from runtime import few_shot
from runtime.relational import PLACE, Engine, parquet
from runtime.steps.render import chosen_rows, statement, template_hash
from runtime.tracing.find import Scene
from spec_lang.diagnostics import DiagnosticError


@dataclass(frozen=True)
class TaskTemplate:
    """A template of a task; ``steps`` are the renders that use it, ``at`` its position in the first of them."""

    task: str
    name: str
    hash: str
    at: int
    steps: tuple[Step, ...]

    @property
    def template(self) -> RenderTemplate:
        params = self.steps[0].params
        assert isinstance(params, RenderParams)
        return params.templates[self.at]


@dataclass(frozen=True)
class Rendered:
    """What a template makes of a row: turns, or why it makes none."""

    messages: Sequence[Mapping[str, Any]]
    fault: str = ""


def templates_of(plan: Plan) -> list[TaskTemplate]:
    """The templates of each task, in plan order; one that several renders use is one."""
    found: dict[tuple[str, str], TaskTemplate] = {}
    for step in plan:
        if not isinstance(step.params, RenderParams):
            continue
        names = step.local.get("templates", ())
        task = str(step.local.get("labels", {}).get("task", step.name))
        for at, template in enumerate(step.params.templates):
            key = (task, template_hash(template))
            known = found.get(key)
            name = names[at] if at < len(names) else str(at)
            steps = (step,) if known is None else (*known.steps, step)
            found[key] = TaskTemplate(task, name, key[1], at if known is None else known.at, steps)
    return sorted(found.values(), key=lambda one: list(dict.fromkeys(task for task, _ in found)).index(one.task))


def rows_of(scene: Scene, one: TaskTemplate) -> tuple[Path, int] | None:
    """The file of rows that a template is put to, and how many it has; None where it is not in the store."""
    for step in one.steps:
        path = scene.rows_file(scene.plan.step(step.inputs["rows"]))
        if path is not None:
            return path, int(scene.db.value(f"SELECT count(*) FROM {parquet(path)}"))
    return None


def row_at(scene: Scene, path: Path, place: int) -> tuple[str, str, int]:
    """Id, file and line of a row of a file."""
    rows = scene.db.rows(
        f"SELECT __row_id, coalesce(__file, ''), coalesce(__line, 0) FROM {parquet(path)} WHERE {PLACE} = ?", [place]
    )
    return (rows[0][0], rows[0][1], int(rows[0][2])) if rows else ("", "", 0)


def rendered(scene: Scene, one: TaskTemplate, path: Path, place: int) -> Rendered:
    """The row at a place of a file under one template."""
    params = RenderParams(part=None, templates=(one.template,))
    db = scene.db
    for table in ("pool_0", "shots_0"):
        db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(
        f"CREATE OR REPLACE VIEW rows AS SELECT *, {PLACE} AS __ord FROM {parquet(path)} WHERE {PLACE} = {int(place)}"
    )
    try:
        _examples(scene, db, one, params)
        sql, values = statement(params)
        ((messages, fault, lacking),) = db.rows(f"SELECT messages, fault, lacking FROM ({sql})", values)
    except DiagnosticError as error:
        return Rendered((), error.diagnostics[0].message)
    if fault is not None:
        return Rendered((), f"`{lacking}` is empty" if lacking else str(fault).replace("_", " "))
    return Rendered(tuple(json.loads(messages)))


def _examples(scene: Scene, db: Engine, one: TaskTemplate, params: RenderParams) -> None:
    if one.template.few_shot is None:
        return
    step = one.steps[0]
    source = scene.rows_file(scene.plan.step(step.inputs[f"examples:{one.at}"]))
    if source is not None:
        few_shot.draw(db, one.template, 0, chosen_rows(params), f"SELECT * FROM {parquet(source)}", one.name)
