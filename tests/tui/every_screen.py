"""All screens of the dashboard, dialogs too: what walks them fails where one was added that it does not come to."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from textual.screen import Screen

import tui.screens


def every_screen() -> dict[str, type[Screen[Any]]]:
    """By name; classes that only others are made from are none."""
    for module in pkgutil.iter_modules(tui.screens.__path__, "tui.screens."):
        import_module(module.name)
    found, waiting = dict[str, type[Screen[Any]]](), list[type[Screen[Any]]]([Screen])
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.startswith("tui.screens.") and not one.__subclasses__():
                found[one.__name__] = one
    return found
