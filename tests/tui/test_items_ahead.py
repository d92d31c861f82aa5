"""Items that are read while somebody looks at a run: the list finds them, and they are the same."""

from collections.abc import Callable

import pytest

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui import items_ahead, queries
from tui.screens.predictions import PredictionsScreen
from tui.screens.run import RunScreen

Walk = Callable[..., None]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items_ahead, "LEAST", 1)
    monkeypatch.setattr("tui.screens.run.AFTER_S", 0.01)


def test_the_list_finds_what_was_read_while_the_run_was_looked_at(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        for _ in range(500):
            if go.app.shelf._large:
                break
            await go.pilot.pause(0.02)
        ((_, ahead),) = go.app.shelf._large.values()
        await go.press("5")
        screen = go.app.screen
        assert isinstance(screen, PredictionsScreen) and screen.model is not None and screen.model.found is not None
        assert screen.model.found.index is ahead.index and len(ahead.index) == 120

    walk(done, journey, run_id=RUN)


def test_nothing_is_read_ahead_of_a_run_that_goes_on(running: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        assert isinstance(go.app.screen, RunScreen) and not go.app.screen._ahead

    walk(running, journey, run_id=RUN)


def test_few_answers_are_not_worth_it_and_too_many_would_keep_others_waiting(
    done: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = queries.steps(done, RUN)
    assert items_ahead.worth_it(steps)
    monkeypatch.setattr(items_ahead, "MOST", 10)
    assert not items_ahead.worth_it(steps)
    monkeypatch.undo()
    assert not items_ahead.worth_it(steps)
