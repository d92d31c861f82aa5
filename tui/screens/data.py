"""The data funnel, first part of the data view: what came in, what each rule dropped and why, what went on.

Below the list stand the first rows that the line under the cursor dropped. They are read when the cursor stays there,
because of a million dropped rows the first ones are found in half a second.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import drop_queries, queries
from tui.drop_queries import DropRow, first_drops
from tui.formats import count, share
from tui.queries import RunRow
from tui.row_queries import RowSet
from tui.screens.data_part import DataPart
from tui.view_models.data import Drop, FunnelLine, drop, funnel
from tui.widgets.row_table import Col, Row, RowTable

COLUMNS = (
    Col("step and rule", share=5),
    Col("in", 8, justify="right"),
    Col("dropped", 8, justify="right"),
    Col("", 5, justify="right", wide=True),
    Col("kept", 8, justify="right"),
    Col("", 12),
    Col("reason", share=3, wide=True),
)
BAR = 12
FIRST, FIRST_OF_EACH = 8, 2  # dropped rows below the list: of a rule, and of each rule of a step
REST_SECONDS = 0.1


@dataclass(frozen=True)
class DataModel:
    run: RunRow
    kinds: frozenset[str]
    lines: tuple[FunnelLine, ...]
    hashes: dict[str, str]  # of steps, by id
    row_files: frozenset[str]


class DataScreen(DataPart[DataModel]):
    part = "funnel"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id, step_id)
        self._resting: Timer | None = None
        self._first: dict[str, list[Drop]] = {}  # of lines that were looked at

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="funnel")
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="rule", markup=False)
            yield Static("", id="first", markup=False)

    def fetch(self) -> DataModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            steps = queries.steps(store, run_id)
            lines = funnel(steps, drop_queries.rule_counts(store, run_id))
            kinds, hashes = frozenset(step.kind for step in steps), {step.step_id: step.step_hash for step in steps}
            files = queries.row_files(store, run_id)
            return DataModel(queries.run(store, run_id), kinds, lines, hashes, files)

    def present(self, model: DataModel) -> None:
        self.show_place(model.run, model.kinds)
        self._first.clear()  # a run goes on
        self.table().fill([self._row(line) for line in model.lines])
        if self.start_at is not None:
            self.table().go_to(_key(self.start_at, None))
            self.start_at = None
        self.give_keys(self.table())

    def _row(self, line: FunnelLine) -> Row:
        ink = self.ink
        if line.rule is None:
            title = Text(one_line(line.title, 200), style=f"bold {ink.text}")
        else:
            title = Text("  " + one_line(line.title, 200), style=ink.text)
        dropped = Text(count(line.dropped) if line.dropped else "·", style=ink.accent if line.dropped else ink.faint)
        part = share(line.dropped or 0, line.entering or 0) if line.dropped else ""
        entering = Text(count(line.entering), style=ink.text if line.rule is None else ink.faint)
        kept = Text(count(line.kept), style=ink.text if line.rule is None else ink.faint)
        cells = (title, entering, dropped, Text(part, style=ink.faint), kept, self._bar(line))
        return Row(_key(line.step_id, line.rule), (*cells, Text(one_line(line.reason, 300), style=ink.faint)))

    def _bar(self, line: FunnelLine) -> Text:
        """Kept and dropped rows on the scale of the largest number of the run; a single dropped row still shows."""
        ink = self.ink
        if not line.widest or line.kept is None:
            return Text("")
        lost = max(1, round((line.dropped or 0) / line.widest * BAR)) if line.dropped else 0
        kept = min(BAR - lost, max(1 if line.kept else 0, round(line.kept / line.widest * BAR)))
        text = Text().append("━" * kept, style=ink.primary if line.rule is None else ink.faint)
        return text.append("━" * lost, style=ink.accent)

    def _line(self) -> FunnelLine | None:
        current = self.table().current
        return next((x for x in self.model.lines if _key(x.step_id, x.rule) == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        line, ink = self._line(), self.ink
        if line is None or self.model is None:
            return
        text = Text().append(visible(line.title) + "\n", style=f"bold {ink.text}")
        text.append(visible(line.reason or "no reason given in the spec (`because`)"), style=ink.text).append("\n")
        hint = "nothing was dropped here" + ("; Enter shows its rows" if _has_rows(line) else "")
        hint = "Enter shows the dropped rows" if line.openable else hint
        self.query_one("#rule", Static).update(text.append(hint, style=ink.faint))
        self._show_first(line)

    # --- the first rows that it dropped --------------------------------------------------------------

    def _show_first(self, line: FunnelLine) -> None:
        if self._resting is not None:
            self._resting.stop()
        drops = self._first.get(_key(line.step_id, line.rule))
        if drops is None and line.openable:
            self._resting = self.set_timer(REST_SECONDS, lambda: self._ask_first(line))
        ink, text = self.ink, Text()
        for drop_ in drops or ():
            text.append(f"\n{visible(drop_.place)}  ", style=ink.faint)
            text.append(f"{one_line(drop_.value, 40)}  " if drop_.value else "", style=ink.accent)
            text.append(one_line(drop_.text, 600), style=ink.text)
        self.query_one("#first", Static).update(text)

    def _ask_first(self, line: FunnelLine) -> None:
        store, run_id, model = self.board.store, self.run_id or "", self.model
        if line is self._line() and model is not None:
            most = FIRST if line.rule is not None else FIRST_OF_EACH
            self.ask("first", lambda: (line, first_drops(store, run_id, line.step_id, line.rule, most)), self._take)

    def _take(self, found: tuple[FunnelLine, list[DropRow]]) -> None:
        line, rows = found
        if self.model is not None:
            self._first[_key(line.step_id, line.rule)] = [drop(row, self.model.row_files) for row in rows]
        if line is self._line():
            self._show_first(line)

    def action_open(self) -> None:
        line = self._line()
        if line is None or self.run_id is None or self.model is None:
            return
        if line.openable:
            self.board.open_above("drops", self.run_id, line)
        elif _has_rows(line):
            rows = RowSet(line.step_id, self.model.hashes[line.step_id])
            self.board.open_above("rows", self.run_id, rows, f"rows of {line.title}")


def _has_rows(line: FunnelLine) -> bool:
    """Whether a line is of a step whose rows are conversations, which lead to training rows."""
    return line.rule is None and bool(line.kept) and line.step_id.partition(":")[0] in ("render", "mix")


def _key(step_id: str, rule: str | None) -> str:
    return step_id if rule is None else f"{step_id}\n{rule}"
