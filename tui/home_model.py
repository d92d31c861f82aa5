"""What Home shows: the runs of a store, and the one that goes on with its plan.

On top stands the newest run whose process works. Of a run on another host nobody here can tell; it stands there as long
as it has said something within ``QUIET_S``.
"""

from __future__ import annotations

import time

from msgspec import Struct, field

from runtime.store import Store
from tui import home_queries, queries, step_queries
from tui.home_queries import HomeRow
from tui.live import elsewhere, state_of
from tui.queries import RunRow, StepRow
from tui.step_queries import Plans
from tui.watching import last_sign

QUIET_S = 900.0
FIRST_PAGE = 100  # runs that are read at once


class Going(Struct, frozen=True):
    """A run that goes on, with its plan."""

    run: RunRow
    steps: list[StepRow]
    plans: Plans


class HomeModel(Struct, frozen=True):
    rows: list[HomeRow]
    more: bool  # whether there are older ones
    going: Going | None
    signs: dict[str, float | None] = field(default_factory=dict)  # of runs on other hosts: when each said something


def home_model(store: Store, least: int, oldest: str | None, known: Going | None) -> HomeModel:
    """The runs from the newest to the ``oldest`` that was on show, and no fewer than ``least``; ``known`` is what went
    on before, whose plan is not read again."""
    with store.reading():
        before = queries.runs_until(store, oldest) if oldest is not None else 0  # and those that are new
        rows, more = home_queries.page(store, max(least, before), None)
        signs = {row.run.run_id: last_sign(store.root / "runs", row.run.run_id) for row in rows if elsewhere(row.run)}
        run = next((row.run for row in rows if _goes_on(row.run, signs)), None)
        if run is None:
            return HomeModel(rows, more, None, signs)
        same = known is not None and known.run.run_id == run.run_id
        plans = known.plans if known is not None and same else step_queries.plans(store, run.run_id)
        return HomeModel(rows, more, Going(run, queries.steps(store, run.run_id), plans), signs)


def _goes_on(run: RunRow, signs: dict[str, float | None]) -> bool:
    sign = signs.get(run.run_id)
    quiet = run.run_id in signs and (sign is None or time.time() - sign > QUIET_S)
    return state_of(run) == "running" and not quiet
