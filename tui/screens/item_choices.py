"""What a reader may choose about a list of items: each opens a small dialog and changes one part of the filter.

Base of the failures screen, which reads and shows. A condition is checked by asking it, in the dialog's worker, so that
what is wrong with it stands below the line where it was typed and the list stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from runtime.measuring.slice_names import pooled
from spec_lang.diagnostics import DiagnosticError
from tui import side_queries
from tui.cause_queries import CAUSES, Cause
from tui.condition_syntax import ConditionError
from tui.formats import count
from tui.item_condition import Column, row_columns
from tui.item_filters import Listed, PredictionFilter, listed, slice_counts
from tui.queries import RunRow
from tui.screens.ask import AskScreen
from tui.screens.pick import Choice, PickScreen
from tui.screens.view import View
from tui.side_queries import Side
from tui.view_models.choices import Choices
from tui.view_models.predictions import outcome_name
from tui.widgets.big_table import BigTable

SEPARATOR = "\n"
MOST_SMALL = 200  # slices with few items that are offered beside their pool


@dataclass(frozen=True)
class PredictionModel:
    run: RunRow
    choices: Choices
    chosen: PredictionFilter | None
    found: Listed | None
    side: Side | None
    notes: dict[tuple[str, str], str]
    plan: dict[str, Any]
    problem: str = ""
    why: str = ""  # there is nothing to choose
    since: str | None = None  # the run that has the answers of which this one has none

    def why_nothing(self, running: bool) -> tuple[str, str]:
        """Why the list is empty, and what to do about it."""
        if self.why:
            return self.why, "Press e for another eval." if self.choices.evals else "Esc goes back."
        if self.chosen is None:
            return "This run has no eval.", "Add an `eval` block to the spec to see what its models answer."
        if self.found is None or not len(self.found.index):
            if self.since is not None:
                other = f"Run {self.since} has done it since: the answers are in that one."
                return f"This run did not finish asking {self.chosen.model}.", other
            if not running:
                return "This run has asked no model here.", "Key 1 shows what it did, R runs its spec again."
            return "No prediction yet.", "They appear here while the run makes them (key 1 shows how far it is)."
        if not self.found.counts["all"]:
            return "No item fits these filters.", "Press u for all items, or / or f to change a filter."
        name = outcome_name(self.chosen.outcome, self.found.ranked.flips)
        return f"No item is {name}.", "Press o for another outcome, c for another metric, u for all items."


class ItemChoices(View[PredictionModel]):
    """Subclasses show what is chosen: ``choose`` takes a new filter."""

    def __init__(self, run_id: str | None = None) -> None:
        super().__init__(run_id)
        self.chosen: PredictionFilter | None = None
        self.causes: dict[Cause, int] | None = None  # of the list on show, once they are counted

    def choose(self, chosen: PredictionFilter | None) -> None:
        raise NotImplementedError

    # --- models, metrics, templates ----------------------------------------------------------

    def action_next_eval(self) -> None:
        if self.model is not None and (evals := self.model.choices.evals):
            place = evals.index(self.chosen.eval) + 1 if self.chosen is not None else 0
            self.choose(self.model.choices.start(evals[place % len(evals)]))

    def action_next_model(self) -> None:
        self._walk(Choices.next_model)

    def action_next_template(self) -> None:
        self._walk(Choices.next_template)

    def action_next_metric(self) -> None:
        self._walk(Choices.next_metric)

    def _walk(self, step: Callable[[Choices, PredictionFilter], PredictionFilter]) -> None:
        if self.model is not None and self.chosen is not None:
            self.choose(step(self.model.choices, self.chosen))

    def action_beside(self) -> None:
        """Another model of the eval, or a model of another run."""
        chosen, run_id = self.chosen, self.run_id or ""
        if chosen is not None:
            name = chosen.eval
            self.ask("sides", lambda: side_queries.sides(self.board.store, run_id, name), self._pick_side)

    def _pick_side(self, sides: list[Side]) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        others = [side for side in sides if side.run_id is not None or side.model != chosen.model]
        if not others:
            self.app.notify("Nothing else has answered this eval yet.", markup=False)
            return
        picks = [Choice(str(place), side.title) for place, side in enumerate(others)]
        now = next((n for n, s in enumerate(others) if (s.model, s.run_id) == (chosen.baseline, chosen.base_run)), 0)

        def then(key: str | None) -> None:
            if key is not None:
                side = others[int(key)]
                self.choose(replace(chosen, baseline=side.model, base_run=side.run_id, renamed=()))

        self.app.push_screen(PickScreen("Beside", picks, "what its answers are compared with", at=str(now)), then)

    # --- which items ---------------------------------------------------------------------------

    def action_slices(self) -> None:
        """A slice, or all items again when there is one."""
        chosen = self.chosen
        if chosen is None:
            return
        if chosen.slice is not None:
            self.choose(replace(chosen, slice=None, slice_value=None))
            return
        where = (self.board.store, self.run_id or "", chosen.eval)
        self.ask("slices", lambda: slice_counts(*where), self._pick_slice)

    def _pick_slice(self, found: dict[str, dict[str, int]]) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        picks, left = list[Choice](), 0
        for name, values in found.items():
            sizes: dict[str, int] = {}
            for value, shown in pooled(values).items():
                sizes[shown] = sizes.get(shown, 0) + values[value]
            small = [value for value in values if value not in sizes]
            left += len(small[MOST_SMALL:])
            sizes |= {value: values[value] for value in small[:MOST_SMALL]}
            picks += [Choice(f"{name}{SEPARATOR}{value}", f"{name} {value}", items) for value, items in sizes.items()]
        if not picks:
            self.app.notify("This eval has no slices: `slice NAME = …` in its block makes them.", markup=False)
            return

        def then(key: str | None) -> None:
            if key is not None:
                name, _, value = key.partition(SEPARATOR)
                self.choose(replace(chosen, slice=name, slice_value=value))

        about = "items of the eval in each" + (f"; {count(left)} small ones are in their pool alone" if left else "")
        self.app.push_screen(PickScreen("Slice", picks, about), then)

    def action_causes(self) -> None:
        """Why items failed, or all of them again."""
        chosen = self.chosen
        if chosen is None:
            return
        if chosen.cause is not None:
            self.choose(replace(chosen, cause=None))
            return
        if not self.causes:
            told = "No item here has failed." if self.causes is not None else "The causes are not counted yet."
            self.app.notify(told, markup=False)
            return
        picks = [Choice(cause, cause, items) for cause, items in self.causes.items()]

        def then(key: str | None) -> None:
            cause = next((one for one in CAUSES if one == key), None)
            if cause is not None:
                self.choose(replace(chosen, cause=cause))

        about = "one cause an item, the first that fits: docs/dashboard.md says how each is told"
        self.app.push_screen(PickScreen("Why they failed", picks, about), then)

    def on_big_table_searched(self, event: BigTable.Searched) -> None:
        if self.chosen is not None:
            self.choose(replace(self.chosen, text=event.text.strip()))

    def action_condition(self) -> None:
        """A condition in SQL over the row of an item."""
        chosen, store, run_id = self.chosen, self.board.store, self.run_id or ""
        if chosen is None:
            return

        def check(text: str) -> str | None:
            try:
                if text.strip():
                    listed(store, run_id, replace(chosen, condition=text.strip()), self.board.shelf)
            except ConditionError as error:
                return str(error)
            except DiagnosticError as error:
                return error.diagnostics[0].message
            return None

        def then(text: str | None) -> None:
            if text is not None:
                self.choose(replace(chosen, condition=text.strip()))

        def open_line(columns: dict[str, Column]) -> None:
            hint = f"SQL, such as seconds > 2 AND output_tokens < 5 · columns: {', '.join(columns)}"
            self.app.push_screen(AskScreen("where", chosen.condition, hint, check=check), then)

        self.ask("columns", lambda: row_columns(store, run_id, chosen.eval), open_line)
