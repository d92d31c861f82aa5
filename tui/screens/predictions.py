"""Predictions, failures first: prompt, expected text, and the outputs of two models side by side.

One list of items under a filter that keys walk through; Enter gives the item the whole screen.
Differences are marked word by word, against the expected text or against the baseline's output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui import metric_queries, queries
from tui import prediction_queries as asked
from tui.actions import bindings_for
from tui.formats import count
from tui.prediction_queries import OUTCOMES, Item, Outcome, PredictionFilter, PredictionRow
from tui.queries import RunRow
from tui.screens.view import View, explained
from tui.view_models.predictions import OUTCOME_NAMES, Choices, ItemView, OutputView, choices, item_line, item_view
from tui.view_models.verdicts import Requirement
from tui.widgets.marked_text import labelled, marked, marked_line, shown
from tui.widgets.row_table import Col, Row, RowTable
from tui.word_diff import compare

PAGE = 100
COLUMNS = (
    Col("", 1),
    Col("base", 4),
    Col("template", 10),
    Col("expected", share=1),
    Col("output", share=1),
    Col("item", 8, wide=True),
)


@dataclass(frozen=True)
class PredictionModel:
    run: RunRow
    choices: Choices
    chosen: PredictionFilter | None
    counts: dict[Outcome, int]
    rows: list[PredictionRow]


class PredictionsScreen(View[PredictionModel]):
    BINDINGS = bindings_for("app", "run", "predictions")
    view = "predictions"

    def __init__(
        self, run_id: str | None = None, step_id: str | None = None, requirement: Requirement | None = None
    ) -> None:
        super().__init__(run_id)
        self._step_id, self._requirement = step_id, requirement
        self.chosen: PredictionFilter | None = None
        self._walked = False  # whether the reader chose something
        self.against = "expected"
        self.rows: list[PredictionRow] = []
        self.item: Item | None = None

    def body(self) -> ComposeResult:
        yield Static("", id="filter", markup=False)
        yield RowTable(COLUMNS, id="items")
        yield Static("", id="nothing", markup=False)
        with VerticalScroll(classes="detail tall", id="item", can_focus=False):
            yield Static("", id="prompt", markup=False)
            with Horizontal(id="outputs"):
                for side in ("left", "right"):
                    with Vertical(id=side, classes="output"):
                        yield Static("", markup=False)
            yield Static("", id="about", markup=False)

    def fetch(self) -> PredictionModel:
        store, run_id = self.board.store, self.run_id or ""
        known = choices(asked.cells(store, run_id), metric_queries.metrics(store, run_id))
        chosen = self.chosen
        if chosen is None or (chosen.metric is None and not self._walked):
            chosen = self._first_look(known)  # while a run goes on: models and metrics come one after the other
        elif chosen.metric is None:
            chosen = known.next_metric(chosen)
        run = queries.run(store, run_id)
        if chosen is None:
            return PredictionModel(run, known, None, {}, [])
        counts = asked.prediction_counts(store, run_id, chosen)
        return PredictionModel(run, known, chosen, counts, asked.prediction_page(store, run_id, chosen, PAGE))

    def _first_look(self, known: Choices) -> PredictionFilter | None:
        """What a step or a requirement asked for, else the first eval."""
        target = self._requirement.target if self._requirement else None
        if self._requirement is not None and target is not None and target.eval in known.evals:
            part = self._requirement
            others = [model for model in known.models[target.eval] if model != target.model]
            baseline = target.baseline or (others[0] if others else None)
            chosen = PredictionFilter(target.eval, target.model, baseline, target.metric)
            return replace(chosen, slice=part.slice, slice_value=part.slice_value) if part.part else chosen
        name = (self._step_id or "").partition(":")[2]
        return known.start(next((x for x in known.evals if name == x or name.startswith(f"{x}.")), None))

    def present(self, model: PredictionModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        self.chosen, self.rows = model.chosen, list(model.rows)
        self._show_filter(model)
        nothing = self.query_one("#nothing", Static)
        self.set_class(not model.rows, "empty")
        if not model.rows:
            self.set_class(False, "whole")
            nothing.update(explained(*self._why_nothing(model), self.ink))
            return
        self.table().fill(self._rows(model.rows), more=len(model.rows) == PAGE)
        self.table().focus()

    def _why_nothing(self, model: PredictionModel) -> tuple[str, str]:
        if model.chosen is None:
            return "This run has no eval.", "Add an `eval` block to the spec to see what its models answer."
        if model.counts.get("all"):
            what = f"No item is {OUTCOME_NAMES[model.chosen.outcome]}."
            return what, "Press o for another outcome or c for another metric."
        return "No prediction yet.", "They appear here while the run makes them (key 1 shows how far it is)."

    def _show_filter(self, model: PredictionModel) -> None:
        ink, chosen, text = self.ink, model.chosen, Text()
        if chosen is None:
            self.query_one("#filter", Static).update("")
            return
        pairs = [("e", "eval", chosen.eval), ("m", "model", chosen.model), ("c", "metric", chosen.metric or "none")]
        pairs += [("t", "template", chosen.template or "all"), ("o", "show", OUTCOME_NAMES[chosen.outcome])]
        for key, name, value in pairs:
            text.append(f"{key} ", style=f"bold {ink.accent}").append(f"{name} ", style=ink.faint)
            text.append(one_line(value, 24) + "  ", style=f"bold {ink.text}")
        if chosen.slice is not None:
            text.append("s ", style=f"bold {ink.accent}").append(f"{visible(chosen.slice)} ", style=ink.faint)
            text.append(one_line(chosen.slice_value or "", 24), style=f"bold {ink.text}")
        facts = [f"{count(model.counts[name])} {OUTCOME_NAMES[name]}" for name in OUTCOMES[1:] if model.counts[name]]
        if chosen.baseline:
            facts.append(f"baseline {chosen.baseline}")
        text.append("\n" + visible(" · ".join([f"{count(model.counts['all'])} items", *facts])), style=ink.faint)
        self.query_one("#filter", Static).update(text)

    def _rows(self, rows: list[PredictionRow]) -> list[Row]:
        ink, model = self.ink, self.model
        unit = model.choices.unit(model.chosen) if model and model.chosen else "plain"
        made = []
        for row in rows:
            line = item_line(row, unit)
            base = item_line(replace(row, value=row.base_value), unit)
            mark = Text(line.badge, style=f"bold {ink.badge(line.badge)}")
            beside = Text(base.badge if unit == "share" else base.value, style=ink.badge(base.badge))
            cells = (mark, beside, Text(one_line(line.template, 40), style=ink.faint))
            given = marked_line(compare(line.expected, line.output), ink, 200)
            texts = (Text(one_line(line.expected, 200), style=ink.faint), given)
            made.append(Row(_key(row), (*cells, *texts, Text(line.row_id[:8], style=ink.faint))))
        return made

    def on_row_table_near_end(self) -> None:
        chosen, offset = self.chosen, len(self.rows)
        if chosen is not None:
            self.ask(
                "page",
                lambda: asked.prediction_page(self.board.store, self.run_id or "", chosen, PAGE, offset),
                lambda page: self._extend(page, chosen, offset),
            )

    def _extend(self, page: list[PredictionRow], chosen: PredictionFilter, offset: int) -> None:
        if chosen == self.chosen and offset == len(self.rows):
            self.rows.extend(page)
            self.table().extend(self._rows(page), more=len(page) == PAGE)

    def on_data_table_row_highlighted(self) -> None:
        row = next((row for row in self.rows if _key(row) == self.table().current), None)
        if row is not None and self.chosen is not None:
            where = (self.board.store, self.run_id or "", self.chosen.eval, row.row_id, row.template)
            self.ask("item", lambda: asked.item(*where), self._show_item)

    def _show_item(self, item: Item) -> None:
        if self.model is None or self.chosen is None:
            return
        self.item, chosen = item, self.chosen
        models = [name for name in (chosen.baseline, chosen.model) if name is not None]
        against = chosen.baseline if self.against == "baseline" and chosen.baseline else "expected"
        seen = item_view(item, self.model.choices.units, chosen.eval, models, against)
        self.query_one("#prompt", Static).update(self._prompt(seen))
        self.query_one("#about", Static).update(self._about(seen, against))
        for side, output in zip(("left", "right"), [*seen.outputs, None, None], strict=False):
            pane = self.query_one(f"#{side}")
            pane.display = output is not None
            if output is not None:
                pane.border_title = visible(output.model).replace("[", r"\[")
                pane.query_one(Static).update(self._output(output))

    def _prompt(self, seen: ItemView) -> Text:
        """What was asked and wanted; the system turn, the same for all items, stands below the outputs."""
        ink, text = self.ink, Text()
        for role, content in seen.prompt:
            if role != "system":
                text.append(f"{visible(role) or 'prompt'}  ", style=f"bold {ink.faint}")
                text.append_text(shown(content, ink.text)).append("\n")
        return text.append("expected  ", style=f"bold {ink.good}").append_text(shown(seen.expected, ink.text))

    def _about(self, seen: ItemView, against: str) -> Text:
        ink, text = self.ink, Text()
        for role, content in seen.prompt:
            if role == "system":
                text.append("system  ", style=f"bold {ink.faint}").append_text(shown(content, ink.faint)).append("\n")
        facts = [("item", seen.row_id[:12]), ("template", seen.template), *seen.slices]
        whose = "the expected text" if against == "expected" else f"{against}'s output"
        return text.append_text(labelled([*facts, ("marked against", f"{whose} (x)")], ink))

    def _output(self, output: OutputView) -> Text:
        ink, text = self.ink, self._figures(output.metrics)
        for number, answer in enumerate(output.answers, 1):
            if len(output.answers) > 1:
                text.append(f"\n\nanswer {number} of {len(output.answers)}  ", style=f"bold {ink.faint}")
                text.append_text(self._figures(answer.metrics))
            said = marked(answer.pieces, ink) if answer.output else Text("(empty)", style=ink.faint)
            text.append("\n").append_text(said).append("\n" + visible(answer.tokens), style=ink.faint)
        return text

    def _figures(self, metrics: tuple[tuple[str, str, str], ...]) -> Text:
        ink, text = self.ink, Text()
        for name, value, badge in metrics:
            text.append(f"{badge} ", style=f"bold {ink.badge(badge)}")
            text.append(f"{visible(name)} {visible(value)}  ", style=ink.faint)
        return text

    def _choose(self, chosen: PredictionFilter | None) -> None:
        if chosen is not None:
            self.chosen, self._walked = chosen, True
            self.reload()

    def action_next_eval(self) -> None:
        if self.model is not None and self.chosen is not None:
            evals = self.model.choices.evals
            self._choose(self.model.choices.start(evals[(evals.index(self.chosen.eval) + 1) % len(evals)]))

    def action_next_model(self) -> None:
        self._walk(Choices.next_model)

    def action_next_template(self) -> None:
        self._walk(Choices.next_template)

    def action_next_metric(self) -> None:
        self._walk(Choices.next_metric)

    def _walk(self, step: object) -> None:
        if self.model is not None and self.chosen is not None:
            self._choose(step(self.model.choices, self.chosen))  # type: ignore[operator]

    def action_next_outcome(self) -> None:
        """The next outcome that some item has; all in any case."""
        if self.model is None or self.chosen is None:
            return
        present: list[Outcome] = [name for name in OUTCOMES if name == "all" or self.model.counts.get(name)]
        now = present.index(self.chosen.outcome) if self.chosen.outcome in present else -1
        self._choose(replace(self.chosen, outcome=present[(now + 1) % len(present)]))

    def action_all_slices(self) -> None:
        if self.chosen is not None:
            self._choose(replace(self.chosen, slice=None, slice_value=None))

    def action_compare(self) -> None:
        self.against = "baseline" if self.against == "expected" else "expected"
        if self.item is not None:
            self._show_item(self.item)

    def action_open(self) -> None:
        self.set_class(bool(self.rows), "whole")

    def action_back(self) -> None:
        if self.has_class("whole"):
            self.set_class(False, "whole")
        else:
            super().action_back()


def _key(row: PredictionRow) -> str:
    return f"{row.row_id}\n{row.template}"
