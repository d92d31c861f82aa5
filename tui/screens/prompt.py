"""A prompt as its model got it: special tokens, system turn and tools as the chat template writes them, up to where the
answer begins. Loading a tokenizer takes seconds the first time, so it is asked for by a key."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import visible
from tui.actions import bindings_for
from tui.formats import count
from tui.prediction_queries import Item
from tui.prompt_queries import PutPrompt, put_to_model
from tui.screens.view import View, explained
from tui.widgets.marked_text import shown


class PromptScreen(View[PutPrompt]):
    BINDINGS = bindings_for("app", "run")
    CSS = "PromptScreen #prompt { height: 1fr; max-height: 100%; }"
    view = "prompt"
    waits_for = "loading the tokenizer of the model: some seconds the first time …"

    def __init__(self, run_id: str, eval_name: str, model: str, item: Item) -> None:
        super().__init__(run_id)
        self.eval, self.of, self.item = eval_name, model, item

    def body(self) -> ComposeResult:
        with VerticalScroll(classes="detail tall", id="prompt"):
            yield Static("", id="text", markup=False)

    def fetch(self) -> PutPrompt:
        return put_to_model(self.board.store, self.run_id or "", self.eval, self.of, self.item)

    def on_mount(self) -> None:
        super().on_mount()
        self.head(f"what {self.of} got under {self.item.template}: item {self.item.row_id[:12]}")

    def present(self, model: PutPrompt) -> None:
        pane, ink = self.query_one("#text", Static), self.ink
        if model.why:
            pane.update(self._not_known(model.why))
            return
        told = f"{count(len(model.text))} characters; the answer begins where they end\n\n"
        pane.update(Text().append(told, style=ink.faint).append_text(shown(model.text, ink.text)))
        self.query_one("#prompt").focus()

    def _not_known(self, why: str) -> Text:
        """With what is known instead: the turns, or where nobody recorded them, the row."""
        told, ink = visible(f"The text is not known: {why}."), self.ink
        if not self.item.row.columns:
            return explained(told, "The turns stand in the item.", ink)
        text = explained(told, "Nor what was asked. The row that the answer is for has:", ink)
        for name, content in self.item.row.columns:
            text.append(f"\n{visible(name)}  ", style=f"bold {ink.faint}").append_text(shown(content, ink.text))
        return text
