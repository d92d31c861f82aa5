"""What all screens have in common: a head, a body, a status line, keys.

How a screen reads the store is told by ``reading``. When another process holds it the screen keeps what it shows,
says so in the status line and asks again.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from spec_lang.diagnostics import Diagnostic
from spec_lang.plain_text import visible
from tui.actions import FIRST, scopes_of
from tui.screens.reading import HELD, M, Reading
from tui.themes import THEMES, Ink, ink
from tui.widgets.ask_line import Asked, ask_on, open_line
from tui.widgets.big_table import BigTable
from tui.widgets.columns import line_text
from tui.widgets.key_line import KeyLine
from tui.widgets.row_table import RowTable
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from rich.text import Text

    from runtime.detached import Started
    from tui.app import Dashboard
    from tui.live import LiveRun

NO_STORE, NO_RUN = "SFT0902", "SFT0914"
MOST_COPIED_BYTES = 74_994  # terminals take 100,000 characters of base64 at most, many of them


class View(Reading[M]):
    """A screen over one model. Subclasses give ``view``, ``body``, ``fetch`` and ``present``."""

    AUTO_FOCUS = ""  # each screen says which list has the keys; the line of a search must not take them
    view: ClassVar[str]
    ticks: ClassVar[bool] = False  # whether its clocks move without events too
    waits_for: ClassVar[str] = "reading the store …"  # what is done before there is anything to see
    dashboard: Dashboard

    def __init__(self, run_id: str | None = None) -> None:
        super().__init__(run_id)
        self.told = 0  # events of the followed run when it was drawn last
        self.sought = ""

    def compose(self) -> ComposeResult:
        yield TopLine(self.view)
        with Vertical(id="body"):
            yield from self.body()
        yield Static(self.waits_for, id="status", markup=False)
        yield KeyLine()

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def on_live(self, live: LiveRun) -> None:
        """New events of the run on show. The default has no live part."""

    @property
    def ink(self) -> Ink:
        return ink(self.app)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._again())
        self.reload()

    def on_screen_resume(self) -> None:
        if self.is_current:  # a screen may hear of it when another one is above it already
            self.board.watch_run(self.follows)

    def _again(self) -> None:
        if self.model is not None and self.stands:
            self.present(self.model)

    def refused(self, finding: Diagnostic) -> None:
        if not self.stands:
            return
        started = self.board.started_run(self.run_id)
        if started is not None and finding.code in (NO_RUN, NO_STORE):
            self.must_retry = started.code is None
            self.not_begun(started)
            return
        self.must_retry = bool(self.unanswered) or finding.code in (HELD, NO_STORE)
        if finding.code == NO_STORE:
            self.say("")
            self.empty()
            return
        waiting = " · trying again" if finding.code == HELD else ""
        self.say(f"{finding.message}{waiting}" + (f" · {finding.help}" if finding.help and not waiting else ""))

    def not_begun(self, started: Started) -> None:
        """Show that a run that was started from here is not in the store yet, because it compiles its spec."""
        if started.code is None:
            self.say("the run is starting: its spec is compiled")
        else:
            self.say(f"the run ended before it began, with exit code {started.code}: key 1 shows what it said")

    def empty(self) -> None:
        """Show that there is no store yet; only the list of runs has something to say about it."""

    def say(self, text: str) -> None:
        """The status line; an empty text clears it."""
        line = self.query_one("#status", Static)
        line.update(visible(text))
        line.display = bool(text)

    def head(self, place: str, status: str = "", verdict: str | None = None, remark: str = "") -> None:
        self.query_one(TopLine).tell(self.ink, place, status, verdict, remark, self.run_id or "")

    def action_open(self) -> None:
        """Nothing to open unless a screen says otherwise."""

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def on_big_table_selected(self) -> None:
        self.action_open()

    def on_big_table_refused(self, event: BigTable.Refused) -> None:
        self.refused(event.finding)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that come before those of a list do not come before letters that are typed."""
        return not (action in FIRST and isinstance(self.focused, Input)) and super().check_action(action, parameters)

    def action_back(self) -> None:
        line = open_line(self)
        if line is not None:
            line.action_leave()
        elif not self.leave_part() and len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def leave_part(self) -> bool:
        """Leave what is open on the screen before the screen itself is left; whether there was something."""
        return False

    # --- search, copy, colours -----------------------------------------------------------------

    def look_for(self, text: str, step: int) -> str:
        """Find a text in the list: from the cursor on (step 0), the next one, or the one before; what it came to in
        words. A screen whose list is not loaded whole looks for it in its own way."""
        table = self.query(RowTable).first(RowTable) if self.query(RowTable) else None
        return table.find(text, step) if table is not None else "there is no list here"

    async def action_search(self) -> None:
        """A list that reads rows as they are seen asks the store for those with the text; others are looked through."""
        long = self.query(BigTable)
        if long:
            await long.first(BigTable).action_search()
        else:
            await ask_on(self, Asked("/", "text to look for", self.sought, live=self._look_for))

    def _look_for(self, text: str) -> str:
        self.sought = text
        return self.look_for(text, 0)

    def action_find_next(self, step: int) -> None:
        self.app.clear_notifications()  # one after the other would pile up over the detail
        if not self.sought:
            self.app.notify("press / and say what to look for", markup=False)
        else:
            self.app.notify(self.look_for(self.sought, step), markup=False, timeout=2)

    def copied(self, what: str) -> str | None:
        """The ``line`` under the cursor, or its ``detail``; None where there is none."""
        if what == "line":
            rows = [table.row for table in (*self.query(RowTable), *self.query(BigTable)) if table.display]
            return next((line_text(row) for row in rows if row is not None), None)
        panes = self.query(".detail Static").results(Static)
        texts = [str(pane.content) for pane in panes if pane.display and pane.content]
        return "\n".join(text for text in texts if text.strip()) or None

    def action_copy(self, what: str) -> None:
        """Control characters are copied as symbols: what a model wrote must not act when it is pasted into a shell."""
        text = self.copied(what)
        if not text:
            self.app.notify("there is nothing to copy here", markup=False)
            return
        shown = visible(text, newlines=True)
        cut = shown.encode()[:MOST_COPIED_BYTES].decode(errors="ignore")
        self.app.copy_to_clipboard(cut)
        part = f"the first {len(cut):,} of {len(shown):,}" if cut != shown else f"{len(shown):,}"
        self.app.notify(
            f"{part} characters of the {what} are in the clipboard, if the terminal allows it", markup=False
        )

    def action_next_theme(self) -> None:
        names = list(THEMES)
        now = names.index(self.app.theme) if self.app.theme in names else -1
        self.app.theme = names[(now + 1) % len(names)]
        self.app.notify(THEMES[self.app.theme], markup=False, timeout=2)

    def scopes(self) -> tuple[str, ...]:
        """Of which scopes keys work here: those that the screen and its lists have bound."""
        tables = [table for table in (*self.query(RowTable), *self.query(BigTable)) if table.display]
        return scopes_of(binding for node in (self, *tables) for binding in type(node).BINDINGS)

    # --- going -----------------------------------------------------------------------------------

    def action_reload(self) -> None:
        self.reload()

    def action_view(self, name: str) -> None:
        if self.run_id is not None:
            self.board.open_view(name, self.run_id)

    def action_keys(self) -> None:
        self.board.show_keys(*self.scopes())

    async def action_quit(self) -> None:
        """Once more where marks wait for a store that is held, as they are written from here and nowhere else; and
        where they go with the copy that a demo is."""
        from tui.demo import is_copy

        marking = self.board.marking
        if len(marking) and not marking.warned:
            marking.warned = True
            told = "Marks are not written yet, because the store is held. q again leaves without them."
            self.app.notify(told, markup=False, severity="warning")
        elif marking.marked and not marking.told_of_copy and is_copy(self.board.store):
            marking.told_of_copy = True
            root = shlex.quote(str(self.board.store.root))
            writes = f"sft show marks --store {root} --format jsonl > marks.jsonl"
            told = f"This demo is a copy: what you marked goes with it. q again leaves; this keeps it:\n{writes}"
            self.app.notify(told, markup=False, severity="warning", timeout=30)
        else:
            self.app.exit()

    def action_detail(self, direction: int) -> None:
        for pane in self.query(VerticalScroll).filter(".detail"):
            pane.scroll_relative(y=4 * direction, animate=False)

    def give_keys(self, widget: Widget) -> None:
        """Let a list have the keys, but not while somebody types: the next letter would be a command."""
        if not isinstance(self.focused, Input):
            widget.focus()

    def room(self, selector: str) -> int:
        """Cells in which a text below or beside a list may stand, its scroll bar taken off."""
        return max(20, (self.query_one(selector).content_size.width or self.size.width - 4) - 1)

    def table(self, selector: str = RowTable.__name__) -> RowTable:
        return self.query_one(selector, RowTable)


def explained(text: str, what_next: str, ink_: Ink) -> Text:
    """An empty state: what is not there, and what to do about it."""
    from rich.text import Text

    return Text(f"\n{text}\n\n", style=ink_.text).append(what_next, style=ink_.faint)
