from __future__ import annotations

from collections import Counter

import pytest

from tui.actions import ACTIONS, actions_for, bindings_for
from tui.screens.catalogue import ABOVE, PARTS, VIEWS, screen_class
from tui.screens.runs import RunsScreen
from tui.screens.view import View
from tui.widgets.big_table import BigTable
from tui.widgets.row_table import RowTable

SCREENS = (RunsScreen, *map(screen_class, {**VIEWS, **PARTS, **ABOVE}.values()))


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_of_a_screen_means_one_thing_and_has_its_method(screen: type[View[object]]) -> None:
    scopes = ("app", "table", *(() if screen is RunsScreen else ("run",)), screen.view, *screen.keys)
    keys = Counter(key for action in actions_for(*scopes) for key in action.keys)
    assert [key for key, times in keys.items() if times > 1] == []
    for action in actions_for(*scopes):
        owner = RowTable if action.scope == "table" else screen
        assert hasattr(owner, "action_" + action.name.partition("(")[0]), action.name


def test_every_action_is_bound_and_explained() -> None:
    bound = {binding.action for binding in bindings_for(*{action.scope for action in ACTIONS})}  # type: ignore[union-attr]
    assert bound == {action.name for action in ACTIONS}
    assert all(action.title and action.help and action.keys for action in ACTIONS)


def test_a_long_list_has_the_keys_of_every_list() -> None:
    for action in actions_for("table", "long"):
        assert hasattr(BigTable, "action_" + action.name), action.name
