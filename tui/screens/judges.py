"""Judges: what they said, why they said nothing, and how far they and people agree, with intervals and n."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import agreement_queries, queries
from tui.agreement_queries import FigureRow, JudgedRow
from tui.formats import count, interval, number, share
from tui.queries import RunRow
from tui.screens.data_part import DataPart
from tui.widgets.marked_text import labelled
from tui.widgets.row_table import Col, Row, RowTable

NAMED = 4  # labels in a line; all of them stand below the list
COLUMNS = (
    Col("judge or review", share=1),
    Col("figure, and of what", share=2),
    Col("estimate", 9, justify="right"),
    Col("interval", 16),
    Col("n", 7, justify="right"),
)


@dataclass(frozen=True)
class JudgesModel:
    run: RunRow
    kinds: frozenset[str]
    judged: list[JudgedRow]
    figures: list[FigureRow]


class JudgesScreen(DataPart[JudgesModel]):
    part = "judges"

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="judges")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="judge", markup=False)

    def fetch(self) -> JudgesModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            kinds = frozenset(step.kind for step in queries.steps(store, run_id))
            judged, figures = agreement_queries.judged(store, run_id), agreement_queries.figures(store, run_id)
            return JudgesModel(queries.run(store, run_id), kinds, judged, figures)

    def present(self, model: JudgesModel) -> None:
        self.show_place(model.run, model.kinds)
        rows = self._rows(model)
        self.set_class(not rows, "empty")
        if not rows:
            text = Text().append("No judge has said anything yet.\n\n", style=self.ink.text)
            text.append(
                "A `judge` block labels texts; `calibrate` in it says how far people agree.", style=self.ink.faint
            )
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill(rows)
        if self.start_at is not None:
            self.table().go_to(f"judged\n{self.start_at}")
            self.start_at = None
        self.give_keys(self.table())

    def _rows(self, model: JudgesModel) -> list[Row]:
        """First what was judged, then how far to trust it: all items, then slices."""
        ink, made = self.ink, list[Row]()
        for one in model.judged:
            without = sum(rows for _, rows in one.reasons)
            said = ", ".join(f"{one_line(label, 30)} {share(rows, one.texts)}" for label, rows in one.labels[:NAMED])
            said += f", {count(len(one.labels) - NAMED)} more" if len(one.labels) > NAMED else ""
            name = Text(one_line(one.step_id.partition(":")[2], 100), style=f"bold {ink.text}")
            none = Text(f"{count(without)} without" if without else "", style=ink.unsure)
            made.append(Row(f"judged\n{one.step_id}", (name, said, "", none, Text(count(one.texts), style=ink.faint))))
        for at, row in enumerate(model.figures):
            of = row.which if row.slice == "*" else f"{row.slice} = {row.slice_value} {row.which}".strip()
            cells = (
                Text("  " + one_line(row.name, 100), style=ink.faint),
                Text(one_line(row.statistic.replace("_", " "), 60), ink.text).append(
                    f"  {one_line(of, 60)}", ink.faint
                ),
                number(row.estimate, row.unit),
                Text(interval(row.low, row.high, row.unit), style=ink.faint),
                Text(count(row.n), style=ink.faint),
            )
            made.append(Row(f"figure\n{at}", cells))
        return made

    def on_data_table_row_highlighted(self) -> None:
        current, ink = self.table().current, self.ink
        if current is None or self.model is None:
            return
        kind, _, rest = current.partition("\n")
        text = Text()
        if kind == "judged":
            one = next(one for one in self.model.judged if one.step_id == rest)
            text.append(f"{visible(one.judge)}", style=f"bold {ink.text}")
            text.append(
                f"  {count(one.texts)} texts asked" + (f", policy {visible(one.policy)}" if one.policy else ""),
                ink.faint,
            )
            for label, rows in one.labels:
                text.append(f"\n{count(rows):>9}  ", style=ink.text).append(one_line(label, 200), style=ink.text)
            for reason, rows in one.reasons:
                text.append(f"\n{count(rows):>9}  ", style=ink.unsure).append(
                    f"no verdict: {one_line(reason, 200)}", ink.unsure
                )
        else:
            row = self.model.figures[int(rest)]
            facts = [("of", row.name), ("on", row.rows), ("method", row.method)]
            facts += [("left out", count(row.missing))] if row.missing else []
            shown = f"{row.statistic.replace('_', ' ')} {row.which}".strip()
            text.append(visible(shown) + "  ", style=f"bold {ink.text}")
            text.append(
                f"{number(row.estimate, row.unit)} {interval(row.low, row.high, row.unit)} n={count(row.n)}\n", ink.text
            )
            text.append_text(labelled(facts, ink, self.room("#judge")))
        self.query_one("#judge", Static).update(text)
