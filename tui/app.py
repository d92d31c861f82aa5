"""The dashboard: screens over a store, one timer that watches, no connection ever kept.

Twice a second the event file of the run on show is read from where the last look ended (``watching``); the
store itself is asked only when a step or a run has begun or ended, a run has lost its process, or the last try found
the file held by another process. All reading happens in threads (``questions``). The dashboard writes marks, notes
and baselines for a moment, so it can be opened and left at any time while a run is going on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App, SystemCommand
from textual.screen import Screen

from runtime.store import Store
from spec_lang.plain_text import visible
from tui.actions import actions_for
from tui.live import LiveRun, state_of
from tui.mark_queue import MarkQueue
from tui.queries import RunRow
from tui.questions import leave_for_good
from tui.screens.catalogue import ABOVE, PARTS, VIEWS, screen_class
from tui.screens.keys import KeysScreen
from tui.screens.runs import RunsScreen
from tui.screens.view import View
from tui.shelf import Shelf
from tui.starting import first_screen_is_there, modest
from tui.stylesheet import LastingStylesheet
from tui.themes import DARK, LIGHT, first_theme
from tui.view_models.data_parts import PART_OF_KIND
from tui.watching import Glance, News, Watcher, last_sign

if TYPE_CHECKING:
    from runtime.detached import Started
    from tui.ahead import Ahead
    from tui.view_models.verdicts import Requirement

LOOK_EVERY_SECONDS = 0.5
BROAD = 160  # columns from which on a list and the item under its cursor stand side by side
THEME = "SFT_THEME"  # an environment variable: dark, light, ansi-dark or ansi-light
PATIENCE_SECONDS = 2.0  # a reader with a person in front of it says early that the store is held


class Dashboard(App[None]):
    """``Dashboard(store).run()``; ``run_id`` opens that run at once."""

    CSS_PATH = "app.tcss"
    TITLE = "sft"

    def __init__(
        self,
        store: Store,
        run_id: str | None = None,
        theme: str | None = None,
        started: Started | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        no_color = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if no_color else None)  # else greys are mixed, which are colours as well
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]
        self.HORIZONTAL_BREAKPOINTS = [(BROAD, "-broad")]
        self.store = replace(store, patience=min(store.patience, PATIENCE_SECONDS))
        self._first_run = run_id
        self._ahead = ahead
        self._started = {started.run_id: started} if started is not None else {}
        self._watcher = Watcher(store.root / "runs")
        self._looking = False
        self._told: set[str] = set()  # runs whose failed start was said
        self.marking = MarkQueue()
        self.shelf = Shelf()  # what was found about items, for all screens that list them
        for known in (DARK, LIGHT):
            self.register_theme(known)
        self.theme = first_theme(theme or os.environ.get(THEME), self.console.color_system, no_color=no_color)
        self.stylesheet = LastingStylesheet(variables=self.get_css_variables())

    def on_mount(self) -> None:
        self.push_screen(RunsScreen(self._ahead))
        if self._first_run is not None:
            self.open_run(self._first_run)
        self.set_interval(LOOK_EVERY_SECONDS, self.look)
        self.set_timer(LOOK_EVERY_SECONDS, first_screen_is_there)  # whatever came of the list of runs

    # --- going from screen to screen ---------------------------------------------------------

    def open_run(self, run_id: str) -> None:
        self.push_screen(screen_class(VIEWS["run"])(run_id))

    def open_view(self, name: str, run_id: str, *about: str, on_top: bool = False) -> None:
        """Show a view of a run; views replace each other above the run's screen, so that back leads to it, unless it is
        to lead to the screen in front. ``about`` is a step, and of predictions also a metric of its eval."""
        where = VIEWS[name]
        if name == "data" and about:  # the part that tells of the step
            where = PARTS[PART_OF_KIND.get(about[0].partition(":")[0], "funnel")]
        wanted = screen_class(where)
        if type(self.screen) is wanted:
            return
        while not on_top and getattr(self.screen, "view", None) != "run" and len(self.screen_stack) > 2:
            self.pop_screen()
        if name != "run":
            self.push_screen(wanted(run_id, *about))

    def open_part(self, part: str, run_id: str, *about: str, on_top: bool = False) -> None:
        """Show a part of the data view in the place of another, or above a screen that back is to lead to; ``about`` is
        a step, and of thresholds also a score."""
        screen = screen_class(PARTS[part])(run_id, *about)
        if on_top:
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    def open_above(self, name: str, *about: Any) -> None:
        """Show a screen of ``catalogue.ABOVE`` above the one in front; ``about`` is what it takes."""
        self.push_screen(screen_class(ABOVE[name])(*about))

    def open_items(self, run_id: str, requirement: Requirement) -> None:
        """The items that a requirement is about; back leads to the verdicts."""
        self.push_screen(screen_class(VIEWS["predictions"])(run_id, requirement=requirement))

    def open_failures(self, run_id: str, eval: str, model: str, metric: str, against: str | None) -> None:
        """The items of a metric that two runs measured: those that regressed; of one run those that failed."""
        from tui.item_filters import PredictionFilter

        chosen = PredictionFilter(eval, model, None, metric, outcome="failed")
        if against is not None:
            chosen = PredictionFilter(eval, model, model, metric, outcome="lost", base_run=against)
        self.push_screen(screen_class(VIEWS["run"])(run_id))
        self.push_screen(screen_class(VIEWS["predictions"])(run_id, wanted=chosen))

    def show_keys(self, *scopes: str) -> None:
        self.push_screen(KeysScreen(*scopes))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: the action table of the screen in front, then Textual's own commands."""
        if isinstance(screen, View):
            for action in actions_for(*(scope for scope in screen.scopes() if scope not in ("table", "long"))):
                yield SystemCommand(action.title, action.help, self._caller(screen, action.name))
        for command in super().get_system_commands(screen):
            if command.title not in ("Quit", "Keys"):
                yield command

    def _caller(self, screen: View[Any], action: str) -> Any:
        async def call() -> None:
            await self.run_action(action, screen)

        return call

    # --- runs that were started from here ----------------------------------------------------

    def take_started(self, started: Started) -> None:
        self._started[started.run_id] = started

    def started_run(self, run_id: str | None) -> Started | None:
        return self._started.get(run_id or "")

    def _tell_failed_starts(self) -> None:
        """A run that ended before it began is in no list: say so once, unless its own screen is in front."""
        for run_id, started in self._started.items():
            if run_id in self._told or started.code is None:
                continue
            self._told.add(run_id)
            screen = self.screen
            seen = isinstance(screen, View) and screen.view == "run" and screen.run_id == run_id
            if not seen and last_sign(self.store.root / "runs", run_id) is None:
                first = (started.said().strip().splitlines() or ["it said nothing"])[0]
                text = (
                    f"a run ended before it began, with exit code {started.code}: {first} · all of it: {started.output}"
                )
                self.notify(visible(text), severity="error", markup=False, timeout=30)

    # --- watching ----------------------------------------------------------------------------

    def watch_run(self, run_id: str | None) -> None:
        self._watcher.watch(run_id)

    @property
    def news(self) -> News:
        return self._watcher.news

    def live_of(self, run_id: str | None) -> LiveRun | None:
        live = self._watcher.live
        return live if live is not None and live.run_id == run_id else None

    def state(self, run: RunRow) -> str:
        """The run's state as far as store, events and processes tell."""
        live = self.live_of(run.run_id)
        known = state_of(run)
        return live.status if known == "running" and live is not None else known

    def look(self) -> None:
        """One look at the events; skipped while the last one still reads."""
        if not self._looking:
            self._looking = True
            self._look()

    @work(thread=True, group="look")
    def _look(self) -> None:
        glance = self._watcher.look()
        self.call_from_thread(self._looked, glance)

    def _looked(self, glance: Glance) -> None:
        self._looking = False
        if not self._screen_stack:  # it is being left
            return
        self._watcher.take(glance)
        if glance.more:  # a long file: the rest is read before anything is drawn
            self.look()
            return
        self._tell_failed_starts()
        screen = self.screen
        if isinstance(screen, View) and screen.stands:
            self._tell(screen)

    def _tell(self, screen: View[Any]) -> None:
        """Let the screen in front know what there is to know. It compares with what it has read, so nothing is lost
        that happened while another one, or a question, lay above it."""
        if screen.notice_deaths() or (not screen.reading and (screen.must_retry or screen.behind)):
            screen.reload()
            return
        live = self._watcher.live
        if live is None:
            return
        ticking = screen.ticks and live.status == "running" and live.run_id not in screen.gone
        if ticking or live.seen != screen.told:
            screen.told = live.seen
            screen.on_live(live)


def run_dashboard(
    root: Path,
    run_id: str | None = None,
    theme: str | None = None,
    started: Started | None = None,
    ahead: Ahead | None = None,
) -> int:
    """Open the dashboard on a store folder and stay until it is left; 1 when it crashed. ``started`` is a run that was
    started for it, ``ahead`` reads the list of runs meanwhile."""
    modest()
    dashboard = Dashboard(Store(root), run_id, theme, started, ahead)
    dashboard.run()
    leave_for_good()
    return dashboard.return_code or 0
