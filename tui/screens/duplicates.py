"""Near and exact duplicates: rows that stand for others, the largest groups first; Enter shows a group side by side."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.duplicate_queries import Cluster, clusters, counts
from tui.formats import NOTHING, count, place
from tui.queries import RunRow
from tui.screens.data_part import DataPart
from tui.view_models.data import fields
from tui.widgets.marked_text import shown
from tui.widgets.row_table import Col, Row, RowTable

MOST = 1000  # groups that are listed
COLUMNS = (
    Col("stands for", 10, justify="right"),
    Col("least alike", 11, justify="right"),
    Col("row that stays", share=1),
    Col("where", 24, wide=True),
)


@dataclass(frozen=True)
class DuplicatesModel:
    run: RunRow
    kinds: frozenset[str]
    groups: int
    dropped: int
    clusters: list[Cluster]
    row_files: frozenset[str]


class DuplicatesScreen(DataPart[DuplicatesModel]):
    part = "duplicates"

    def content(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield RowTable(COLUMNS, id="clusters")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="cluster", markup=False)

    def fetch(self) -> DuplicatesModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            kinds = frozenset(step.kind for step in queries.steps(store, run_id))
            groups, dropped = counts(store, run_id)
            found = clusters(store, run_id, MOST) if groups else []
            files = queries.row_files(store, run_id)
            return DuplicatesModel(queries.run(store, run_id), kinds, groups, dropped, found, files)

    def present(self, model: DuplicatesModel) -> None:
        self.show_place(model.run, model.kinds)
        self.set_class(not model.clusters, "empty")
        what = Text(
            f"{count(model.groups)} rows stand for {count(model.dropped)} others", style=f"bold {self.ink.text}"
        )
        if len(model.clusters) < model.groups:
            what.append(f"   the {count(len(model.clusters))} largest groups are listed", style=self.ink.faint)
        self.query_one("#what", Static).update(what if model.clusters else "")
        if not model.clusters:
            text = Text().append("No row was dropped as a duplicate.\n\n", style=self.ink.text)
            text.append("`dedup exact on …` and `dedup near on … at 90%` are rules of a filter.", style=self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill([self._row(one, model) for one in model.clusters])
        self.give_keys(self.table())

    def _row(self, one: Cluster, model: DuplicatesModel) -> Row:
        ink = self.ink
        known = "equal" if one.least is None else f"{one.least:.3f}"
        least = Text(NOTHING if one.through else known, style=ink.faint)
        text = " · ".join(value for _, value in fields(one.content))
        where = place(one.file, one.line, model.row_files) if one.line is not None else one.stays[:12]
        cells = (Text(count(one.rows), style=ink.accent), least, Text(one_line(text, 400), style=ink.text))
        return Row(_key(one), (*cells, Text(one_line(where, 100), style=ink.faint)))

    def _current(self) -> Cluster | None:
        current = self.table().current
        return next((one for one in self.model.clusters if _key(one) == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        one, ink = self._current(), self.ink
        if one is None:
            return
        rows = f"{count(one.rows)} row{'s' * (one.rows != 1)}"
        text = Text().append(f"stands for {rows} of task {visible(one.task)}", style=ink.text)
        text.append("   Enter shows them side by side\n", style=ink.faint)
        if one.through:
            text.append(f"{count(one.through)} of them fell to a row that fell to this one later", style=ink.unsure)
            text.append(": how like this one they are was not measured\n", style=ink.unsure)
        for name, value in fields(one.content):
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}").append_text(shown(value, ink.text))
        self.query_one("#cluster", Static).update(text)

    def action_open(self) -> None:
        one = self._current()
        if one is not None and self.run_id is not None:
            self.board.open_above("cluster", self.run_id, one)


def _key(one: Cluster) -> str:
    return f"{one.task}\n{one.stays}"
