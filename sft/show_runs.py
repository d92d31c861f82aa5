"""``sft show runs``, ``sft show RUN run`` and, with ``--step``, one step of it: Home and Run of the dashboard as pages.

The changes of headlines are worked out for the runs that are listed (20 ms a run of 200 items).
"""

from __future__ import annotations

import json
import time

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters, known_name
from tui import home_queries, queries, step_queries
from tui.formats import NOTHING, count
from tui.view_models import home as home_views
from tui.view_models import runs as run_views
from tui.view_models import step_detail as step_views
from tui.view_models.plan_lines import PlanLine, plan_lines, tree_parts
from tui.view_models.plan_tree import folds_around
from tui.view_models.step_detail import StepDetail, Value


def runs_page(store: Store, filters: Filters) -> Page:
    rows = home_queries.home(store, filters.limit)
    now = time.time()
    changes = [home_queries.delta(store, row) for row in rows]
    lines = [home_views.home_line(row, change, now) for row, change in zip(rows, changes, strict=True)]
    cells = [
        (line.run.run_id, line.run.spec, line.run.status, line.run.verdict or "", line.run.started, line.run.took)
        for line in lines
    ]
    notes = [_note(line) for line in lines]
    data = [home_views.as_json(*known) for known in zip(rows, changes, lines, strict=True)]
    columns = ("run", "spec", "state", "gate", "started", "took")
    table = Table("", columns, cells, frozenset({5}), notes if any(notes) else (), "measured")
    left = queries.count_runs(store) - len(rows)
    last = f"{left:,} older run{'s' * (left != 1)} not listed: `--limit`" if left > 0 else ""
    return Page(data, "" if rows else "no run yet: `sft run FILE`", (table,) if rows else (), last)


def _note(line: home_views.HomeLine) -> str:
    """What a run measured and how that changed; the names that it bears."""
    blessed = f"baseline {', '.join(line.blessed)}" if line.blessed else ""
    return "; ".join(text for text in (blessed, *line.words.split("\n")) if text)


def run_page(store: Store, run_id: str, filters: Filters) -> Page:
    """The tree of a run with every fold open, or one step of it."""
    row, steps = queries.run(store, run_id), queries.steps(store, run_id)
    run = run_views.run_view(row, steps, time.time())
    if filters.step is not None:
        known_name(filters.step, [step.step_id for step in steps], "step")
        return _step_page(store, run, filters.step)
    parts = tree_parts(queries.plan(store, run_id), run.steps)
    opened = folds_around(parts, {part.id for part in parts})
    columns = ("", "step", "in", "out", "dropped", "time", "why")
    cells = [_cells(line) for line in plan_lines(run, parts, opened)]
    verdict = f" · gate {run.verdict}" if run.verdict else ""
    head = f"{run.spec} {run.run_id}: {run.status}{verdict} · {run.headline}"
    return Page(run_views.as_json(run), head, (Table("", columns, cells, frozenset({2, 3, 4, 5})),), _tail(run))


def _tail(run: run_views.RunView) -> str:
    """What went wrong, and what steps have found."""
    warned = [f"warning {one.code}: {one.message}" for one in run.warnings]
    return "; ".join(filter(None, (run.error, *warned)))


def _cells(line: PlanLine) -> tuple[str, ...]:
    step = line.step
    more = f" (+{line.more})" if line.more else ""
    rows = ("", "", "")
    if step is not None:
        rows = (count(step.rows_in), count(step.rows_out), count(step.rows_dropped) if step.rows_dropped else "")
    mark = run_views.STATE_MARKS.get(line.status, "·")
    return (mark, f"{line.node.lead}{line.kind} {line.name}{more}", *rows, line.took, line.note)


# --- one step ---------------------------------------------------------------------------------------


def _step_page(store: Store, run: run_views.RunView, step_id: str) -> Page:
    plans, texts = step_queries.plans(store, run.run_id), step_queries.spec_texts(store, run.run_id)
    row = next(step for step in queries.steps(store, run.run_id) if step.step_id == step_id)
    status = next(step.status for step in run.steps if step.step_id == step_id)
    plan_step = plans.steps.get(step_id)
    sql = step_queries.expressions(plan_step) if plan_step is not None else ()
    detail = step_views.step_detail(row, status, plans, texts, sql)
    tables = (
        Table(
            _spec_title(detail),
            ("line", "spec"),
            [(str(line.number), line.text) for line in detail.spec],
            frozenset({0}),
        ),
        _values("parameters", detail.parameters, detail.before),
        Table(
            "SQL",
            ("what", "values", "sql"),
            [(item.title, json.dumps(list(item.values), default=str), item.sql) for item in detail.sql],
            copied=True,
        ),
        _values("the hash covers the parameters and", detail.covers, detail.before),
        Table("it says of itself", ("", ""), list(detail.facts)),
    )
    why = detail.error or detail.why
    head = f"{detail.step_id}: {detail.status} · hash {detail.step_hash[:12]}" + (f" · {why}" if why else "")
    return Page(step_views.as_json(detail), head, tuple(table for table in tables if table.rows), _told(detail))


def _spec_title(detail: StepDetail) -> str:
    return detail.place + (f" ({detail.spec_note})" if detail.spec_note else "")


def _values(title: str, values: tuple[Value, ...], before: str | None) -> Table:
    if before is None:
        return Table(title, ("name", "value"), [(value.name, value.value) for value in values])
    rows = [(value.name, value.value, NOTHING if value.was is None else value.was) for value in values]
    return Table(title, ("name", "value", f"in {before}"), rows)


def _told(detail: StepDetail) -> str:
    if detail.before is None:
        return ""
    changed = [value.name for value in (*detail.parameters, *detail.covers) if value.was is not None]
    return f"changed since {detail.before}: {', '.join(changed)}" if changed else f"as in {detail.before}"
