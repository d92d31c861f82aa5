"""A chart in a frame, its title and legend on the border; a click puts the cursor of its screen there.

The drawing is ``braille_plot``, which is pure. Redraws when its size or what it shows changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from spec_lang.plain_text import one_line
from tui.widgets.braille_plot import MARGIN, Series, frame_of, plot

LONGEST_NAME = 40


class LineChart(Static):
    """``plot`` shows curves; ``legend`` False leaves the title alone, for charts of one curve beside others."""

    class Pointed(Message):
        """A click on a value of x."""

        def __init__(self, x: float) -> None:
            super().__init__()
            self.x = x

    def __init__(self, title: str, *, from_zero: bool = False, legend: bool = False, id: str) -> None:
        super().__init__(id=id, markup=False, classes="chart")
        self.border_title = title
        self._title, self._legend = title, legend
        self.from_zero = from_zero
        self._series: tuple[Series, ...] = ()
        self._faint, self._unit = "", "step"
        self._cursor: float | None = None

    def plot(
        self, series: Sequence[Series], faint: str, *, unit: str = "step", cursor: float | None = None, note: str = ""
    ) -> None:
        """Later curves lie above earlier ones; ``note`` follows the title."""
        self._series, self._faint, self._unit, self._cursor = tuple(series), faint, unit, cursor
        title = Text(self._title + (f", {note}" if note else ""))
        if self._legend:
            for one in reversed(series):  # the last one lies on top and is the one that counts
                if one.name and (one.points or one.spread):
                    title.append("   " + one.sample, style=one.style).append(f" {one_line(one.name, LONGEST_NAME)}")
        self.border_title = title
        self.refresh()

    def render(self) -> Text:
        size = self.content_size
        return plot(
            self._series,
            size.width,
            size.height,
            from_zero=self.from_zero,
            faint=self._faint,
            unit=self._unit,
            cursor=self._cursor,
        )

    def on_click(self, event: events.Click) -> None:
        at, frame = event.get_content_offset(self), frame_of(self._series, from_zero=self.from_zero)
        width = self.content_size.width - MARGIN - 1
        if at is not None and frame is not None and width > 1:
            share = min(1.0, max(0.0, (at.x - MARGIN - 1) / (width - 1)))
            self.post_message(self.Pointed(frame.left + share * (frame.right - frame.left)))
