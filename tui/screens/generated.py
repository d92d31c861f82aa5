"""What models wrote: candidates by the rule that rejected them, accepted ones first; Enter lists the candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import queries
from tui.formats import count, duration, number, share
from tui.generated_queries import Rejection, Round, Written, rejections, rounds, written
from tui.queries import RunRow, StepRow
from tui.screens.data_part import DataPart
from tui.view_models.data import fields
from tui.widgets.marked_text import shown
from tui.widgets.row_table import Col, Row, RowTable

BAR = 14
COLUMNS = (
    Col("what became of them", share=1),
    Col("candidates", 10, justify="right"),
    Col("share", 6, justify="right"),
    Col("", BAR),
    Col("the first of them", share=2, wide=True),
)


@dataclass(frozen=True)
class GeneratedModel:
    run: RunRow
    steps: dict[str, StepRow]
    written: list[Written]
    rejections: dict[str, list[Rejection]]  # by step
    rounds: dict[str, list[Round]]


class GeneratedScreen(DataPart[GeneratedModel]):
    part = "generated"

    def content(self) -> ComposeResult:
        yield RowTable(COLUMNS, id="generated")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail", can_focus=False):
            yield Static("", id="about", markup=False)

    def fetch(self) -> GeneratedModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            steps = {step.step_id: step for step in queries.steps(store, run_id)}
            found = written(store, run_id)
            by_rule = {one.step_id: rejections(store, one.step_hash) for one in found}
            by_round = {one.step_id: rounds(store, one.step_hash) for one in found}
            return GeneratedModel(queries.run(store, run_id), steps, found, by_rule, by_round)

    def present(self, model: GeneratedModel) -> None:
        self.show_place(model.run, (step.kind for step in model.steps.values()))
        self.set_class(not model.written, "empty")
        if not model.written:
            text = Text().append("No candidate was written yet.\n\n", style=self.ink.text)
            text.append("A `generate` block asks a model for rows.", style=self.ink.faint)
            self.query_one("#nothing", Static).update(text)
            return
        self.table().fill([row for one in model.written for row in self._rows(one, model)])
        if self.start_at is not None:
            self.table().go_to(f"{self.start_at}\n")
            self.start_at = None
        self.give_keys(self.table())

    def _rows(self, one: Written, model: GeneratedModel) -> list[Row]:
        ink = self.ink
        head = Text(one.step_id.replace(":", " ", 1), style=f"bold {ink.text}")
        part = Text(share(one.accepted, one.candidates), style=ink.faint)
        rows = [Row(f"{one.step_id}\n", (head, count(one.candidates), part, "", ""))]
        for rule in model.rejections[one.step_id]:
            style = ink.good if rule.rule is None else ink.accent
            told = "✓ accepted" if rule.rule is None else f"✗ {one_line(rule.rule.replace('_', ' '), 60)}"
            name = Text(f"  {told}", style=style)
            bar = Text("━" * max(1, round(BAR * rule.candidates / one.candidates)), style=style)
            said = rule.content if rule.content != "{}" else rule.detail or ""
            first = " · ".join(value for _, value in fields(said)) or said
            cells = (name, count(rule.candidates), share(rule.candidates, one.candidates), bar)
            rows.append(
                Row(f"{one.step_id}\n{rule.rule or 'accepted'}", (*cells, Text(one_line(first, 300), ink.faint)))
            )
        return rows

    def _current(self) -> tuple[Written, Rejection | None] | None:
        current = self.table().current
        if current is None or self.model is None:
            return None
        step_id, _, rule = current.partition("\n")
        one = next(one for one in self.model.written if one.step_id == step_id)
        rules = self.model.rejections[step_id]
        return one, next((item for item in rules if (item.rule or "accepted") == rule), None)

    def on_data_table_row_highlighted(self) -> None:
        here, ink = self._current(), self.ink
        if here is None or self.model is None:
            return
        one, rule = here
        if rule is None:
            self.query_one("#about", Static).update(self._step(one, self.model))
            return
        text = Text(
            f"{count(rule.candidates)} of {count(one.candidates)} candidates; the first of them", style=ink.text
        )
        text.append("   Enter lists them\n", style=ink.faint)
        if rule.value is not None or rule.detail:
            told = " · ".join(part for part in (rule.value, rule.detail) if part)
            text.append_text(shown(told, ink.accent)).append("\n")
        for name, value in fields(rule.content):
            text.append(f"\n{visible(name)}\n", style=f"bold {ink.faint}").append_text(shown(value, ink.text))
        if rule.nearest is not None:
            text.append("\n\nmost like\n", style=f"bold {ink.faint}")
            for _, value in fields(rule.nearest):
                text.append_text(shown(value, ink.faint)).append("\n")
        self.query_one("#about", Static).update(text)

    def _step(self, one: Written, model: GeneratedModel) -> Text:
        """Why it ended, what it cost, and its rounds."""
        ink, step = self.ink, model.steps.get(one.step_id)
        summary: dict[str, Any] = step.summary if step is not None else {}
        text = Text().append(
            f"{count(one.accepted)} of {count(one.candidates)} candidates accepted", style=f"bold {ink.text}"
        )
        cost = [f"{count(one.requests)} requests"]
        cost += [f"{count(one.output_tokens)} tokens written"] if one.output_tokens is not None else []
        cost += [duration(one.seconds)] if one.seconds else []
        cost += [f"cost {one.cost:g}"] if one.cost is not None else []
        text.append("\n" + ", ".join(cost), style=ink.faint)
        because = summary.get("ended_because") or (step.error if step is not None else None)
        if because:
            text.append("\n").append_text(shown(str(because), ink.text))
        for item in model.rounds[one.step_id] if len(model.rounds[one.step_id]) > 1 else ():
            novelty = number(None if item.similarity is None else 1 - item.similarity)
            text.append(
                f"\nround {item.round + 1:<3} {count(item.accepted):>6} of {count(item.candidates):<6}", style=ink.text
            )
            text.append(f" median novelty {novelty}", style=ink.faint)
        return text

    def action_open(self) -> None:
        here = self._current()
        if here is not None and self.run_id is not None:
            one, rule = here
            name = None if rule is None else rule.rule or "accepted"
            self.board.open_above("candidates", self.run_id, one, name)
