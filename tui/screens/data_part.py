"""What the parts of the data view have in common: the line that names them, and the keys that lead through them.

Each part is a screen of its own, read when it is opened; parts replace each other, so back leads to the run from
each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.types import CSSPathType

from tui.actions import bindings_for
from tui.queries import RunRow
from tui.screens.view import View
from tui.view_models.data_parts import next_part, parts_of
from tui.widgets.parts_line import PartsLine

M = TypeVar("M")


class DataPart(View[M]):
    """A part of the data view. Subclasses give ``part``, ``content``, ``fetch`` and ``present``."""

    BINDINGS = bindings_for("app", "run", "parts")
    CSS_PATH: ClassVar[CSSPathType | None] = "data_part.tcss"
    view = "data"
    part: ClassVar[str]

    def __init__(self, run_id: str | None = None, step_id: str | None = None) -> None:
        super().__init__(run_id)
        self.start_at = step_id  # the step that a part begins with; forgotten once it was found
        self._parts: tuple[str, ...] = (self.part,)

    def body(self) -> ComposeResult:
        yield PartsLine()
        yield from self.content()

    def content(self) -> ComposeResult:
        raise NotImplementedError

    def show_place(self, run: RunRow, kinds: Iterable[str]) -> None:
        """The head, and the parts that a run with steps of these kinds has."""
        self.head(f"{run.spec}  {run.run_id}", self.board.state(run), run.verdict)
        self._parts = parts_of(kinds, self.part)
        self.query_one(PartsLine).tell(self.ink, self._parts, self._parts.index(self.part))

    def action_next_part(self, direction: int) -> None:
        self._open(next_part(self._parts, self.part, direction))

    def on_parts_line_chosen(self, event: PartsLine.Chosen) -> None:
        self._open(self._parts[event.position])

    def _open(self, part: str) -> None:
        if part != self.part and self.run_id is not None:
            self.board.open_part(part, self.run_id)
