"""Thresholds: how the numbers of a rule lie over the rows that come to it, and what another limit would keep.

Left and right move the limit; the counts are exact and come from sorted numbers in memory, so they follow the key. The
rows next to the limit are read after it. Nothing is changed: the line to write into the spec stands below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.formats import count, place
from tui.queries import RunRow
from tui.screens.data_part import DataPart
from tui.threshold_queries import Measured, Neighbour, measured, neighbours, numbers
from tui.view_models.moved import Moved, moved
from tui.view_models.thresholds import bars
from tui.widgets.histogram import Looks, Mark, histogram
from tui.widgets.row_table import Col, Row, RowTable

NEAR, FEWER = 3, 2  # rows on each side of the limit, and where the screen is low
COLUMNS = (
    Col("rule or score", share=1),
    Col("step", 22, wide=True),
    Col("rows", 9, justify="right"),
    Col("keeps", 9, justify="right"),
    Col("now", 9, justify="right"),
)


@dataclass(frozen=True)
class ThresholdsModel:
    run: RunRow
    hashes: dict[str, str]  # of steps, by id
    rules: tuple[Measured, ...]
    row_files: frozenset[str]


class ThresholdsScreen(DataPart[ThresholdsModel]):
    # the list would take the arrows to itself
    BINDINGS = bindings_for("app", "run", "parts", "thresholds")
    CSS_PATH = ["data_part.tcss", "thresholds.tcss"]  # noqa: RUF012
    part = "thresholds"

    def __init__(self, run_id: str | None = None, step_id: str | None = None, score: str | None = None) -> None:
        super().__init__(run_id, step_id)
        self.score = score  # of that step, at which it begins
        self.known: dict[str, Moved | str] = {}

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="rules")
        yield Static("", id="nothing", markup=False)
        yield Static("", id="chart", markup=False)
        yield Static("", id="said", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="near", markup=False)

    def fetch(self) -> ThresholdsModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            run, steps = queries.run(store, run_id), queries.steps(store, run_id)
            rules, files = measured(store, run_id), queries.row_files(store, run_id)
        return ThresholdsModel(run, {step.step_id: step.step_hash for step in steps}, tuple(rules), files)

    def present(self, model: ThresholdsModel) -> None:
        self.show_place(model.run, {step_id.partition(":")[0] for step_id in model.hashes})
        self.known = {key: one for key, one in self.known.items() if isinstance(one, Moved)}  # a run goes on
        self.set_class(not model.rules, "empty")
        if not model.rules:
            text = Text().append(
                "No rule of this run compares a number with a limit, and it has no score.\n\n", style=self.ink.text
            )
            text.append("A `score` block gives rows numbers, `keep words(output) > 3` compares one.", self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self._list()
        if self.start_at is not None:
            rows = model.hashes.get(self.start_at)
            near = [one for one in model.rules if self.start_at == one.step_id or rows == one.rows_hash]
            own = (one.key for one in near if self.score is not None and one.compares(self.score))
            first = next(own, near[0].key if near else None)
            self.start_at = None
            if first is not None:
                self.table().go_to(first)
        self.give_keys(self.table())

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    # --- the list ------------------------------------------------------------------------------------

    def _list(self) -> None:
        if self.model is not None:
            self.table().fill([self._row(one) for one in self.model.rules])

    def _row(self, one: Measured) -> Row:
        ink, here = self.ink, self.known.get(one.key)
        title = Text(one_line(one.text or one.name, 200), style=ink.text)
        if not one.text:
            title.append("  no rule", style=ink.faint)
        if not isinstance(here, Moved):
            return Row(
                one.key, (title, Text(one.step_id, style=ink.faint), "", "", Text("–" if here else "", ink.faint))
            )
        written = count(here.kept_as_written.kept) if here.original.written else "–"
        now = Text(count(here.kept.kept), style=f"bold {ink.accent}" if here.has_moved else ink.faint)
        return Row(one.key, (title, Text(one.step_id, style=ink.faint), count(here.numbers.rows), written, now))

    def _current(self) -> Measured | None:
        current = self.table().current
        return next((one for one in self.model.rules if one.key == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        one = self._current()
        if one is None:
            return
        if one.key in self.known:
            self._show()
            return
        self.query_one("#said", Static).update(Text("measuring the rows that come to it …", style=self.ink.faint))
        self.ask("numbers", lambda: (one, moved(one, numbers(self.board.store, one))), self._measured)

    def _measured(self, found: tuple[Measured, Moved | str]) -> None:
        self.known[found[0].key] = found[1]
        self._list()
        self._show()

    # --- the threshold on show -------------------------------------------------------------------------

    def _here(self) -> Moved | str | None:
        one = self._current()
        return self.known.get(one.key) if one is not None else None

    def _show(self) -> None:
        self._draw()
        here, ink = self._here(), self.ink
        said, near = self.query_one("#said", Static), self.query_one("#near", Static)
        if not isinstance(here, Moved):
            said.update(Text(here or "", style=ink.faint))
            near.update("")
            return
        text = Text().append(visible(here.told) + "\n", style=f"bold {ink.text}")
        where = f"line {here.about.line}" if here.about.line is not None else ""
        text.append("as the spec has it: " if not here.has_moved and here.original.written else "write: ", ink.faint)
        text.append(visible(here.line), style=f"bold {ink.accent}" if here.has_moved else ink.text)
        said.update(text.append(f"   {where} of the spec" if where else "", style=ink.faint))
        below, above = here.near(FEWER if self.has_class("-short") else NEAR)
        order, store = [*below, *above], self.board.store
        places = [int(here.numbers.places[at]) for at in order]
        values = [float(here.numbers.values[at]) for at in order]
        self.ask("near", lambda: (here, neighbours(store, here.about, places, values)), self._show_near)

    def _draw(self) -> None:
        here, ink, chart = self._here(), self.ink, self.query_one("#chart", Static)
        if not isinstance(here, Moved):
            chart.update("")
            return
        width, height = chart.content_size
        shown = bars(here.numbers, here.scale, max(10, min(width, 160)), here.now)
        edges = [edge for edge in (here.now.low, here.now.high) if edge is not None]
        marks = [Mark(edge.value, "△", "", ink.faint) for edge in (here.original.low, here.original.high) if edge]
        marks += [Mark(e.value, "▲", e.written(e.value), f"bold {ink.accent}") for e in edges if e is not here.now.edge]
        edge = here.now.edge
        marks.append(Mark(edge.value, "▲", edge.written(edge.value), f"bold {ink.accent} underline"))
        looks = Looks(ink.primary, ink.faint, ink.faint)
        chart.update(histogram(shown, marks, width, height, looks, here.told_value))

    def _show_near(self, found: tuple[Moved, list[Neighbour]]) -> None:
        here, rows = found
        if self._here() != here and self._here() is not here:
            return
        ink, text = self.ink, Text()
        values = [here.told_value(row.value) for row in rows]
        wide = max(map(len, values), default=0)
        for row, value in zip(reversed(rows), reversed(values), strict=True):
            fate = "kept" if here.now.keeps(row.value) else "dropped"
            text.append(f"{'✓' if fate == 'kept' else '✗'} {fate:<8}", style=ink.good if fate == "kept" else ink.bad)
            text.append(f"{value:>{max(9, wide)}}  ", style=f"bold {ink.text}")
            content = " · ".join(value for _, value in row.content)
            where = place(row.file, row.line, self.model.row_files) if self.model and row.line is not None else ""
            text.append(f"{visible(where)}  ", style=ink.faint).append(one_line(content, 600) + "\n", style=ink.text)
        self.query_one("#near", Static).update(text)

    # --- keys ------------------------------------------------------------------------------------------

    def action_threshold(self, steps: int) -> None:
        self._change(lambda here: here.moved(steps))

    def action_other_end(self) -> None:
        self._change(lambda here: here.other())

    def action_as_written(self) -> None:
        self._change(lambda here: here.back())

    def _change(self, how: Callable[[Moved], Moved]) -> None:
        one, here = self._current(), self._here()
        if one is not None and isinstance(here, Moved):
            self.known[one.key] = how(here)
            self._list()
            self._show()
