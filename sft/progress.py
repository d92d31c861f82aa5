"""How a run is going, on standard error: one moving line on a terminal, plain lines otherwise.

Both are listeners of the run's events, so they show what the dashboard shows. Plain lines come at
the start and end of a step and every ten seconds between; rich is loaded only for a terminal. When
nobody reads them any more (`| head`), the run goes on without a word.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from runtime.events import Event
from spec_lang.plain_text import visible
from tui.formats import duration

PLAIN_EVERY_SECONDS = 10.0


@dataclass
class Pace:
    """Rate and time left of one step, from its progress events."""

    started: float = field(default_factory=time.monotonic)
    first_done: float | None = None
    first_at: float = 0.0

    def left(self, done: float, total: float) -> float | None:
        """Seconds left; None before it can be known. Counted from the first report, fair to continued steps."""
        now = time.monotonic()
        if self.first_done is None:
            self.first_done, self.first_at = done, now
            return None
        gained = done - self.first_done
        return (now - self.first_at) / gained * (total - done) if gained > 0 else None


def progress_text(data: dict[str, Any], left: float | None) -> str:
    """``120/448 items · 31 tok/s · about 40s left``."""
    parts = [f"{data['done']:g}/{data['total']:g} {data['unit']}"]
    if data.get("loss") is not None:
        parts.append(f"loss {data['loss']:.4f}")
    if data.get("tokens_per_second"):
        parts.append(f"{data['tokens_per_second']:.0f} tok/s")
    if left is not None:
        parts.append(f"about {duration(left)} left")
    return " · ".join(parts)


def finished_text(data: dict[str, Any]) -> str:
    dropped = f", {data['rows_dropped']} dropped" if data.get("rows_dropped") else ""
    again = " (from another run)" if data.get("status") == "cached" else ""
    return f"{duration(data['seconds'])}  {data['rows_in']} in, {data['rows_out']} out{dropped}{again}"


@contextmanager
def progress_display(*, plain: bool) -> Iterator[Callable[[Event], None]]:
    """The listener to give to a run."""
    if plain or not sys.stderr.isatty():
        yield unheard(PlainLines())
        return
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True, highlight=False)
    with Status("", console=console) as status:
        yield unheard(LiveLine(console, status))


def unheard(show: Callable[[Event], None]) -> Callable[[Event], None]:
    """A listener that falls silent when its stream is closed or full, instead of stopping what it reports on."""
    silent = False

    def listen(event: Event) -> None:
        nonlocal silent
        if silent:
            return
        try:
            show(event)
        except OSError:
            silent = True

    return listen


@dataclass
class PlainLines:
    """A line when a step starts and ends, and one every ten seconds while it works."""

    paces: dict[str, Pace] = field(default_factory=dict)
    last: float = 0.0

    def __call__(self, event: Event) -> None:
        step, data, now = event.step or "", event.data, time.monotonic()
        if event.kind == "step_started":
            self.paces[step], self.last = Pace(), now
            self._say(f"{step} …")
        elif event.kind == "progress":
            left = self.paces.setdefault(step, Pace()).left(data["done"], data["total"])
            if now - self.last >= PLAIN_EVERY_SECONDS:
                self.last = now
                self._say(f"{step}  {progress_text(data, left)}")
        elif event.kind == "step_finished":
            self._say(f"{step}  done in {finished_text(data)}")
        elif event.kind == "step_failed":
            self._say(f"{step}  {data['status']}")
        elif event.kind == "step_skipped":
            self._say(f"{step}  skipped: {data['reason']}")
        elif event.kind == "note":
            self._say(f"{step}  {data['text']}".strip())

    @staticmethod
    def _say(text: str) -> None:
        print(visible(text), file=sys.stderr, flush=True)


@dataclass
class LiveLine:
    """Finished steps scroll by; the step that runs has a spinner, its rate and the time left."""

    console: Any
    status: Any
    paces: dict[str, Pace] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        from rich.text import Text

        step, data = event.step or "", event.data
        if event.kind == "step_started":
            self.paces[step] = Pace()
            self.status.update(Text(f"{step} …"))
        elif event.kind == "progress":
            left = self.paces.setdefault(step, Pace()).left(data["done"], data["total"])
            self.status.update(Text(visible(f"{step}  {progress_text(data, left)}")))
        elif event.kind == "step_finished":
            self.console.print(Text.assemble(("✓ ", "green"), f"{step}  ", (finished_text(data), "dim")))
        elif event.kind == "step_failed":
            self.console.print(Text.assemble(("✗ ", "red"), f"{step}  {data['status']}"))
        elif event.kind == "step_skipped":
            self.console.print(
                Text.assemble(("- ", "dim"), f"{step}  ", (visible(f"skipped: {data['reason']}"), "dim"))
            )
        elif event.kind == "note":
            self.console.print(Text(visible(f"  {step}  {data['text']}"), style="dim"))
