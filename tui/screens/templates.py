"""Templates on a real row: all templates of a task, role by role, on the same row; keys walk through the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from runtime.tracing.templates import TaskTemplate
from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.formats import count, place
from tui.queries import RunRow, StepRow
from tui.row_queries import RowSet
from tui.screens.data_part import DataPart
from tui.template_queries import OnRow, on_row, task_templates
from tui.widgets.marked_text import shown
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("template", share=1),
    Col("task", share=1),
    Col("rows", 10, justify="right"),
    Col("used by", share=2, wide=True),
)


@dataclass(frozen=True)
class TemplatesModel:
    run: RunRow
    steps: dict[str, StepRow]
    templates: list[TaskTemplate]
    row_files: frozenset[str]


class TemplatesScreen(DataPart[TemplatesModel]):
    BINDINGS = bindings_for("app", "run", "parts", "templates")
    part = "templates"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id, step_id)
        self.places: dict[str, int] = {}  # by task
        self.seen: OnRow | None = None

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="templates")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="rendered", markup=False)

    def fetch(self) -> TemplatesModel:
        store, run_id = self.board.store, self.run_id or ""
        steps = {step.step_id: step for step in queries.steps(store, run_id)}
        templates, files = task_templates(store, run_id), queries.row_files(store, run_id)
        return TemplatesModel(queries.run(store, run_id), steps, templates, files)

    def present(self, model: TemplatesModel) -> None:
        self.show_place(model.run, (step.kind for step in model.steps.values()))
        self.set_class(not model.templates, "empty")
        if not model.templates:
            text = Text().append("This run renders nothing.\n\n", style=self.ink.text)
            text.append("A `template` block makes conversations of a task's rows.", style=self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill([self._row(one, model) for one in model.templates])
        if self.start_at is not None:
            found = (one for one in model.templates if self.start_at in [step.id for step in one.steps])
            first = next(found, None)
            self.start_at = None
            if first is not None:
                self.table().go_to(_key(first))
        self.give_keys(self.table())

    def _row(self, one: TaskTemplate, model: TemplatesModel) -> Row:
        ink, rows = self.ink, 0
        for step in one.steps:
            row = model.steps.get(step.id)
            taken = row.summary.get("templates") if row is not None else None
            at = [place for place, name in enumerate(step.local.get("templates", ())) if name == one.name]
            rows += taken[at[0]] if isinstance(taken, list) and at and at[0] < len(taken) else 0
        used = ", ".join(step.name for step in one.steps)
        cells = (
            Text(one_line(one.name, 100), style=f"bold {ink.text}"),
            Text(one_line(one.task, 100), style=ink.faint),
        )
        return Row(_key(one), (*cells, count(rows), Text(one_line(used, 300), style=ink.faint)))

    def _current(self) -> TaskTemplate | None:
        current = self.table().current
        return next((one for one in self.model.templates if _key(one) == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        one = self._current()
        if one is None:
            return
        if self.seen is not None and self.seen.task == one.task and self.seen.place == self.places.get(one.task, 0):
            self._show(self.seen)
            return
        store, run_id, at = self.board.store, self.run_id or "", self.places.get(one.task, 0)
        self.ask("row", lambda: on_row(store, run_id, one.task, at), self._show)

    def _show(self, seen: OnRow | None) -> None:
        one, ink, pane = self._current(), self.ink, self.query_one("#rendered", Static)
        if seen is None or one is None or self.model is None:
            pane.update(Text("The rows of this task are not in the store yet.", style=ink.faint))
            return
        self.seen, self.places[seen.task] = seen, seen.place
        where = place(seen.file, seen.line, self.model.row_files)
        text = Text().append(f"row {count(seen.place + 1)} of {count(seen.rows)}  {visible(where)}", style=ink.faint)
        names = {other.hash: other.name for other in self.model.templates if other.task == seen.task}
        for hash, name in names.items():
            if seen.rendered[hash].fault:
                text.append(f"\n✗ {visible(name)}: {visible(seen.rendered[hash].fault)}", style=ink.bad)
        for role, said in by_role({names[hash]: seen.rendered[hash].messages for hash in names}):
            text.append(f"\n\n{visible(role)}", style=f"bold {ink.primary}")
            for owners, content in said:
                here = one.name in owners
                listed = ", ".join(owners) if len(owners) < len(names) or len(names) == 1 else "all templates"
                text.append(f"\n{visible(listed)}  ", style=f"bold {ink.accent}" if here else ink.faint)
                text.append_text(shown(content, ink.text if here else ink.faint))
        pane.update(text)

    def action_open(self) -> None:
        """The rows of the first render that uses the template."""
        one = self._current()
        if one is not None and self.run_id is not None:
            step = one.steps[0]
            self.board.open_above("rows", self.run_id, RowSet(step.id, step.hash), f"rows of {step.id}")

    def action_next_row(self, direction: int) -> None:
        one = self._current()
        if one is not None:
            self.places[one.task] = self.places.get(one.task, 0) + direction
            self.on_data_table_row_highlighted()


def by_role(
    rendered: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Iterator[tuple[str, list[tuple[list[str], str]]]]:
    """Turn by turn, what each template says; templates that say the same stand together."""
    most = max((len(messages) for messages in rendered.values()), default=0)
    roles = ("system", "user", "assistant", "tool", "tools")
    seen: dict[tuple[int, str], dict[str, list[str]]] = {}
    for name, messages in rendered.items():
        counts: dict[str, int] = {}
        for turn in messages:
            role = str(turn.get("role"))
            counts[role] = counts.get(role, 0) + 1
            calls = turn.get("tool_calls")
            said = str(turn.get("content") or "") + (f"\n{json.dumps(calls)}" if calls else "")
            seen.setdefault((counts[role], role), {}).setdefault(said, []).append(name)
    order = {role: at for at, role in enumerate(roles)}
    for (number, role), texts in sorted(seen.items(), key=lambda item: (item[0][0], order.get(item[0][1], len(order)))):
        title = role if most <= len({role for _, role in seen}) else f"{role} {number}"
        yield title, [(names, text) for text, names in texts.items()]


def _key(one: TaskTemplate) -> str:
    return f"{one.task}\n{one.hash}"
