"""One group of duplicates: its members beside the row that stays, what only one of them has marked."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.actions import bindings_for
from tui.duplicate_queries import Cluster, Member, members
from tui.formats import NOTHING, count, place
from tui.screens.view import View
from tui.view_models.data import fields
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import marked, shown
from tui.word_diff import compare

COLUMNS = (
    Col("alike", 7, justify="right"),
    Col("member", share=1),
    Col("where", 24, wide=True),
    Col("rule", 30, wide=True),
)


class ClusterScreen(View[tuple[list[Member], frozenset[str]]]):
    BINDINGS = bindings_for("app", "run")
    CSS_PATH = "cluster.tcss"
    DEFAULT_CLASSES = "paired"
    view = "data"

    def __init__(self, run_id: str, cluster: Cluster) -> None:
        super().__init__(run_id)
        self.cluster = cluster

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield BigTable(COLUMNS, id="members")
        with VerticalScroll(classes="detail tall", can_focus=False), Horizontal(id="pair"):
            for side in ("stays", "member"):
                with Vertical(id=side, classes="output"):
                    yield Static("", markup=False)

    def fetch(self) -> tuple[list[Member], frozenset[str]]:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            found = members(store, run_id, self.cluster.task, self.cluster.stays)
            return found, queries.row_files(store, run_id)

    def present(self, model: tuple[list[Member], frozenset[str]]) -> None:
        found, row_files = model
        self.head(f"duplicates of row {self.cluster.stays[:12]}")
        what = Text(
            f"one row stands for {count(len(found))} of task {visible(self.cluster.task)}", f"bold {self.ink.text}"
        )
        self.query_one("#what", Static).update(what)
        table = self.query_one(BigTable)
        table.show(
            len(found), lambda a, b: [self._row(str(at), found[at], row_files) for at in range(a, min(b, len(found)))]
        )
        self.give_keys(table)

    def _row(self, key: str, member: Member, row_files: frozenset[str]) -> Row:
        ink = self.ink
        alike = Text("equal" if member.value is None else one_line(member.value, 7), style=ink.accent)
        if member.through is not None:  # to another row
            alike = Text(NOTHING, style=ink.faint)
        text = " · ".join(value for _, value in fields(member.content))
        where = place(member.file, member.line, row_files) if member.line is not None else member.row_id[:12]
        cells = (alike, Text(one_line(text, 400), style=ink.text), Text(one_line(where, 100), style=ink.faint))
        return Row(key, (*cells, Text(one_line(member.text, 100), style=ink.faint)))

    def _current(self) -> Member | None:
        current = self.query_one(BigTable).current
        return self.model[0][int(current)] if self.model is not None and current is not None else None

    def on_big_table_highlighted(self) -> None:
        member, ink = self._current(), self.ink
        if member is None or self.model is None:
            return
        stays, own = dict(fields(self.cluster.content)), dict(fields(member.content))
        left, right = Text(), Text()
        for name in dict.fromkeys((*stays, *own)):
            head = Text(("\n\n" if left else "") + visible(name) + "\n", style=f"bold {ink.faint}")
            left.append_text(head).append_text(shown(stays.get(name, "(nothing)"), ink.text))
            right.append_text(head)
            right.append_text(marked(compare(stays.get(name, ""), own.get(name, "")), ink))
        where = place(self.cluster.file, self.cluster.line, self.model[1]) if self.cluster.line is not None else "stays"
        for side, title, text in (("stays", f"stays: {where}", left), ("member", self._title(member), right)):
            pane = self.query_one(f"#{side}")
            pane.border_title = visible(title).replace("[", r"\[")
            pane.query_one(Static).update(text)

    def _title(self, member: Member) -> str:
        row_files = self.model[1] if self.model is not None else frozenset[str]()
        where = place(member.file, member.line, row_files) if member.line is not None else member.row_id[:12]
        if member.through is None:
            return f"dropped: {where}"
        alike = "equal to" if member.value is None else f"{one_line(member.value, 7)} like"
        return f"dropped: {where}, {alike} row {member.through[:12]}, which fell to this one"

    def on_big_table_searched(self) -> None:
        self.say("members of a group are not searched")

    def action_open(self) -> None:
        member = self._current()
        if member is not None and self.run_id is not None:
            self.board.open_above("fate", self.run_id, member.row_id)
