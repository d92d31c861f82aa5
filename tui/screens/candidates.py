"""Candidates that a model wrote, any number of them; Enter shows where one came from and what became of it."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui.actions import bindings_for
from tui.candidate_queries import Candidate, CandidateSet, candidate_count, candidate_page
from tui.formats import count, number
from tui.generated_queries import Written
from tui.screens.view import View
from tui.view_models.data import fields
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row
from tui.widgets.marked_text import shown

COLUMNS = (Col("no.", 7, justify="right"), Col("", 1), Col("value", 8, justify="right"), Col("candidate", share=1))


class CandidatesScreen(View[tuple[CandidateSet, int]]):
    BINDINGS = bindings_for("app", "run")
    DEFAULT_CLASSES = "paired"
    view = "data"

    def __init__(self, run_id: str, step: Written, rule: str | None) -> None:
        super().__init__(run_id)
        self.step, self.set = step, CandidateSet(step.step_hash, rule)
        self.shown: CandidateSet | None = None  # what the list is of; a search that is not answered does not change it
        self.seen: dict[str, Candidate] = {}

    def body(self) -> ComposeResult:
        yield Static("", id="what", markup=False)
        yield BigTable(COLUMNS, id="candidates")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail tall", can_focus=False):
            yield Static("", id="row", markup=False)

    def fetch(self) -> tuple[CandidateSet, int]:
        asked = self.set
        return asked, candidate_count(self.board.store, asked)

    def present(self, model: tuple[CandidateSet, int]) -> None:
        asked, total = model
        which = (asked.rule or "all").replace("_", " ")
        self.head(f"candidates of {self.step.step_id}")
        what = Text(
            f"{count(total)} of {count(self.step.candidates)} candidates: {visible(which)}", f"bold {self.ink.text}"
        )
        if asked.search:
            what.append(f" with {one_line(asked.search, 60)!r}", style=self.ink.faint)
        self.query_one("#what", Static).update(what)
        self.set_class(not total, "empty")
        self.query_one("#nothing", Static).update(Text("No candidate holds this text. Escape shows all again."))
        table = self.query_one(BigTable)
        table.searched = asked.search
        table.show(total, lambda begin, end: self._read(asked, begin, end), keep=asked == self.shown)
        self.give_keys(table)
        self.shown = asked

    def _read(self, asked: CandidateSet, begin: int, end: int) -> list[Row]:
        """A page; runs in a worker thread."""
        ink, made = self.ink, []
        for one in candidate_page(self.board.store, asked, begin, end):
            key = str(one.number)
            self.seen[key] = one
            good = one.verdict == "accepted"
            mark = Text("✓" if good else "✗", style=f"bold {ink.good if good else ink.bad}")
            text = " · ".join(value for _, value in fields(one.content)) or one.detail or ""
            value = one.value if one.value is not None else number(one.similarity)
            cells = (Text(count(one.number), style=ink.faint), mark, Text(one_line(value, 8), style=ink.faint))
            made.append(Row(key, (*cells, Text(one_line(text, 400), style=ink.text))))
        while len(self.seen) > 5000:
            self.seen.pop(next(iter(self.seen)))
        return made

    def on_big_table_highlighted(self) -> None:
        one, ink = self.seen.get(self.query_one(BigTable).current or ""), self.ink
        if one is None:
            return
        why = "accepted" if one.rule is None else f"rejected by {one.rule.replace('_', ' ')}"
        text = Text().append(visible(why), style=ink.good if one.rule is None else ink.bad)
        told = " · ".join(part for part in (one.value, one.detail) if part)
        text.append(f"  {visible(told)}" if told else "", style=ink.accent)
        text.append(f"   row {visible(one.row_id[:12])}\n", style=ink.faint)
        for name, value in fields(one.content):
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}").append_text(shown(value, ink.text))
        self.query_one("#row", Static).update(text)

    def on_big_table_searched(self, event: BigTable.Searched) -> None:
        self.set = replace(self.set, search=event.text)
        self.reload()

    def leave_part(self) -> bool:
        """Out of a search first."""
        searched, self.set = self.set.search, replace(self.set, search="")
        if searched:
            self.reload()
        return bool(searched)

    def action_open(self) -> None:
        one = self.seen.get(self.query_one(BigTable).current or "")
        if one is not None and self.run_id is not None:
            self.board.open_above("fate", self.run_id, one.row_id)
