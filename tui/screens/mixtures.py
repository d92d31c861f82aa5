"""The mixtures: what each task gives, wanted and as it is, and how often its rows repeat; Enter shows the rows."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.formats import count, times
from tui.mixture_queries import MixtureRow, mixtures
from tui.queries import RunRow, StepRow
from tui.row_queries import RowSet
from tui.screens.data_part import DataPart
from tui.widgets.marked_text import labelled
from tui.widgets.row_table import Col, Row, RowTable

BAR = 24
COLUMNS = (
    Col("mixture and task", share=1),
    Col("available", 9, justify="right"),
    Col("wanted", 10, justify="right"),
    Col("rows", 9, justify="right"),
    Col("share", 7, justify="right"),
    Col("━ rows  ┃ wanted", BAR, wide=True),
    Col("each row", 10, justify="right"),
)


@dataclass(frozen=True)
class MixturesModel:
    run: RunRow
    steps: list[StepRow]
    rows: list[MixtureRow]


class MixturesScreen(DataPart[MixturesModel]):
    part = "mixtures"

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="mixtures")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="mixture", markup=False)

    def fetch(self) -> MixturesModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            return MixturesModel(queries.run(store, run_id), queries.steps(store, run_id), mixtures(store, run_id))

    def present(self, model: MixturesModel) -> None:
        self.show_place(model.run, (step.kind for step in model.steps))
        self.set_class(not model.rows, "empty")
        if not model.rows:
            mixes = any(step.kind == "mix" for step in model.steps)
            text = Text().append(
                "No mixture is made yet.\n\n" if mixes else "This run mixes nothing.\n\n", style=self.ink.text
            )
            text.append("A `mixture` block, or `mix` in a `train`, puts tasks together.", style=self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill(self._rows(model))
        if self.start_at is not None:
            self.table().go_to(_key(self.start_at, None))
            self.start_at = None
        self.give_keys(self.table())

    def _rows(self, model: MixturesModel) -> list[Row]:
        ink, made = self.ink, list[Row]()
        for step_id in dict.fromkeys(row.step_id for row in model.rows):
            own = [row for row in model.rows if row.step_id == step_id]
            total = sum(row.realised for row in own)
            title = Text(step_id.replace(":", " ", 1), style=f"bold {ink.text}")
            made.append(
                Row(_key(step_id, None), (title, "", "", Text(count(total), style=f"bold {ink.text}"), "", "", ""))
            )
            widest = max((max(row.realised / total, row.share) for row in own), default=1.0) if total else 1.0
            made += [self._row(row, total, widest) for row in own]
        return made

    def _row(self, row: MixtureRow, total: int, widest: float) -> Row:
        ink = self.ink
        part = row.realised / total if total else 0.0
        often = Text(times(row.repeats), style=ink.accent if row.repeats > 1 else ink.faint)
        cells = (
            Text("  " + one_line(row.task, 200), style=ink.text),
            Text(count(row.available), style=ink.faint),
            Text(f"{row.wanted:,.1f}".removesuffix(".0"), style=ink.faint),
            count(row.realised),
            f"{part:.1%}",
            self._bar(part, row.share, widest),
        )
        return Row(_key(row.step_id, row.part), (*cells, often))

    def _bar(self, part: float, wanted: float, widest: float) -> Text:
        """The share as it is, and a mark where it was wanted."""
        ink, scale = self.ink, (BAR - 1) / (widest or 1.0)
        length, mark = round(part * scale), round(wanted * scale)
        text = Text(no_wrap=True, end="")
        for cell in range(BAR):
            if cell == mark:
                text.append("┃", style=f"bold {ink.text}")
            else:
                text.append("━" if cell < length else " ", style=ink.primary)
        return text

    def _current(self) -> tuple[str, MixtureRow | None] | None:
        current = self.table().current
        if current is None or self.model is None:
            return None
        step_id, _, part = current.partition("\n")
        return step_id, next((row for row in self.model.rows if (row.step_id, row.part) == (step_id, part)), None)

    def on_data_table_row_highlighted(self) -> None:
        here, ink = self._current(), self.ink
        if here is None or self.model is None:
            return
        step_id, row = here
        if row is None:
            own = [one for one in self.model.rows if one.step_id == step_id]
            text = labelled([("tasks", str(len(own))), ("rows", count(sum(one.realised for one in own)))], ink)
            self.query_one("#mixture", Static).update(
                text.append("\nEnter shows its rows in training order", ink.faint)
            )
            return
        text = Text().append(visible(row.task) + "\n", style=f"bold {ink.text}")
        off = row.realised - row.wanted
        wanted, more = f"{row.wanted:,.1f}".removesuffix(".0"), f" ({off:+,.1f})" if round(off, 1) else ""
        text.append(f"{count(row.realised)} rows where {wanted} were wanted{more}", style=ink.text)
        text.append(f": {row.share:.2%} of the mixture by its rates\n", style=ink.faint)
        text.append(f"{count(row.available)} rows of the task, each {times(row.repeats)} on average\n", ink.faint)
        if row.repeats > 1:
            text.append("its rows repeat: what they say weighs more than once\n", style=ink.accent)
        self.query_one("#mixture", Static).update(text.append("Enter shows the rows that it gives", style=ink.faint))

    def action_open(self) -> None:
        here = self._current()
        if here is None or self.model is None or self.run_id is None:
            return
        step_id, row = here
        step = next((step for step in self.model.steps if step.step_id == step_id), None)
        if step is not None:
            title = f"rows of {step_id}" + (f" from {row.task}" if row is not None else "")
            self.board.open_above(
                "rows", self.run_id, RowSet(step_id, step.step_hash, row.part if row else None), title
            )


def _key(step_id: str, part: str | None) -> str:
    return step_id if part is None else f"{step_id}\n{part}"
