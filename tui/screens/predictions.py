"""Failures: the items of an eval under a filter, prompt, expected text and the outputs of two models side by side.

A list of any length whose order is found once a filter on arrays (``item_filters``); a row's texts are read when it is
seen. Keys walk through models, metrics and outcomes, narrow by slice, cause, text and condition, mark and note; Enter
gives the item the whole screen. The causes of failures are counted after the list stands, because that reads every
output.
"""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from tui import marks, metric_queries, queries
from tui import prediction_queries as asked
from tui.actions import bindings_for
from tui.cause_queries import Cause
from tui.item_condition import ConditionError
from tui.item_filters import Listed, PredictionFilter, causes_of, listed
from tui.item_pages import StaleIndex, item_rows, position_of
from tui.prediction_queries import Item
from tui.screens.item_choices import ItemChoices, PredictionModel
from tui.screens.view import explained
from tui.side_queries import item_beside, side_of
from tui.themes import Ink
from tui.view_models.failures import answer_settings, filter_line, next_outcome, without_filters
from tui.view_models.predictions import Choices, choices, item_view, metric_order, outcome_name
from tui.view_models.verdicts import Requirement
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Row
from tui.widgets.filter_head import FilterHead
from tui.widgets.item_pane import ItemPane
from tui.widgets.item_row import ITEM_COLUMNS, item_row, key_of, of_key

REST_SECONDS = 0.05  # an item is read when the cursor stays on it, not when it runs past


