"""One training row as its training sees it: rendered by the chat template, the tokens with loss marked, and its origin.

The mask is made by the training's own functions. Loading a tokenizer takes seconds the first time, so the turns stand
there by role meanwhile; where it is not to be had they stay, and the screen says why and claims no mask.
"""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from runtime.tracing.fates import Copy
from runtime.training.shown_row import ShownRow
from spec_lang.plain_text import visible
from tui.actions import bindings_for
from tui.screens.view import View
from tui.training_row_queries import Training, TrainingRow, mask_of, training_row
from tui.view_models.training_row import (
    Stretch,
    by_roles,
    characters,
    counted,
    facts,
    learned,
    next_training,
    stretches,
    ways,
)
from tui.widgets.marked_text import MOST_CHARACTERS, labelled

BETWEEN = "╎"  # where a token begins


class TrainingRowScreen(View[TrainingRow]):
    """``TrainingRowScreen(run_id, step_id, row_id)``: the step is a ``render`` or ``mix``."""

    BINDINGS = bindings_for("app", "run", "training_row")
    CSS_PATH = "training_row.tcss"
    view = "data"

    def __init__(self, run_id: str, step_id: str, row_id: str) -> None:
        super().__init__(run_id)
        self.step_id, self.row_id = step_id, row_id
        self.training = self.way = 0
        self.mask: ShownRow | str | None = None  # the row with its mask, why there is none, or not known yet
        self.tokens = False

    def body(self) -> ComposeResult:
        yield Static("", id="about", markup=False)
        yield Static("", id="counts", markup=False)
        with VerticalScroll(id="row", classes="detail", can_focus=True):
            yield Static("", id="text", markup=False)

    def fetch(self) -> TrainingRow:
        return training_row(self.board.store, self.run_id or "", self.step_id, self.row_id)

    def present(self, model: TrainingRow) -> None:
        self.head(f"training row {self.row_id[:12]} of {self.step_id}")
        self.give_keys(self.query_one("#row"))
        self._show()
        if self.mask is None:
            self._ask_for_mask(model)

    def _ask_for_mask(self, model: TrainingRow) -> None:
        training, store, copy = self._training(), self.board.store, self._copy(model)
        run_id = self.run_id or ""
        if training is None:
            self.mask = "no training of this run reads these rows"
            self._show()
            return
        self.ask("mask", lambda: (training, copy, mask_of(store, run_id, training, copy)), self._masked)

    def _masked(self, found: tuple[Training, Copy, ShownRow | str]) -> None:
        training, copy, mask = found
        if self.model is not None and training is self._training() and copy is self._copy(self.model):
            self.mask = mask
            self._show()

    def _copy(self, model: TrainingRow) -> Copy:
        """The way in which the row is rendered that is on show."""
        different = ways(model.copies)
        return different[self.way % len(different)]

    def _training(self) -> Training | None:
        trainings = self.model.trainings if self.model is not None else ()
        return trainings[self.training % len(trainings)] if trainings else None

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._show)

    # --- drawing -----------------------------------------------------------------------------------

    def _show(self) -> None:
        if self.model is None or not self.stands:
            return
        copy = self._copy(self.model)
        self.query_one("#about", Static).update(self._about(self.model, copy))
        self.query_one("#counts", Static).update(self._counts(copy))
        self.query_one("#text", Static).update(self._text(copy))

    def _about(self, model: TrainingRow, copy: Copy) -> Text:
        ink, text = self.ink, labelled(facts(model, copy), self.ink, self.room("#about"))
        if len(ways(model.copies)) > 1:
            text.append("  . for the next", style=ink.faint)
        training = self._training()
        if training is not None:
            others = f"  ({len(model.trainings)} trainings read it, t for the next)" if len(model.trainings) > 1 else ""
            text.append(f"\n{visible(training.step.id)} ", style=ink.faint)
            text.append(visible(learned(training)), style=ink.text).append(others, style=ink.faint)
        return text

    def _counts(self, copy: Copy) -> Text:
        ink, mask = self.ink, self.mask
        if mask is None:
            return Text("loading the tokenizer, to tell what is trained …", style=ink.faint)
        if isinstance(mask, str):
            text = Text().append(f"! no mask: {visible(mask)}", style=ink.unsure)
            return text.append(f"\nits turns by role: {visible(characters(copy))}", style=ink.faint)
        text = Text().append(visible(counted(mask)) + "   ", style=f"bold {ink.bad if mask.dropped else ink.text}")
        if mask.trained:
            text.append("underlined", style=f"underline {ink.good}").append(": the loss falls on it", style=ink.faint)
        if mask.read < mask.tokens:
            text.append("   struck", style=f"strike {ink.faint}").append(": not read", style=ink.faint)
        return text

    def _text(self, copy: Copy) -> Text:
        masked = isinstance(self.mask, ShownRow) and self.mask.pieces
        parts = stretches(self.mask) if masked and isinstance(self.mask, ShownRow) else by_roles(copy)
        text, room = Text(), MOST_CHARACTERS
        more = self.mask.more if masked and isinstance(self.mask, ShownRow) else 0
        left = sum(len(one.text) for one in parts) + more - MOST_CHARACTERS
        for part in parts:
            if room <= 0:
                return text.append(f" … ({left:,} characters more)", style=self.ink.faint)
            text.append_text(self._stretch(part, room))
            room -= len(part.text)
        return text.append(f" … ({left:,} characters more)", style=self.ink.faint) if left > 0 else text

    def _stretch(self, part: Stretch, room: int) -> Text:
        ink = self.ink
        style = {
            "trained": f"underline {ink.good}",
            "untrained": ink.faint,
            "cut": f"strike {ink.faint}",
            "role": f"bold {ink.faint}",
            "said": ink.text,
        }[part.kind]
        if not self.tokens or not part.tokens:
            return Text(visible(part.text[:room], newlines=True), style=style)
        text, ends = Text(), (*part.tokens[1:], len(part.text))
        for start, end in zip(part.tokens, ends, strict=True):
            if start < room:
                text.append(BETWEEN, style=ink.accent)
                text.append(visible(part.text[start:end], newlines=True), style=style)
        return text

    # --- keys --------------------------------------------------------------------------------------

    def action_next_training(self) -> None:
        if self.model is not None and len(self.model.trainings) > 1:
            self.training, self.mask = next_training(self.model.trainings, self.training), None
            self._show()
            self._ask_for_mask(self.model)

    def action_next_row(self, direction: int) -> None:
        if self.model is not None and len(ways(self.model.copies)) > 1:
            self.way, self.mask = self.way + direction, None
            self._show()
            self._ask_for_mask(self.model)

    def action_tokens(self) -> None:
        self.tokens = not self.tokens
        self._show()
