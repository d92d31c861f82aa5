"""``sft show RUN training``: the figures of each training, and its course in at most so many rows.

The figures are of all steps, as in the dashboard. A row of a long training is the mean of neighbours, and the title
says of how many; a validation loss is one that was measured, and stands with its step.
"""

from __future__ import annotations

from dataclasses import asdict

from runtime.store import Store
from sft.plain_tables import Page, Table
from sft.show_filters import Filters
from tui import queries, training_queries
from tui.formats import count, number
from tui.training_queries import Course
from tui.view_models.training import TrainingView, training_view


def training_page(store: Store, run_id: str, filters: Filters) -> Page:
    data, tables = [], []
    for step in queries.steps(store, run_id):
        if step.kind != "train" or filters.step not in (None, step.step_id):
            continue
        course = training_queries.course_of(store, step, filters.limit)
        view, validation = training_view(step, course), _last_of_each(course)
        told = ", ".join(f"{name} {value}" for name, value in view.figures)
        if not course.points:
            since = f"; run {step.finished_by} has trained it since" if step.finished_by else ""
            told = f"no step yet ({step.status}{since})"
        elif view.each > 1:
            told += f"; each row is the mean of {view.each:,} steps, beside the last validation that is among them"
        columns = ("step", "loss", "validation", "learning rate", "tokens/s", "padding")
        tables.append(Table(f"{step.step_id}: {told}", columns, _rows(view, validation), frozenset(range(6))))
        curves = ("loss", "learning_rate", "tokens_per_second", "padding_share")
        data.append(
            {
                **{key: getattr(view, key) for key in ("step_id", "status", "each", *curves)},
                "validation_loss": list(validation.values()),
                "figures": asdict(course.figures),
            }
        )
    return Page(data, "" if tables else "this run trains nothing", tuple(tables))


def _rows(view: TrainingView, validation: dict[int, tuple[int, float]]) -> list[tuple[str, ...]]:
    loss, rates, speed, padding = (
        dict(curve) for curve in (view.loss, view.learning_rate, view.tokens_per_second, view.padding_share)
    )
    rows = []
    for x, step in view.places:
        at, value = validation.get(int(step) // view.each, (0, None))
        if x in loss or value is not None:
            where = f" at {at:,}" if value is not None and view.each > 1 else ""
            shown = f"{number(value)}{where}"
            speeds = count(round(speed[x])) if x in speed else ""
            last = number(padding.get(x), "share")
            rows.append((count(int(step)), number(loss.get(x)), shown, number(rates.get(x)), speeds, last))
    return rows


def _last_of_each(course: Course) -> dict[int, tuple[int, float]]:
    """Row of the course -> the last validation in it, with its step."""
    return {one.step // course.each: (one.step, one.loss) for one in course.validation}