class PredictionsScreen(ItemChoices):
    BINDINGS = bindings_for("app", "run", "predictions")
    CSS_PATH = "predictions.tcss"
    view = "predictions"

    def __init__(
        self,
        run_id: str | None = None,
        step_id: str | None = None,
        requirement: Requirement | None = None,
        wanted: PredictionFilter | None = None,
    ) -> None:
        super().__init__(run_id)
        self._step_id, self._requirement, self._wanted = step_id, requirement, wanted
        self._walked = False  # whether the reader chose something
        self._shown: object = None  # what the list was last made of
        self.against = "expected"
        self.beside: str | None = None
        self._resting: Timer | None = None
        self._uncounted: Listed | None = None  # the list whose causes are counted once it stands

    def body(self) -> ComposeResult:
        yield FilterHead()
        yield BigTable(ITEM_COLUMNS, id="items")
        yield Static("", id="nothing", markup=False)
        yield ItemPane(classes="detail tall", id="item")

    @property
    def items(self) -> BigTable:
        return self.query_one("#items", BigTable)

    # --- reading -----------------------------------------------------------------------------

    def fetch(self) -> PredictionModel:
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            plan = queries.plan(store, run_id)
            known = choices(asked.cells(store, run_id), metric_queries.metrics(store, run_id), metric_order(plan))
            chosen = self.chosen
            if chosen is None or (chosen.metric is None and not self._walked):
                chosen = self._first_look(known)  # while a run goes on: models and metrics come one after the other
            elif chosen.metric is None:
                chosen = known.next_metric(chosen)
            run = queries.run(store, run_id)
            if chosen is None:
                return PredictionModel(run, known, None, None, None, None, {}, plan)
            found, chosen, problem = self._listed(chosen)
            current = of_key(self.items.current)
            at = position_of(store, found, *current) if current else None
            side, notes = side_of(store, chosen), marks.notes(store, chosen.eval)
            return PredictionModel(run, known, chosen, found, side, at, notes, plan, problem)

    def _listed(self, chosen: PredictionFilter) -> tuple[Listed, PredictionFilter, str]:
        """The items, and what was really asked: a condition that no longer holds is left away and told of."""
        store, run_id, shelf = self.board.store, self.run_id or "", self.board.shelf
        problem = ""
        try:
            found = listed(store, run_id, chosen, shelf)
        except ConditionError as error:
            problem, chosen = f"the condition is left away: {error}", replace(chosen, condition="")
            found = listed(store, run_id, chosen, shelf)
        asked_for = self._requirement is not None or self._wanted is not None
        if asked_for and not self._walked and not len(found.order):
            chosen = replace(chosen, outcome="all")  # nothing speaks against it, so everything speaks for it
            found = listed(store, run_id, chosen, shelf)
        return found, chosen, problem

    def _first_look(self, known: Choices) -> PredictionFilter | None:
        """What a step, a requirement or a comparison asked for, else the first eval."""
        if self._wanted is not None and self._wanted.eval in known.evals:
            return self._wanted
        target = self._requirement.target if self._requirement else None
        if self._requirement is not None and target is not None and target.eval in known.evals:
            part = self._requirement
            others = [model for model in known.models[target.eval] if model != target.model]
            baseline = target.baseline or target.blessed_model or (others[0] if others else None)
            run = queries.blessed_run(self.board.store, target.blessed) if target.blessed else None
            chosen = PredictionFilter(
                target.eval, target.model, baseline, target.metric, base_run=run, outcome=target.outcome
            )
            return replace(chosen, slice=part.slice, slice_value=part.slice_value) if part.part else chosen
        name = (self._step_id or "").partition(":")[2]
        return known.start(next((x for x in known.evals if name == x or name.startswith(f"{x}.")), None))

    def _read(self, found: Listed, ink: Ink, begin: int, end: int) -> list[Row]:
        try:
            rows = item_rows(self.board.store, found, begin, end)
        except StaleIndex:
            self.board.shelf.forget()
            self.app.call_from_thread(self.reload)
            return []
        return [item_row(row, found.index.unit, ink) for row in rows]

    # --- showing -----------------------------------------------------------------------------

    def present(self, model: PredictionModel) -> None:
        self.head(f"{model.run.spec}  {model.run.run_id}", self.board.state(model.run), model.run.verdict)
        self.chosen, found, ink = model.chosen, model.found, self.ink
        if model.problem:
            self.say(model.problem)
        self.set_class(found is None or not len(found.order), "empty")
        if found is None or model.chosen is None:
            self.query_one(FilterHead).clear()
        else:
            self.query_one(FilterHead).show(filter_line(model.chosen, found, model.side), ink)
        if found is None or not len(found.order):
            self.set_class(False, "whole")
            self._causes_counted({})
            self.query_one("#nothing", Static).update(explained(*self._why_nothing(model), ink))
            return
        self.items.searched = model.chosen.text if model.chosen else ""
        self.items.mark(frozenset(key_of(*key) for key in model.notes))
        self.items.show(
            len(found.order),
            lambda begin, end: self._read(found, ink, begin, end),
            at=model.at,
            keep=self._shown in (None, model.chosen),
        )
        self._shown, self._uncounted = model.chosen, found
        self.give_keys(self.items)

    def _count_causes(self, found: Listed) -> None:
        wanted = found.index.graded and found.counts["failed"] + found.counts["unmeasured"] > 0
        if self.chosen is None or not wanted or self.chosen.outcome in ("passed", "gained"):
            self._causes_counted({})
            return
        only = found if self.chosen.outcome != "all" else failing(found)
        self.ask("causes", lambda: causes_of(self.board.store, only, self.board.shelf), self._causes_counted)

    def _causes_counted(self, causes: dict[Cause, int]) -> None:
        self.causes = causes
        self.query_one(FilterHead).show_causes(causes, self.ink)

    def _why_nothing(self, model: PredictionModel) -> tuple[str, str]:
        if model.chosen is None:
            return "This run has no eval.", "Add an `eval` block to the spec to see what its models answer."
        if model.found is None or not len(model.found.index):
            return "No prediction yet.", "They appear here while the run makes them (key 1 shows how far it is)."
        if not model.found.counts["all"]:
            return "No item fits these filters.", "Press u for all items, or / or f to change a filter."
        name = outcome_name(model.chosen.outcome, model.found.index.graded)
        return f"No item is {name}.", "Press o for another outcome, c for another metric, u for all items."

    def on_big_table_highlighted(self, event: BigTable.Highlighted) -> None:
        current, chosen = of_key(event.table.current), self.chosen
        if current is None or chosen is None:
            return
        if (found := self._uncounted) is not None:  # rows first, then the item, then causes: that reads every output
            self._uncounted = None
            self.set_timer(4 * REST_SECONDS, lambda: self._count_causes(found))
        if self._resting is not None:
            self._resting.stop()
        where = (self.board.store, self.run_id or "", chosen, *current)
        self._resting = self.set_timer(
            REST_SECONDS, lambda: self.ask("item", lambda: item_beside(*where), self._show_item)
        )

    def _show_item(self, found: tuple[Item, str | None]) -> None:
        self.item, self.beside = found
        self.show_item()

    def show_item(self) -> None:
        model, chosen, item = self.model, self.chosen, self.item
        if model is None or chosen is None or item is None:
            return
        against = self.beside if self.against == "baseline" and self.beside else "expected"
        models = [name for name in (self.beside, chosen.model) if name is not None]
        seen = item_view(item, model.choices.units, chosen.eval, models, against)
        whose = "the expected text" if against == "expected" else f"{against}'s output"
        whole = self.has_class("whole")
        facts = [("marked against", f"{whose} (x)")]
        if whole:
            facts += answer_settings(model.plan, chosen.eval, chosen.model, item.template)
        note = model.notes.get((item.row_id, item.template))
        self.query_one(ItemPane).show(seen, self.ink, facts, note=note, whole=whole)

    # --- keys ----------------------------------------------------------------------------------

    def choose(self, chosen: PredictionFilter | None) -> None:
        if chosen is not None:
            self.chosen, self._walked = chosen, True
            self.reload()

    def action_next_outcome(self) -> None:
        if self.model is not None and self.model.found is not None and self.chosen is not None:
            now = next_outcome(self.chosen.outcome, self.model.found.counts)
            self.choose(replace(self.chosen, outcome=now, cause=None))

    def action_clear(self) -> None:
        if self.chosen is not None:
            self.choose(without_filters(self.chosen))

    def action_compare(self) -> None:
        self.against = "baseline" if self.against == "expected" else "expected"
        self.show_item()

    def action_open(self) -> None:
        self.set_class(self.item is not None and not self.has_class("empty"), "whole")
        self.show_item()

    def action_back(self) -> None:
        if self.has_class("whole"):
            self.set_class(False, "whole")
            self.show_item()
        else:
            super().action_back()


def failing(found: Listed) -> Listed:
    """Of a list of all items those that failed or were not measured, to say why."""
    outcomes = found.ranked.outcomes
    return replace(found, mask=found.mask & (outcomes["failed"] | outcomes["unmeasured"]))
