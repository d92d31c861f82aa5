"""The rows that a step or one of its rules dropped: reason, measured value, and what survived instead.

Any number of them: pages are read as they are seen. Enter shows what became of the row in every step.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import drop_queries, queries
from tui.actions import bindings_for
from tui.drop_queries import DropList, StaleList
from tui.formats import count
from tui.screens.view import View
from tui.view_models.data import Drop, FunnelLine, drop, funnel
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import labelled, marked, shown
from tui.word_diff import compare

KEPT_ROWS = 5000  # of those that were seen, for the detail
COLUMNS = (
    Col("line", 9, justify="right"),
    Col("value", 11, justify="right"),
    Col("survivor", 11),
    Col("row", share=1),
)


@dataclass(frozen=True)
class DropsModel:
    """``line`` is the line of the funnel as it is by now."""

    line: FunnelLine
    drops: DropList
    row_files: frozenset[str]


class DropsScreen(View[DropsModel]):
    """``DropsScreen(run_id, line)``: a line of the funnel, of a step or of one of its rules."""

    BINDINGS = bindings_for("app", "run")
    DEFAULT_CLASSES = "paired"
    view = "data"

    def __init__(self, run_id: str, line: FunnelLine) -> None:
        super().__init__(run_id)
        self.line = line
        self.search = ""
        self.drops: dict[str, Drop] = {}

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield BigTable(COLUMNS, id="drops")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail tall", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> DropsModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            found = drop_queries.drop_list(store, run_id, self.line.step_id, self.line.rule, self.search)
            lines = funnel(queries.steps(store, run_id), drop_queries.rule_counts(store, run_id))
            own = (line for line in lines if (line.step_id, line.rule) == (self.line.step_id, self.line.rule))
            return DropsModel(next(own, self.line), found, queries.row_files(store, run_id))

    def present(self, model: DropsModel) -> None:
        ink, table = self.ink, self.query_one(BigTable)
        self.head(f"dropped by {self.line.title}")
        numbers = f"{count(model.drops.total)} of {count(model.line.entering)} rows"
        if self.search:
            numbers = f"{count(model.drops.total)} of {count(model.line.dropped)} dropped rows hold {self.search!r}"
        what = Text().append(visible(numbers), style=f"bold {ink.accent}")
        what.append("  " + visible(model.line.reason), style=ink.text)
        self.query_one("#what", Static).update(what)
        self.set_class(not model.drops.total, "empty")
        nothing = Text().append("No dropped row holds this text.\n\n", style=ink.text)
        self.query_one("#nothing", Static).update(nothing.append("Escape shows all of them again.", style=ink.faint))
        table.searched = self.search
        table.show(model.drops.total, lambda begin, end: self._read(model, begin, end))
        self.give_keys(table)

    def _read(self, model: DropsModel, begin: int, end: int) -> list[Row]:
        """A page; runs in a worker thread."""
        try:
            rows = drop_queries.drop_page(self.board.store, self.run_id or "", model.drops, begin, end)
        except StaleList:
            self.app.call_from_thread(self.reload)
            return []
        made = []
        for place, row in enumerate(rows, begin):
            one = drop(row, model.row_files)
            self.drops[str(place)] = one
            made.append(self._row(str(place), one))
        while len(self.drops) > KEPT_ROWS:
            self.drops.pop(next(iter(self.drops)))
        return made

    def _row(self, key: str, row: Drop) -> Row:
        ink = self.ink
        value = Text(one_line(row.value, 40), style=ink.accent)
        survivor = Text(one_line(row.survivor or "", 40), style=ink.faint)
        return Row(key, (Text(count(row.line), style=ink.faint), value, survivor, row.text))

    def _current(self) -> Drop | None:
        return self.drops.get(self.query_one(BigTable).current or "")

    def on_big_table_highlighted(self) -> None:
        row, ink = self._current(), self.ink
        if row is None:
            return
        facts = [("at", row.place), *([("value", row.value)] if row.value else [])]
        facts += [("row", row.row_id[:12])] if row.row_id else []
        text = labelled(facts, ink).append("   Enter: its fate in every step\n", style=ink.faint)
        if row.detail:
            text.append_text(shown(row.detail, ink.accent)).append("\n")
        survivor = dict(row.survivor_content)
        if row.survivor is not None:
            text.append(f"kept instead: {visible(row.survivor)}; what only one of them has is marked\n", ink.faint)
        for name, value in row.content:
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}")
            other = survivor.get(name)
            text.append_text(shown(value, ink.text) if other is None else marked(compare(other, value), ink))
        self.query_one("#row", Static).update(text)

    def on_big_table_searched(self, event: BigTable.Searched) -> None:
        """Only dropped rows that hold a text; all of them again for an empty one."""
        self.search = event.text
        self.drops.clear()
        self.reload()

    def leave_part(self) -> bool:
        """Out of a search first."""
        searched, self.search = self.search, ""
        if searched:
            self.reload()
        return bool(searched)

    def action_open(self) -> None:
        row = self._current()
        if row is not None and self.run_id is not None:
            wanted = row.row_id or row.place
            if wanted:
                self.board.open_above("fate", self.run_id, wanted)
