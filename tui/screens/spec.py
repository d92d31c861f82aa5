"""The spec as the run saw it: coloured, with findings at their lines and what came of each line beside it.

The text is read from the store; what `sft check` says of it now is asked in a second worker, so the file is there at
once. While the run goes on the states of its steps move with its events.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec.structs import replace
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import visible
from tui.actions import bindings_for
from tui.live import LiveRun
from tui.queries import StepRow
from tui.screens.view import View, explained
from tui.spec_queries import LineFinding, findings_now
from tui.spec_results import SpecModel, spec_model
from tui.view_models.runs import run_view
from tui.view_models.spec import SpecLine, SpecPage
from tui.view_models.spec_notes import Opens
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Col, Row, column_widths
from tui.widgets.parts_line import PartsLine
from tui.widgets.spec_line import SEVERITY_MARKS, look_of, spec_line

COLUMNS = (Col("line", 5, justify="right"), Col("", 1), Col("spec, and what came of it", share=1))


class SpecScreen(View[SpecModel]):
    BINDINGS = bindings_for("app", "run", "spec")
    CSS_PATH = "spec.tcss"
    view = "spec"

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)
        self.pages: tuple[SpecPage, ...] = ()
        self.page = 0
        self.found: list[LineFinding] | None = None  # what a check says now; None until it has answered

    def body(self) -> ComposeResult:
        yield PartsLine()
        yield Static("", id="about", markup=False)
        yield BigTable(COLUMNS, id="lines")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="line", markup=False)

    def fetch(self) -> SpecModel:
        return spec_model(self.board.store, self.run_id or "")

    def present(self, model: SpecModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        self.set_class(not model.texts, "empty")
        if not model.texts:
            what = f"The store does not have the text of `{visible(model.run.spec)}`, and it is not beside the store."
            todo = "Runs of this version keep it: `sft run FILE` does, also when nothing has to be computed."
            self.query_one("#nothing", Static).update(explained(what, todo, self.ink))
            return
        first = not self.pages
        self.pages = ()  # drawn anew: the colours may be others by now
        self._draw(model)
        self.give_keys(self.query_one(BigTable))
        if first:
            self.action_next_result(1)
        if self.found is None:
            self.ask("check", lambda: findings_now(self.board.store, model.run.run_id, model.texts), self._checked)

    def _checked(self, found: list[LineFinding]) -> None:
        self.found, self.pages = found, ()  # also of pages that it adds nothing to it has to be said that it is over
        if self.model is not None:
            self._draw(self.model)

    def on_live(self, live: LiveRun) -> None:
        if self.model is not None and self.model.texts:
            self._draw(self.model)

    def on_resize(self, event: events.Resize) -> None:
        if self.pages:
            self.call_after_refresh(self._list)

    # --- drawing -----------------------------------------------------------------------------------

    def _draw(self, model: SpecModel) -> None:
        steps, shares = self._moving(model)
        pages = model.pages(self.found or (), steps, shares)
        if pages == self.pages:
            return
        self.pages, self.page = pages, min(self.page, len(pages) - 1)
        self._list()

    def _moving(self, model: SpecModel) -> tuple[Mapping[str, StepRow], dict[str, float]]:
        """The steps as events have them, and how far running ones are."""
        known = model.results.steps
        live = run_view(model.run, list(known.values()), time.time(), self.board.live_of(self.run_id)).steps
        steps = {line.step_id: replace(known[line.step_id], status=line.status) for line in live}
        return steps, {line.step_id: line.share for line in live if line.share is not None}

    def _list(self) -> None:
        """The lines of the file on show."""
        page, ink, table = self.pages[self.page], self.ink, self.query_one(BigTable)
        names = [one.path for one in self.pages]
        self.query_one(PartsLine).tell(ink, names, self.page)
        self.query_one(PartsLine).display = len(names) > 1
        self.query_one("#about", Static).update(self._about(page))
        width = column_widths(table.cols, table.size.width)[2]
        looks = {"error": f"bold {ink.bad}", "warning": ink.unsure}

        def read(begin: int, end: int) -> list[Row]:
            rows = []
            for line in page.lines[begin:end]:
                mark = Text(SEVERITY_MARKS[line.severity], style=looks.get(line.severity, ""))
                rows.append(
                    Row(str(line.number), (Text(str(line.number), style=ink.faint), mark, spec_line(line, width, ink)))
                )
            return rows

        table.show(len(page.lines), read)
        self._tell()

    def _about(self, page: SpecPage) -> Text:
        ink, text = self.ink, Text()
        if page.note:
            text.append(f"! {page.note}\n", style=ink.unsure)
        for finding in page.elsewhere:
            text.append(f"{SEVERITY_MARKS[finding.severity]} {visible(finding.message)}\n", style=ink.bad)
        if self.found is None:
            return text.append("sft check is looking at it …", style=ink.faint)
        told = [f"{n} {word}{'s' * (n != 1)}" for word in ("error", "warning") if (n := page.counted(word))]
        return text.append(", ".join(told) or "no findings", style=ink.faint)

    # --- the line under the cursor -------------------------------------------------------------------

    def _current(self) -> SpecLine | None:
        at = self.query_one(BigTable).cursor
        lines = self.pages[self.page].lines if self.pages else ()
        return lines[at] if at < len(lines) else None

    def on_big_table_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        line, ink, text = self._current(), self.ink, Text()
        if line is None:
            return
        for finding in line.findings:
            style = ink.bad if finding.severity == "error" else ink.unsure
            when = "the run said" if finding.of_run else "sft check says now"
            text.append(f"{SEVERITY_MARKS[finding.severity]} {finding.code} ", style=f"bold {style}")
            text.append(visible(finding.message), style=ink.text).append(f"  ({when})\n", style=ink.faint)
            if finding.help:
                text.append(f"  {visible(finding.help)}\n", style=ink.faint)
        for one in line.beside:
            text.append(f"{visible(one.owner)}  " if one.owner else "", style=ink.faint)
            text.append(visible(one.text) + "\n", style=look_of(one.look, ink))
        text.append(visible(line.text.strip()), style=ink.text if not line.beside else ink.faint)
        if line.opens is not None:
            text.append(f"\nEnter opens {_told(line.opens)}", style=ink.faint)
        self.query_one("#line", Static).update(text)

    # --- keys ----------------------------------------------------------------------------------------

    def action_next_part(self, direction: int) -> None:
        if len(self.pages) > 1:
            self._turn_to((self.page + direction) % len(self.pages))

    def on_parts_line_chosen(self, event: PartsLine.Chosen) -> None:
        self._turn_to(event.position)

    def _turn_to(self, page: int) -> None:
        if page != self.page and page < len(self.pages):
            self.page = page
            self._list()
            self.query_one(BigTable).go_to(0)

    def action_next_result(self, direction: int) -> None:
        """To the next line that has a finding or a result."""
        table, lines = self.query_one(BigTable), self.pages[self.page].lines if self.pages else ()
        places = [at for at, line in enumerate(lines) if line.beside or line.findings]
        ahead = [at for at in places if (at - table.cursor) * direction > 0]  # none beyond the last one
        if ahead:
            table.go_to(min(ahead, key=lambda at: abs(at - table.cursor)), middle=True)

    def action_open(self) -> None:
        line, model = self._current(), self.model
        if line is None or line.opens is None or model is None or self.run_id is None:
            return
        opens, board = line.opens, self.board
        about = (opens.step_id, opens.metric) if opens.metric is not None else (opens.step_id,)
        if opens.rule is not None:
            rule = model.line_of_rule(opens.step_id, opens.rule)
            if rule is not None and rule.openable:
                board.open_above("drops", self.run_id, rule)
            else:
                self.say("this rule dropped nothing")
        elif opens.requirement is not None:
            requirement = model.requirement(opens.step_id, opens.requirement)
            if requirement is not None and requirement.has_items:
                board.open_items(self.run_id, requirement)
            elif requirement is not None:
                self.say("there are no items behind it: it puts requirements together, or is about labels")
        elif opens.part is not None:
            board.open_part(opens.part, self.run_id, *about, on_top=True)
        elif opens.view == "run":
            board.open_view(opens.view, self.run_id)
        else:
            board.open_view(opens.view, self.run_id, *about, on_top=True)


def _told(opens: Opens) -> str:
    if opens.rule is not None:
        return "the rows that it dropped"
    if opens.requirement is not None:
        return "the items that decided it"
    return f"the {opens.part}" if opens.part else f"the {opens.view}"
