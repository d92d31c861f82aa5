"""Failures: the items of an eval under a filter, prompt, expected text and the outputs of two models side by side.

A list of any length whose order is found once a filter on arrays (``item_filters``); a row's texts are read when it is
seen. Keys walk through models, metrics and outcomes, narrow by slice, cause, text and condition, mark and note; Enter
gives the item the whole screen. The causes of failures are counted after the list stands, because that reads every
output.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from tui import marks, metric_queries, queries
from tui import prediction_queries as asked
from tui.actions import bindings_for
from tui.cause_queries import Cause
from tui.condition_syntax import ConditionError
from tui.first_look import Look, Wanted, first_look
from tui.item_filters import Listed, PredictionFilter, causes_of, failing, listed
from tui.item_pages import StaleIndex, item_at, item_rows, position_of
from tui.prediction_queries import Item
from tui.screens.item_actions import ItemActions
from tui.screens.item_choices import PredictionModel
from tui.screens.view import explained
from tui.side_queries import item_beside, side_of
from tui.themes import Ink
from tui.view_models.choices import choices
from tui.view_models.failures import answer_settings, filter_line, next_outcome, without_filters
from tui.view_models.predictions import ItemView, item_view
from tui.view_models.verdicts import Requirement
from tui.widgets.big_table import BigTable
from tui.widgets.columns import Row
from tui.widgets.filter_head import FilterHead
from tui.widgets.item_pane import ItemPane
from tui.widgets.item_row import ITEM_COLUMNS, item_row, key_of

REST_SECONDS = 0.05  # an item is read when the cursor stays on it, not when it runs past


class PredictionsScreen(ItemActions):
    BINDINGS = bindings_for("app", "run", "predictions")
    CSS_PATH = "predictions.tcss"
    DEFAULT_CLASSES = "paired"
    view = "predictions"

    def __init__(
        self,
        run_id: str | None = None,
        step_id: str | None = None,
        metric: str | None = None,
        requirement: Requirement | None = None,
        wanted: PredictionFilter | None = None,
    ) -> None:
        super().__init__(run_id)
        self._wanted = Wanted(step_id, requirement, wanted, metric)
        self._walked = False  # whether the reader chose something
        self._listed_here: Listed | None = None  # the list on show
        self._seen: tuple[Item, str, ItemView] | None = None  # the item as it was drawn last, and against what
        self.against = "expected"
        self._resting: Timer | None = None
        self._uncounted: Listed | None = None  # the list whose causes are counted once it stands

    def body(self) -> ComposeResult:
        yield FilterHead()
        yield BigTable(ITEM_COLUMNS, id="items")
        yield Static("", id="nothing", markup=False)
        yield ItemPane(classes="detail tall", id="item")

    def on_unmount(self) -> None:
        self._listed_here = self._uncounted = None

    @property
    def items(self) -> BigTable:
        return self.query_one("#items", BigTable)

    # --- reading -----------------------------------------------------------------------------

    def fetch(self) -> PredictionModel:
        """One look at the store, or several where every answer has to be looked at: that may take seconds, in which a
        run has to come to its commits."""
        store, run_id = self.board.store, self.run_id or ""
        with store.reading():
            plan = queries.plan(store, run_id)
            known = choices(asked.cells(store, run_id), metric_queries.metrics(store, run_id), plan)
            chosen, run = self.chosen, queries.run(store, run_id)
            if chosen is None or (chosen.metric is None and not self._walked):
                look = first_look(store, run_id, plan, known, self._wanted)  # metrics come while a run goes on
            else:
                remark = self.model.problem if self.model is not None and not self._walked else ""
                look = Look((known.next_metric(chosen) if chosen.metric is None else chosen,), remark)
            empty = PredictionModel(run, known, None, None, None, {}, plan, why=look.why)
            if not any(one.condition or one.text or one.cause for one in look.chosen):
                return self._filled(empty, look)
        return self._filled(empty, look)

    def _filled(self, empty: PredictionModel, look: Look) -> PredictionModel:
        if not look.chosen:
            return empty
        found, chosen, problem = self._listed(look)
        store = self.board.store
        with store.reading():
            side, notes = side_of(store, chosen), marks.notes(store, chosen.eval)
            since = None if len(found.index) else asked.answered_since(store, self.run_id or "", chosen)
        return replace(empty, chosen=chosen, found=found, side=side, notes=notes, problem=problem, since=since)

    def _listed(self, look: Look) -> tuple[Listed, PredictionFilter, str]:
        """The items, and what was really asked: a condition that no longer holds is left away and told of."""
        store, run_id, shelf = self.board.store, self.run_id or "", self.board.shelf
        if self._walked:
            (chosen,) = look.chosen
            try:
                return listed(store, run_id, chosen, shelf), chosen, ""
            except ConditionError as error:
                without = replace(chosen, condition="")
                return listed(store, run_id, without, shelf), without, f"the condition is left away: {error}"
        for chosen in look.chosen:
            found = listed(store, run_id, chosen, shelf)
            if len(found.order):
                return found, chosen, look.remark
        return self._none_found(look)

    def _none_found(self, look: Look) -> tuple[Listed, PredictionFilter, str]:
        """Nothing speaks against what was opened. All items stand there where that says the truth: of a metric that is
        just a number, of a requirement that passed, of a comparison. Else the list is empty, and says of what."""
        store, run_id, shelf = self.board.store, self.run_id or "", self.board.shelf
        requirement, chosen = self._wanted.requirement, look.chosen[0]
        found = listed(store, run_id, chosen, shelf)
        number = chosen.outcome == "failed" and not found.index.graded
        if number or requirement is None or requirement.verdict == "pass":
            chosen = replace(chosen, outcome="all")
            found = listed(store, run_id, chosen, shelf)
        return found, chosen, look.remark

    def _read(self, found: Listed, ink: Ink, alone: bool, begin: int, end: int) -> list[Row]:
        try:
            rows = item_rows(self.board.store, found, begin, end)
        except StaleIndex:
            with self.board.store.reading():  # which keeps others from the shelf meanwhile
                self.board.shelf.forget()
            self.app.call_from_thread(self.reload)
            return []
        side = found.index.unit, found.index.better
        return [item_row(row, side, ink, alone=alone) for row in rows]

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
            why = model.why_nothing(self.board.state(model.run) == "running")
            self.query_one("#nothing", Static).update(explained(*why, ink))
            return
        self.items.searched = model.chosen.text if model.chosen else ""
        self.show_marks()
        alone = model.chosen is not None and model.chosen.baseline is None
        before, keep = self._listed_here, self.on_show in (None, model.chosen)
        self._listed_here, self.on_show = found, model.chosen
        self.items.show(
            len(found.order),
            lambda begin, end: self._read(found, ink, alone, begin, end),
            at=position_of(found, item_at(before, self.items.at)) if before is not None and keep else None,
            keep=keep,
        )
        self._uncounted = found
        self.give_keys(self.items)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The lines above the list and the item to another width."""
        model = self.model
        if self.stands and model is not None and model.found is not None and model.chosen is not None:
            self.query_one(FilterHead).show(filter_line(model.chosen, model.found, model.side), self.ink)
            self.show_item()

    def place_here(self) -> int | None:
        found, position = self._listed_here, self.items.cursor
        return int(found.index.at[found.order[position]]) if found is not None and position < len(found.order) else None

    def show_marks(self) -> None:
        self.items.mark(frozenset(key_of(*key) for key in self.notes))

    def _count_causes(self, found: Listed) -> None:
        if found is not self._listed_here or self.on_show != self.chosen:
            return  # another list was chosen meanwhile
        wanted = found.index.graded and found.counts["failed"] + found.counts["unmeasured"] > 0
        if self.chosen is None or not wanted or self.chosen.outcome in ("passed", "gained"):
            self._causes_counted({})
            return
        only = found if self.chosen.outcome != "all" else failing(found)
        self.ask("causes", lambda: causes_of(self.board.store, only, self.board.shelf), self._causes_counted)

    def _causes_counted(self, causes: dict[Cause, int] | None) -> None:
        self.causes = causes
        self.query_one(FilterHead).show_causes(causes or {}, self.ink)

    def on_big_table_highlighted(self) -> None:
        """Read the item when the cursor stays on it."""
        if self.here is not None and (found := self._uncounted) is not None:
            self._uncounted = None  # rows first, then the item, then causes: that reads every output
            self.set_timer(4 * REST_SECONDS, lambda: self._count_causes(found))
        if self._resting is not None:
            self._resting.stop()
        if self.here is not None:
            self._resting = self.set_timer(REST_SECONDS, self._rested)

    def _rested(self) -> None:
        here, chosen = self.here, self.chosen
        if here is not None and chosen is not None:
            where = (self.board.store, self.run_id or "", chosen, *here)
            self.ask("item", lambda: item_beside(*where), self.take_item)

    def show_item(self) -> None:
        """Words are compared in a worker: of long answers, or of many, that takes a while."""
        model, chosen, item = self.model, self.chosen, self.item_here
        if model is None or chosen is None or item is None:
            return
        against = self.beside if self.against == "baseline" and self.beside else "expected"
        models = [name for name in (self.beside, chosen.model) if name is not None]
        if self._seen is not None and self._seen[0] is item and self._seen[1] == against:
            self._show_seen(self._seen)
            return
        sides = model.choices.sides
        view = partial(item_view, item, sides, chosen.eval, models, against, chosen.metric)
        self.ask("view", lambda: (item, against, view()), self._show_seen)

    def _show_seen(self, seen: tuple[Item, str, ItemView]) -> None:
        model, chosen, (item, against, view) = self.model, self.chosen, seen
        if model is None or chosen is None or item is not self.item_here:
            return
        self._seen = seen
        whose = "the expected text" if against == "expected" else f"{against}'s output"
        whole = self.has_class("whole")
        facts = [("marked against", f"{whose} (x)")]
        if whole:
            facts += answer_settings(model.plan, chosen.eval, chosen.model, item.template)
        note = self.notes.get((item.row_id, item.template))
        self.query_one(ItemPane).show(view, self.ink, facts, note=note, whole=whole)

    # --- keys ----------------------------------------------------------------------------------

    def choose(self, chosen: PredictionFilter | None) -> None:
        if chosen is not None:
            self.chosen, self._walked, self.item = chosen, True, None
            self.take_back("causes")
            self._causes_counted(None)
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
        self.with_item(self._open_whole)

    def _open_whole(self, _: Item) -> None:
        self._give_screen(not self.has_class("empty"))

    def _give_screen(self, whole: bool) -> None:
        """All of the screen to the item, or what it has beside its list; its lines then have another width."""
        self.set_class(whole, "whole")
        self.call_after_refresh(self.show_item)

    def leave_part(self) -> bool:
        whole = self.has_class("whole")
        if whole:
            self._give_screen(False)
            self.give_keys(self.items)
        return whole
