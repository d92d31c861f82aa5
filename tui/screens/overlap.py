"""What decontamination found: held-out items with the training row that gives most of each away, side by side.

Enter shows the fate of that row. Also where nothing was dropped: the highest coverage tells how far rows are from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.formats import count, place, share
from tui.overlap_queries import OverlapItem, OverlapSet, overlap_items, overlap_sets, row_contents
from tui.queries import RunRow
from tui.screens.data_part import DataPart
from tui.themes import Ink
from tui.view_models.data import fields
from tui.widgets.marked_text import MOST_CHARACTERS
from tui.widgets.row_table import Col, Row, RowTable

MOST = 500  # items that are listed
COLUMNS = (
    Col("covered", 12, justify="right"),
    Col("rows", 7, justify="right"),
    Col("longest stretch in common", share=1),
    Col("closest row", 22, wide=True),
    Col("of task", 18, wide=True),
)


@dataclass(frozen=True)
class OverlapModel:
    run: RunRow
    kinds: frozenset[str]
    sets: list[OverlapSet]
    items: list[OverlapItem]
    row_files: frozenset[str]


class OverlapScreen(DataPart[OverlapModel]):
    CSS_PATH = ["data_part.tcss", "cluster.tcss"]  # noqa: RUF012
    part = "overlap"

    def content(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield RowTable(COLUMNS, id="items")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False), Horizontal(id="pair"):
            for side in ("item", "row"):
                with Vertical(id=side, classes="output"):
                    yield Static("", markup=False)

    def fetch(self) -> OverlapModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            kinds = frozenset(step.kind for step in queries.steps(store, run_id))
            sets = overlap_sets(store, run_id)
            items = overlap_items(store, run_id, None, MOST) if sets else []
            return OverlapModel(queries.run(store, run_id), kinds, sets, items, queries.row_files(store, run_id))

    def present(self, model: OverlapModel) -> None:
        self.show_place(model.run, model.kinds)
        self.query_one("#what", Static).update(self._sets(model))
        self.set_class(not model.items, "empty")
        if not model.items:
            none = "No row has a long run of words of a held-out item." if model.sets else "No rows were compared yet."
            text = Text().append(none + "\n\n", style=self.ink.text)
            text.append("`decontaminate` in a `train` says how long a run is too long.", style=self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill([self._row(one, model) for one in model.items])
        self.give_keys(self.table())

    def _sets(self, model: OverlapModel) -> Text:
        """A line a held-out set: what is given away, and how near the others are."""
        ink, text = self.ink, Text()
        for one in model.sets:
            name = one.text.removeprefix("decontaminate against ")
            text.append("\n" if text else "").append(
                f"{visible(one.step_id.partition(':')[2])}  ", style=f"bold {ink.text}"
            )
            text.append(f"{visible(name)}  ", style=ink.faint)
            hit = f"{count(one.hit)} of {count(one.items)} items given away ({share(one.hit, one.items)})"
            text.append(hit, style=ink.accent if one.hit else ink.good)
            text.append(f", {count(one.dropped)} row{'s' * (one.dropped != 1)} dropped", style=ink.text)
            if one.highest is not None:
                text.append(f"; highest of the others {one.highest:.0%}", style=ink.faint)
        touched = sum(one.touched for one in model.sets)
        if touched > len(model.items):
            text.append(f"\nthe {count(len(model.items))} most covered of {count(touched)} items are listed", ink.faint)
        return text

    def _row(self, one: OverlapItem, model: OverlapModel) -> Row:
        ink = self.ink
        part = one.covered / one.words if one.words else 0.0
        covered = Text(f"{one.covered}/{one.words} {part:.0%}", style=ink.accent if one.rows else ink.faint)
        where = place(one.file, one.line, model.row_files) if one.line is not None else one.row_id[:12]
        rows = Text(count(one.rows) if one.rows else "·", style=ink.accent if one.rows else ink.faint)
        cells = (
            covered,
            rows,
            Text(one_line(one.matched, 400), style=ink.text),
            Text(one_line(where, 60), style=ink.faint),
        )
        return Row(_key(one), (*cells, Text(one_line(one.step_id.partition(":")[2], 60), style=ink.faint)))

    def _current(self) -> OverlapItem | None:
        current = self.table().current
        return next((one for one in self.model.items if _key(one) == current), None) if self.model else None

    def on_data_table_row_highlighted(self) -> None:
        one, store, run_id = self._current(), self.board.store, self.run_id or ""
        if one is not None:
            self.ask("rows", lambda: (one, row_contents(store, run_id, [one.item, one.row_id])), self._show)

    def _show(self, found: tuple[OverlapItem, dict[str, str]]) -> None:
        one, texts = found
        if one is not self._current() or self.model is None:
            return
        where = place(one.file, one.line, self.model.row_files) if one.line is not None else one.row_id[:12]
        sides = (("item", f"held-out item {one.item[:12]}", one.item), ("row", f"training row {where}", one.row_id))
        for side, title, row_id in sides:
            pane = self.query_one(f"#{side}")
            pane.border_title = visible(title).replace("[", r"\[")
            pane.query_one(Static).update(_content(texts.get(row_id), one.matched, self.ink))

    def action_open(self) -> None:
        one = self._current()
        if one is not None and self.run_id is not None:
            self.board.open_above("fate", self.run_id, one.row_id)


def _content(content: str | None, matched: str, ink: Ink) -> Text:
    """A row with the stretch that it has in common marked, wherever it stands in it word for word."""
    if content is None:
        return Text("its content is not in the store", style=ink.faint)
    text = Text()
    for name, value in fields(content):
        text.append(("\n\n" if text else "") + visible(name) + "\n", style=f"bold {ink.faint}")
        before, found, after = value[:MOST_CHARACTERS].partition(matched) if matched else (value, "", "")
        text.append(visible(before, newlines=True), style=ink.text)
        text.append(visible(found, newlines=True), style=f"bold underline {ink.bad}")
        text.append(visible(after, newlines=True), style=ink.text)
    return text


def _key(one: OverlapItem) -> str:
    return f"{one.step_id}\n{one.against}\n{one.item}"
