"""What a step of a run is made of: its part of the plan, the same step of the run before, its SQL.

The plan is read once a run; a step is looked up in it. The SQL takes the typed plan, whose models are loaded for it
(0.2 s the first time), so it is asked for apart, in a worker thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from runtime.store import Store

PlanStep = Mapping[str, Any]


class Plans(Struct, frozen=True):
    """The steps of a run's plan by id, and of the run of the spec before it; both as JSON values."""

    run_id: str
    steps: Mapping[str, PlanStep] = field(default_factory=dict)
    before: Mapping[str, PlanStep] = field(default_factory=dict)
    before_id: str | None = None

    @property
    def plan(self) -> dict[str, Any]:
        return {"steps": list(self.steps.values())}


class Expression(Struct, frozen=True):
    """SQL of a step with its bound values, and what it is for."""

    title: str
    sql: str
    values: tuple[Any, ...]


class StepSpec(Struct, frozen=True):
    """A file of a spec; ``note`` says what it is where that has to be said. ``blocks`` are first and last lines."""

    text: str
    note: str
    blocks: tuple[tuple[int, int], ...] = ()


def plans(store: Store, run_id: str) -> Plans:
    """The plan of a run, and that of the newest run of its spec that began before it."""
    rows = store.query(
        """
        SELECT r.run_id, r.plan FROM runs r, (SELECT spec, started_at, run_id FROM runs WHERE run_id = ?) own
        WHERE r.run_id = own.run_id OR (r.spec = own.spec AND r.started_at < own.started_at)
        ORDER BY r.run_id = own.run_id DESC, r.started_at DESC LIMIT 2
        """,
        [run_id],
    )
    if not rows or rows[0][0] != run_id:
        return Plans(run_id)
    before_id = rows[1][0] if len(rows) > 1 else None
    return Plans(run_id, _steps(rows[0][1]), _steps(rows[1][1]) if before_id is not None else {}, before_id)


def _steps(text: str) -> dict[str, PlanStep]:
    try:
        steps = json.loads(text).get("steps", ())
        return {f"{step['kind']}:{step['name']}": step for step in steps}
    except (ValueError, KeyError, TypeError, AttributeError):  # a plan of another version
        return {}


def expressions(step: PlanStep) -> tuple[Expression, ...]:
    """The SQL of a step, as `sft explain` has it; nothing for a step of another version of sft."""
    from compiler.explain import expressions_of
    from compiler.plan import Step
    from compiler.step_params import params_from_json

    try:
        params = params_from_json(step["kind"], step["params"])
        typed = Step.model_validate({**step, "params": params})
        found = list(expressions_of(typed))
    except (ValueError, KeyError, IndexError, TypeError):  # pydantic's errors are ValueErrors
        return ()
    return tuple(Expression(title, sql.sql, tuple(sql.params)) for title, sql in found)


def spec_texts(store: Store, run_id: str) -> dict[str, StepSpec]:
    """The files of a run's spec by path, as they were when it began where the store has them."""
    from tui import spec_queries

    found = spec_queries.spec_texts(store, run_id)
    return {file.path: StepSpec(file.text, file.note, _blocks(file.path, file.text)) for file in found}


def _blocks(name: str, text: str) -> tuple[tuple[int, int], ...]:
    """First and last line of the blocks of a file, as far as it parses."""
    from spec_lang.diagnostics import Diagnostics
    from spec_lang.parsing import parse
    from spec_lang.source import SourceFile

    file = SourceFile(name, text)
    spans = (block.span for block in parse(file, Diagnostics()).spec.blocks)
    return tuple((file.position(span.start)[0], file.position(max(span.start, span.end - 1))[0]) for span in spans)
