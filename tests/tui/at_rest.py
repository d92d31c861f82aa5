"""When a headless dashboard has come to rest: nothing is asked, no message waits, nothing is due soon, all is drawn.

Pilot waits for time: after a key for two spans of 20 ms in which the process does little. That takes longer than most
keys do, and on a busy machine it may be over before the key has done what it does. Here the loop turns until there is
nothing left to turn for. It reads what Textual's pumps, timers and screens keep to themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.message_pump import MessagePump
from textual.pilot import Pilot

SOON_SECONDS = 0.02  # what a timer does that is set for longer, a journey waits for by what it shows
PATIENCE_SECONDS = 300.0  # a busy machine takes a minute to import what reads a model


async def rest(app: App[Any], pilot: Pilot[Any]) -> None:
    """Until nothing goes on any more; fails where something always does."""
    begun, quiet = time.monotonic(), 0
    while quiet < 2:  # what a handler sends at its end is seen the second time
        while _asking(app) or _due(app):
            await asyncio.sleep(0.002)
            assert time.monotonic() < begun + PATIENCE_SECONDS, [worker.name for worker in app.workers]
        await drained(app)
        if app._exit:
            return
        app.screen._on_timer_update()
        await pilot._wait_for_screen()  # handlers that wait for something are through
        quiet = 0 if _asking(app) or _due(app) or _waiting(app) or _undrawn(app) else quiet + 1


async def drained(app: App[Any]) -> None:
    """Until no message waits. What a question answers, or a timer brings, may come later."""
    begun = time.monotonic()
    while _waiting(app) and not app._exit:
        await asyncio.sleep(0)
        assert time.monotonic() < begun + PATIENCE_SECONDS


def _asking(app: App[Any]) -> bool:
    return any(not worker.is_finished for worker in app.workers)


def _due(app: App[Any]) -> bool:
    timers = (timer for pump in _pumps(app) for timer in pump._timers)
    once = (timer for timer in timers if timer._repeat == 0 and timer._interval <= SOON_SECONDS)
    return any(timer._task is not None and not timer._task.done() for timer in once)


def _waiting(app: App[Any]) -> bool:
    return any(
        not pump._message_queue.empty() or pump._pending_message is not None or pump._next_callbacks
        for pump in _pumps(app)
        if not pump._closed
    )


def _undrawn(app: App[Any]) -> bool:
    screen = app.screen
    wanted = (screen._layout_required, screen._scroll_required, screen._repaint_required, screen._recompose_required)
    return screen.is_current and (any(wanted) or bool(screen._dirty_widgets or screen._callbacks))


def _pumps(app: App[Any]) -> Iterator[MessagePump]:
    yield app
    for screen in app._screen_stack:
        yield from screen.walk_children(with_self=True)
