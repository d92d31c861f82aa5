"""The one table of keys against what screens have really bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from textual.binding import Binding

from runtime.store import Store
from tests.tui.conftest import Journey
from tests.tui.sample_store import RUN
from tui.actions import ACTIONS, actions_for, scopes_of
from tui.screens.catalogue import ABOVE, PARTS, VIEWS, screen_class
from tui.screens.nearest import NearestScreen
from tui.screens.runs import RunsScreen
from tui.screens.view import View
from tui.widgets.big_table import BigTable
from tui.widgets.row_table import RowTable

SCREENS = (RunsScreen, NearestScreen, *map(screen_class, {**VIEWS, **PARTS, **ABOVE}.values()))
Walk = Callable[..., None]


def bound(owner: type) -> list[Binding]:
    return [one for one in owner.BINDINGS if isinstance(one, Binding)]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_of_a_screen_means_one_thing_and_has_its_method(screen: type[View[object]]) -> None:
    """With those of a list, which most screens have."""
    bindings = [*bound(screen), *bound(RowTable)]
    keys = Counter(key for one in bindings for key in one.key.split(","))
    assert [key for key, times in keys.items() if times > 1] == []
    for one in bindings:
        owner = RowTable if one in bound(RowTable) else screen
        assert hasattr(owner, "action_" + one.action.partition("(")[0]), one.action


def test_every_action_is_bound_by_a_screen_or_a_list_with_all_its_keys() -> None:
    everywhere = [one for owner in (*SCREENS, RowTable, BigTable) for one in bound(owner)]
    found = {(one.action, one.tooltip, one.key) for one in everywhere}
    assert found == {(action.name, action.help, ",".join(action.keys)) for action in ACTIONS}
    assert all(action.title and action.help and action.keys for action in ACTIONS)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_has_all_keys_of_its_view(screen: type[View[object]]) -> None:
    """Also one whose list of scopes forgets it: a view of this name in the table is bound where it is shown."""
    known = {action.scope for action in ACTIONS}
    assert screen.view not in known or screen.view in scopes_of(screen.BINDINGS)


def test_a_long_list_has_the_keys_of_every_list() -> None:
    assert set(scopes_of(BigTable.BINDINGS)) == {"table", "long"}
    for action in actions_for("table", "long"):
        assert hasattr(BigTable, "action_" + action.name), action.name


def test_help_says_the_keys_of_the_screen_in_front_and_no_others(done: Store, walk: Walk) -> None:
    async def journey(go: Journey) -> None:
        await go.press("question_mark")
        home = go.text()
        assert "On a run" in home and "In the list of runs" in home
        assert "Views of a run" not in home and "Long lists" not in home
        await go.press("escape", "enter", "5", "question_mark")
        assert "Failures" in go.text().partition("Keys")[2] and "On a run" not in go.text()
        assert {"run", "long"} <= set(go.app.screen._scopes)

    walk(done, journey, size=(100, 90))
    assert RUN
