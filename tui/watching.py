"""Follows the runs of a store while they go on, without touching its database.

Reading happens in a worker thread (``look``), everything that is drawn from changes in the interface's (``take``), a
piece at a time: a look reads at most ``AT_ONCE`` events, so that a file of a hundred thousand stops nobody from typing.
What was folded of the runs that were followed last stays, so that coming back to one reads only what is new. A look
costs one ``scandir`` and one ``seek``, and a ``stat`` for each folder that is not a run yet.

What there is to know is kept as **news**: how many times runs have appeared and how often each followed run told of
something that the store has. A screen remembers the news that it has read; whatever was in front of it meanwhile, it is
behind as long as there are newer ones.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from msgspec import Struct, field

from runtime.events import EVENTS, STOPPING, Event, EventTail
from tui.live import LiveRun

AT_ONCE = 2000
KEPT_RUNS = 4


class News(Struct, frozen=True):
    """``runs`` counts how often the runs of the store have changed; ``told`` is the generation of each followed run."""

    runs: int = 0
    told: Mapping[str, int] = field(default_factory=dict)


class Glance(Struct, frozen=True):
    """What a look read: events of the run that was followed when it began, whether it stopped before their end, and the
    runs that there are."""

    live: LiveRun | None
    events: list[Event]
    more: bool
    runs: frozenset[str]


class _Followed(Struct, frozen=True):
    live: LiveRun
    tail: EventTail


class Watcher:
    """``watch`` and ``take`` belong to the interface's thread; ``look`` to one other thread at a time."""

    def __init__(self, runs_folder: Path) -> None:
        self._folder = runs_folder
        self.runs = self._begun(frozenset())
        self._appeared = 0
        self._followed: OrderedDict[str, _Followed] = OrderedDict()
        self._now: _Followed | None = None

    @property
    def live(self) -> LiveRun | None:
        """The run that is followed."""
        return self._now.live if self._now is not None else None

    def watch(self, run_id: str | None) -> None:
        """Follow this run from its first event on, or from where it was left; None follows nothing."""
        if run_id is None:
            self._now = None
            return
        if run_id not in self._followed:
            self._followed[run_id] = _Followed(LiveRun(run_id), EventTail(self._folder / run_id / EVENTS))
        self._followed.move_to_end(run_id)
        self._now = self._followed[run_id]
        while len(self._followed) > KEPT_RUNS:
            self._followed.popitem(last=False)

    def look(self) -> Glance:
        now, known = self._now, self.runs  # once: the interface may follow another run meanwhile
        runs = self._begun(known)
        if now is None:
            return Glance(None, [], False, runs)
        events = list(islice(now.tail.read(), AT_ONCE))
        return Glance(now.live, events, len(events) == AT_ONCE, runs)

    def take(self, glance: Glance) -> None:
        """Fold what a look read, also of a run that is followed no more: it was read once and for all."""
        if glance.live is not None:
            glance.live.fold(glance.events)
        if glance.runs != self.runs:
            self.runs, self._appeared = glance.runs, self._appeared + 1

    @property
    def news(self) -> News:
        return News(self._appeared, {run_id: one.live.generation for run_id, one in self._followed.items()})

    def _begun(self, known: frozenset[str]) -> frozenset[str]:
        """The runs that have begun. Whoever starts one makes its folder first; events come when the store has it."""
        try:
            names = [entry.name for entry in os.scandir(self._folder)]
        except OSError:
            return frozenset()
        return frozenset(name for name in names if name in known or (self._folder / name / EVENTS).exists())


def last_sign(runs_folder: Path, run_id: str) -> float | None:
    """When a run said something last, in seconds since 1970; None where nothing is there."""
    try:
        return (runs_folder / run_id / EVENTS).stat().st_mtime
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


def asked_to_stop(runs_folder: Path, run_id: str) -> bool:
    """Whether a run has said that it was asked to stop: the next signal ends it at once."""
    mark = STOPPING.encode()
    try:
        with (runs_folder / run_id / EVENTS).open("rb") as handle:
            return any(_stopping(line) for line in handle if mark in line)
    except (OSError, ValueError):
        return False


def _stopping(line: bytes) -> bool:
    try:
        event = Event.from_line(line.decode("utf-8", "replace"))
    except ValueError:
        return False
    return event.kind == "note" and event.step is None and str(event.data.get("text", "")).startswith(STOPPING)
