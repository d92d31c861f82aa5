"""Two runs side by side: metrics with their paired change, requirements with another verdict, what differs in the plan.

From the same queries as ``sft diff``. Enter on a metric opens its failures, in the second run where that has it.
"""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import compare_queries
from tui.actions import bindings_for
from tui.compare_queries import Comparison
from tui.screens.view import View
from tui.view_models.compare import CompareLine, compare_lines
from tui.view_models.runs import VERDICT_MARKS
from tui.widgets.marked_text import shown
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("", 1),
    Col("", share=4),
    Col("first", share=1, justify="right"),
    Col("second", share=1, justify="right"),
    Col("change, 95%", 21, justify="right"),
    Col("n", 7, justify="right", wide=True),
)


def remark_of(model: Comparison | None) -> str:
    """Which way the change goes; where the first run is the newer one a rise is a loss, and that is easily missed."""
    if model is None or model.first.started_at <= model.second.started_at:
        return "the change is second minus first, on the same items"
    return "the change is second minus first: the older run minus the newer (s swaps them)"


class CompareScreen(View[Comparison]):
    BINDINGS = bindings_for("app", "compare")
    CSS_PATH = "compare.tcss"
    view = "compare"
    waits_for = "comparing the two runs, item by item …"

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.lines: list[CompareLine] = []

    def body(self) -> ComposeResult:
        yield Static("", id="sides", markup=False)
        yield RowTable(COLUMNS, id="compared")
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="words", markup=False)

    def fetch(self) -> Comparison:
        return compare_queries.comparison(self.board.store, self.first, self.second)

    def on_mount(self) -> None:
        super().on_mount()
        self.head("two runs", remark=remark_of(None))

    def present(self, model: Comparison) -> None:
        ink = self.ink
        self.head("two runs", remark=remark_of(model))
        sides = Text()
        for word, run in (("first", model.first), ("second", model.second)):
            sides.append(("\n" if sides else "") + f"{word:<7}", style=ink.faint)
            sides.append(visible(f"{run.run_id}  {run.spec}"), style=ink.text)
            sides.append(f"  {visible(run.verdict or self.board.state(run))}", style=ink.verdict(run.verdict))
        self.query_one("#sides", Static).update(sides)
        self.lines = compare_lines(model.found)
        self.table().fill([self._row(line) for line in self.lines])
        if self.table().current == self.lines[0].key and len(self.lines) > 1:  # a title
            other = next((line for line in self.lines if line.mark), self.lines[1])
            self.table().go_to(other.key)  # what became another
        self.give_keys(self.table())

    def _row(self, line: CompareLine) -> Row:
        ink = self.ink
        if line.kind == "title":
            sides = (Text(side, style=ink.unsure) for side in (line.first, line.second))
            return Row(line.key, ("", Text(one_line(line.name, 200), style=f"bold {ink.accent}"), *sides, "", ""))
        style = {"better": ink.good, "worse": ink.bad, "changed": ink.unsure}.get(line.style, "")
        if line.kind == "verdict":
            style = ink.verdict(line.style) if line.mark else ""
        mark = Text(line.mark, style=f"bold {style}" if style else ink.unsure)
        change = Text(line.change, style=style or ink.text)
        name = Text("  " + one_line(line.name, 200), style=ink.text)
        first, second = line.first, line.second
        if line.kind == "verdict":  # which of them it is can be seen where the word has no room
            first, second = (f"{VERDICT_MARKS.get(side, '')} {side}".strip() for side in (first, second))
        after = Text(second, style=style if line.kind == "verdict" and style else ink.text)
        return Row(line.key, (mark, name, first, after, change, Text(line.n, style=ink.faint)))

    def _current(self) -> CompareLine | None:
        current = self.table().current
        return next((line for line in self.lines if line.key == current), None)

    def on_data_table_row_highlighted(self) -> None:
        line = self._current()
        if line is None:
            return
        text = Text().append(visible(line.name) + "\n", style=f"bold {self.ink.text}")
        text.append_text(shown(line.words, self.ink.text))
        if line.pair is not None:
            which = "second" if line.pair.second is not None else "first"
            text.append(f"\n\nEnter opens the failures of the {which} run", style=self.ink.faint)
        self.query_one("#words", Static).update(text)

    def action_open(self) -> None:
        line, model = self._current(), self.model
        if line is None or line.pair is None or model is None:
            return
        pair, first, second = (
            line.pair,
            model.first.run_id,
            model.second.run_id,
        )  # as they stand here, while they swap too
        run_id = second if pair.second is not None else first
        against = first if pair.first is not None and pair.second is not None else None
        self.board.open_failures(run_id, pair.eval, pair.model, pair.metric, against)

    def action_swap(self) -> None:
        """Second minus first the other way round."""
        self.first, self.second = self.second, self.first
        self.reload()
