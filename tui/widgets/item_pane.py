"""One item: what was asked and wanted, what one or two models said side by side with the differences marked, and how.

Beside or below a list it shows what users say and the answers; with the whole screen to itself (class ``whole`` of the
screen) every turn as it was put to the model, the template and the settings of the answer. Where nobody recorded what
was asked the columns of the row that tell the item stand in its place, called ``row``, and the others below.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from spec_lang.plain_text import one_line, visible
from tui.themes import Ink
from tui.view_models.predictions import ItemView, OutputView
from tui.widgets.marked_text import labelled, marked, shown

BRIEF = 30  # characters of a column of the row, where the list needs the room


class ItemPane(VerticalScroll, can_focus=False):
    DEFAULT_CSS = """
    ItemPane #outputs { height: auto; }
    ItemPane .output {
        width: 1fr; height: auto; border: round $foreground 30%; border-title-color: $accent; padding: 0 1;
        display: none;  /* until there is an item */
    }
    """

    def compose(self) -> ComposeResult:
        yield Static("", id="prompt", markup=False)
        with Horizontal(id="outputs"):
            for side in ("left", "right"):
                with Vertical(id=side, classes="output"):
                    yield Static("", markup=False)
        yield Static("", id="about", markup=False)

    def show(
        self, seen: ItemView, ink: Ink, facts: Sequence[tuple[str, str]], *, note: str | None, whole: bool
    ) -> None:
        """``facts`` say how it was asked; ``note`` is None for an item that is not marked."""
        self.query_one("#prompt", Static).update(self._prompt(seen, ink, note, whole))
        self.query_one("#about", Static).update(self._about(seen, ink, facts, whole))
        for side, output in zip(("left", "right"), [*seen.outputs, None, None], strict=False):
            pane = self.query_one(f"#{side}")
            pane.display = output is not None
            if output is not None:
                pane.border_title = visible(output.model).replace("[", r"\[")
                pane.query_one(Static).update(_output(output, ink))

    def _prompt(self, seen: ItemView, ink: Ink, note: str | None, whole: bool) -> Text:
        """What was asked and wanted. The system turn, the same for all items, stands below the outputs of a list."""
        text = Text()
        if note is not None:
            text.append("◆ marked  ", style=f"bold {ink.accent}").append_text(shown(note, ink.text)).append("\n")
        for role, content in seen.prompt:
            if whole or role != "system":
                text.append(f"{visible(role) or 'prompt'}  ", style=f"bold {ink.faint}")
                text.append_text(shown(content, ink.text)).append("\n")
        for name, content in (*seen.asked, *(seen.beside if whole else ())):
            text.append("row  ", style=ink.faint).append(f"{visible(name)}  ", style=f"bold {ink.faint}")
            text.append_text(shown(content, ink.text)).append("\n")
        return text.append("expected  ", style=f"bold {ink.good}").append_text(shown(seen.expected, ink.text))

    def _about(self, seen: ItemView, ink: Ink, facts: Sequence[tuple[str, str]], whole: bool) -> Text:
        text = Text()
        if not whole:
            for role, content in seen.prompt:
                if role == "system":
                    text.append("system  ", style=f"bold {ink.faint}").append_text(shown(content, ink.faint)).append(
                        "\n"
                    )
        own = [("item", seen.row_id[:12]), ("template", seen.template), *seen.slices]
        if not whole:
            own += [(f"row {name}", one_line(content, BRIEF)) for name, content in seen.beside]
        return text.append_text(labelled([*own, *facts], ink, max(20, self.content_size.width - 1)))


def _output(output: OutputView, ink: Ink) -> Text:
    text = _figures(output.metrics, ink)
    for number, answer in enumerate(output.answers, 1):
        if len(output.answers) > 1:
            text.append(f"\n\nanswer {number} of {len(output.answers)}  ", style=f"bold {ink.faint}")
            text.append_text(_figures(answer.metrics, ink))
        said = marked(answer.pieces, ink, wrong=answer.wrong) if answer.output else Text("(empty)", style=ink.faint)
        text.append("\n").append_text(said).append("\n" + visible(answer.tokens), style=ink.faint)
    return text


def _figures(metrics: tuple[tuple[str, str, str], ...], ink: Ink) -> Text:
    text = Text()
    for name, value, badge in metrics:
        text.append(f"{badge} ", style=f"bold {ink.badge(badge)}")
        text.append(f"{visible(name)} {visible(value)}  ", style=ink.faint)
    return text
