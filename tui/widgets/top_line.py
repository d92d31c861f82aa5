"""The head of every screen: where one is, how the run stands, and the views with their keys."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widgets import Static

from spec_lang.plain_text import one_line
from tui.actions import actions_for
from tui.themes import Ink
from tui.view_models.runs import STATE_MARKS, VERDICT_MARKS

TABS = tuple(action for action in actions_for("run") if action.name.startswith("view("))
OUTSIDE = ("runs", "compare")  # screens that are about no run alone


class TopLine(Static):
    """Two lines: place and state, then the tabs. Outside a run the second line holds a remark."""

    def __init__(self, view: str) -> None:
        super().__init__(id="top", markup=False)
        self._view = view
        self._place = ""
        self._state: tuple[str, str | None] = ("", None)
        self._remark = self._run_id = ""
        self._ink: Ink | None = None

    def tell(
        self, ink: Ink, place: str, status: str = "", verdict: str | None = None, remark: str = "", run_id: str = ""
    ) -> None:
        """``run_id`` is told where neither the place nor a state says of which run the screen is."""
        self._ink, self._place, self._state, self._remark = ink, place, (status, verdict), remark
        self._run_id = run_id if run_id not in place else ""
        self.refresh()

    def render(self) -> Text:
        if self._ink is None:
            return Text("sft")
        return Text("\n", end="").join([self._first(self._ink), self._second(self._ink)])

    def _first(self, ink: Ink) -> Text:
        status, verdict = self._state
        right = Text()
        if status and not (status == "done" and verdict):
            right.append(f"{STATE_MARKS.get(status, '·')} {one_line(status, 20)}", style=f"bold {ink.state(status)}")
        if verdict:
            mark = VERDICT_MARKS.get(verdict, "?")
            right.append(
                ("  " if right else "") + f"{mark} gate {one_line(verdict, 20)}", style=f"bold {ink.verdict(verdict)}"
            )
        if not right and self._run_id:
            right.append(f"run {one_line(self._run_id, 40)}", style=ink.faint)
        room = max(4, self.content_size.width - right.cell_len - 6)
        left = Text("sft", style=f"bold {ink.accent}").append("  ")
        left.append(one_line(self._place, room), style=f"bold {ink.text}")
        left.append(" " * max(1, self.content_size.width - left.cell_len - right.cell_len))
        return left.append_text(right)

    def _second(self, ink: Ink) -> Text:
        if self._view in OUTSIDE:
            return Text(one_line(self._remark, max(1, self.content_size.width)), style=ink.faint)
        line = Text()
        for action in TABS:
            here = action.name == f"view('{self._view}')"
            line.append(f" {action.keys[0]} ", style=f"bold {ink.accent}")
            line.append(action.title, style=f"bold {ink.text} underline" if here else ink.faint).append(" ")
        return line

    async def on_click(self, event: events.Click) -> None:
        """A click on a tab does what its key does."""
        at = event.get_content_offset(self)
        if at is None or at.y != 1 or self._view in OUTSIDE:
            return
        begin = 0
        for action in TABS:
            end = begin + len(f" {action.keys[0]} {action.title} ")
            if begin <= at.x < end:
                await self.screen.run_action(action.name)
            begin = end
