"""The sources: files, licences, origins and columns; Enter shows their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.formats import count
from tui.queries import RunRow
from tui.row_queries import RowSet, column_types
from tui.screens.data_part import DataPart
from tui.view_models.sources import SourceLine, source_lines
from tui.widgets.marked_text import labelled
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("source", share=2),
    Col("rows", 11, justify="right"),
    Col("unreadable", 10, justify="right"),
    Col("licence", share=1),
    Col("origin", share=1),
    Col("columns", 7, justify="right"),
    Col("file", share=3, wide=True),
)


@dataclass(frozen=True)
class SourcesModel:
    run: RunRow
    kinds: frozenset[str]
    lines: list[SourceLine]
    types: Mapping[str, Mapping[str, str]]  # by step, then column


class SourcesScreen(DataPart[SourcesModel]):
    part = "sources"

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="sources")
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="source", markup=False)

    def fetch(self) -> SourcesModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            steps = queries.steps(store, run_id)
            lines = source_lines(queries.plan(store, run_id), steps, queries.sources(store, run_id))
            types = {line.step_id: dict(column_types(store, line.step_hash)) for line in lines}
            kinds = frozenset(step.kind for step in steps)
            return SourcesModel(queries.run(store, run_id), kinds, lines, types)

    def present(self, model: SourcesModel) -> None:
        self.show_place(model.run, model.kinds)
        self.table().fill([self._row(line) for line in model.lines])
        if self.start_at is not None:
            self.table().go_to(self.start_at)
            self.start_at = None
        self.give_keys(self.table())

    def _row(self, line: SourceLine) -> Row:
        ink = self.ink
        lost = Text(
            count(line.unreadable) if line.unreadable else "·", style=ink.accent if line.unreadable else ink.faint
        )
        licence = Text(one_line(line.licence or "not declared", 60), style=ink.text if line.licence else ink.unsure)
        origin = Text(one_line(line.origin or "not declared", 60), style=ink.text if line.origin else ink.unsure)
        paths = ", ".join(file.path for file in line.files)
        cells = (Text(one_line(line.name, 200), style=ink.text), count(line.rows), lost, licence, origin)
        return Row(line.step_id, (*cells, count(len(line.columns)), Text(one_line(paths, 200), style=ink.faint)))

    def _current(self) -> SourceLine | None:
        current = self.table().current
        return next((line for line in self.model.lines if line.step_id == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        line, ink = self._current(), self.ink
        if line is None or self.model is None:
            return
        facts = [("format", line.format)]
        facts += [("layout", line.layout)] if line.layout else []
        facts += [("sample", line.sample)] if line.sample else []
        facts += [("consent", line.consent)] if line.consent else []
        text = labelled(facts, ink, self.room("#source")).append("   Enter shows its rows\n", style=ink.faint)
        for file in line.files:
            told = f", {count(file.unreadable)} unreadable" if file.unreadable else ""
            text.append(f"{visible(file.path)}  ", style=ink.text)
            text.append(f"{count(file.rows)} rows{told}\n", style=ink.faint)
        types = self.model.types.get(line.step_id, {})
        widest = max((len(name) for name, _ in line.columns), default=0)
        for name, field in line.columns:
            text.append(f"\n{visible(name):<{min(widest, 30)}}  ", style=f"bold {ink.text}")
            text.append(f"{types.get(name, '–').lower():<10} ", style=ink.secondary)
            text.append("" if field == name else f"from {visible(field)}", style=ink.faint)
        self.query_one("#source", Static).update(text)

    def action_open(self) -> None:
        line = self._current()
        if line is not None and self.run_id is not None:
            self.board.open_above(
                "rows", self.run_id, RowSet(line.step_id, line.step_hash), f"rows of source {line.name}"
            )
