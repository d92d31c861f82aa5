"""What a reader may do with the item under the cursor: mark it, write a note, look for training rows like it.

All of it is about the row that is seen: where the list is being read, for a filter that was just chosen say, there is
no such row, and the key says so. Marks are shown at once and written by one worker of the dashboard, so leaving the
screen loses none (``tui.mark_queue``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from runtime.internal_errors import finding_of
from spec_lang.diagnostics import Diagnostic
from tui.formats import count
from tui.item_filters import PredictionFilter
from tui.mark_queue import Change, MarkQueue, write
from tui.marks import Marked
from tui.prediction_queries import Item
from tui.questions import answer_of, ask_beside
from tui.screens.ask import AskScreen
from tui.screens.item_choices import ItemChoices
from tui.screens.nearest import NearestScreen
from tui.screens.prompt import PromptScreen
from tui.screens.reading import HELD
from tui.side_queries import item_beside
from tui.widgets.big_table import BigTable
from tui.widgets.item_row import of_key

if TYPE_CHECKING:
    from tui.app import Dashboard


class ItemActions(ItemChoices):
    """Subclasses have the list, and say of which filter it is (``on_show``)."""

    on_show: PredictionFilter | None = None

    def __init__(self, run_id: str | None = None) -> None:
        super().__init__(run_id)
        self.item: Item | None = None  # what was read last; of the cursor's row or of one that it left
        self.beside: str | None = None

    @property
    def here(self) -> tuple[str, str] | None:
        """Row id and template of the row under the cursor, once the list that was chosen is read there."""
        return of_key(self.query_one(BigTable).current) if self.on_show == self.chosen else None

    @property
    def item_here(self) -> Item | None:
        item = self.item
        return item if item is not None and (item.row_id, item.template) == self.here else None

    @property
    def queue(self) -> MarkQueue:
        return self.board.marking

    @property
    def notes(self) -> dict[tuple[str, str], str]:
        """The marks of the eval on show with their notes, those that are not written yet included."""
        model = self.model
        return self.queue.seen(model.chosen.eval, model.notes) if model is not None and model.chosen else {}

    def place_here(self) -> int | None:
        """The place of the answer under the cursor in ``predictions``."""
        raise NotImplementedError

    def show_marks(self) -> None:
        """Show the list's marks again."""
        raise NotImplementedError

    def show_item(self) -> None:
        """Show the item under the cursor again, where it is read."""
        raise NotImplementedError

    # --- the item -----------------------------------------------------------------------------

    def with_item(self, then: Callable[[Item], None]) -> None:
        """Do something with the item under the cursor, reading it first where it was not yet."""
        here, chosen = self.here, self.chosen
        if self.item_here is not None:
            then(self.item_here)
        elif here is None or chosen is None:
            self._not_there()
        else:
            where = (self.board.store, self.run_id or "", chosen, *here)

            def read(found: tuple[Item, str | None]) -> None:
                self.take_item(found)
                if self.item_here is not None:
                    then(self.item_here)

            self.ask("item", lambda: item_beside(*where), read)

    def take_item(self, found: tuple[Item, str | None]) -> None:
        """An item that was read, if the cursor is still on it."""
        if (found[0].row_id, found[0].template) == self.here:
            self.item, self.beside = found
            self.show_item()

    def _not_there(self) -> None:
        self.app.notify("There is no item here, or it is not read yet.", markup=False, timeout=2)

    def action_alike(self) -> None:
        """The training rows that are most like the item."""
        self._open_about(NearestScreen)

    def action_rendered(self) -> None:
        """The prompt as the model got it."""
        self._open_about(PromptScreen)

    def _open_about(self, screen: type[NearestScreen] | type[PromptScreen]) -> None:
        chosen = self.chosen

        def look(item: Item) -> None:
            if chosen is not None and item.outputs:
                self.app.push_screen(screen(self.run_id or "", chosen.eval, chosen.model, item))

        self.with_item(look)

    # --- marks ---------------------------------------------------------------------------------

    def action_only_marked(self) -> None:
        if self.chosen is not None:
            self.choose(replace(self.chosen, marked=not self.chosen.marked))

    def action_mark(self) -> None:
        """Mark the item, or take its mark away."""
        item = self._marked()
        if item is None:
            return
        if self.queue.toggle(item, self.notes).gone and self.queue.has_note(item):
            self.app.notify("The mark and its note are taken away; Space brings both back.", markup=False, timeout=3)
        self._changed()

    def action_note(self) -> None:
        """Write a note beside the item, which marks it."""
        item = self._marked()
        if item is None:
            return

        def then(text: str | None) -> None:
            if text is not None:
                self.queue.put(Change(item, text.strip()))
                self._changed()

        note = self.notes.get((item.row_id, item.template), "")
        self.app.push_screen(AskScreen("note", note, "Enter marks the item with this note"), then)

    def _marked(self) -> Marked | None:
        """The item under the cursor, with the answer that is on show."""
        here, chosen = self.here, self.chosen
        if here is None or chosen is None:
            self._not_there()
            return None
        row_id, template = here
        return Marked(chosen.eval, template, row_id, self.run_id or "", chosen.model, self.place_here())

    def _changed(self) -> None:
        self.show_marks()
        self.show_item()
        write_marks(self.board)

    def mark_written(self, change: Change) -> None:
        """Also a reading that is under way is begun again, since it may have read the marks before."""
        model = self.model
        if model is not None and model.chosen is not None and model.chosen.eval == change.item.eval:
            change.shown_in(model.notes)
            self.reload()


def write_marks(board: Dashboard) -> None:
    """Write what waits, in a worker of the dashboard, which no screen that is left takes away."""
    queue, store = board.marking, board.store
    if queue.writing:
        return
    queue.writing = True

    async def work() -> None:
        while (change := queue.first()) is not None:
            finding = None
            try:
                await answer_of(partial(write, store, change))
            except Exception as error:  # whatever it is, the note is told again and not lost in silence
                finding = finding_of(error)
            _written(board, change, finding)
        queue.writing = queue.warned = False

    ask_beside(board, work, "marks")


def _written(board: Dashboard, change: Change, finding: Diagnostic | None) -> None:
    queue = board.marking
    if finding is not None and finding.code == HELD:
        waiting = f"{count(len(queue))} {'mark waits' if len(queue) == 1 else 'marks wait'} to be written"
        board.notify(f"{waiting}: {finding.message} · trying again", markup=False, severity="warning")
        return
    queue.done(change)
    if finding is not None:
        note = f"; its note was: {change.note}" if change.note else ""
        told = f"Item {change.item.row_id[:12]} was not marked: {finding.message}{note}"
        board.notify(told, markup=False, severity="error", timeout=60)
    for screen in board.screen_stack:
        if isinstance(screen, ItemActions) and screen.stands:
            screen.mark_written(change) if finding is None else screen.show_marks()
