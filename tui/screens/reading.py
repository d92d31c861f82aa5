"""How a screen reads the store: in threads, without blocking, and knowing when there is something new.

A screen asks in a thread (``fetch``) and shows the answer in the interface's (``present``). It remembers which news it
has read: what ended while another screen, a question or the help lay above it is read when it is in front again. One
read at a time: steps that end faster than a read takes would else stop every one of them. Whatever another process
kept it from reading is asked again, and not only the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.screen import Screen

from runtime.internal_errors import finding_of
from spec_lang.diagnostics import Diagnostic
from tui.live import runner_gone
from tui.questions import answer_of, ask_beside
from tui.watching import News
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from tui.app import Dashboard
    from tui.queries import RunRow

M = TypeVar("M")
T = TypeVar("T")
HELD = "SFT0901"  # another process has the store


class Reading(Screen[None], Generic[M]):
    """A screen over one model. ``View`` is what is shown of it."""

    lists_runs: ClassVar[bool] = False  # whether a run that appears is news to it

    def __init__(self, run_id: str | None = None) -> None:
        super().__init__()
        self.run_id = run_id
        self.model: M | None = None
        self.must_retry = False
        self.unanswered: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {}  # of a held store, by group
        self.reading = False
        self.news = News()  # what there was to know when it was read last
        self.gone: frozenset[str] = frozenset()  # runs on show that are known to have lost their process

    def fetch(self) -> M:
        """Read the model; runs in a worker thread, touches no widget. Raises DiagnosticError."""
        raise NotImplementedError

    def present(self, model: M) -> None:
        """Show the model; runs in the interface's thread."""
        raise NotImplementedError

    def refused(self, finding: Diagnostic) -> None:
        """Tell why there is no answer."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """The status line; an empty text clears it."""
        raise NotImplementedError

    @property
    def runs_on_show(self) -> Iterable[RunRow]:
        """The runs whose processes are watched."""
        run = getattr(self.model, "run", None)
        return () if run is None else (run,)

    @property
    def follows(self) -> str | None:
        """The run whose events are followed."""
        return self.run_id

    @property
    def board(self) -> Dashboard:
        return self.app  # type: ignore[return-value]

    def reload(self) -> None:
        """Read the model, and ask again what the store was held for."""
        self.must_retry, self.reading, self.news = False, True, self.board.news
        again = dict(self.unanswered)
        self.ask("read", self.fetch, self._arrived, self._not_read)
        for group, (question, then) in again.items():
            self.ask(group, question, then)

    def ask(
        self,
        group: str,
        question: Callable[[], T],
        then: Callable[[T], None],
        refused: Callable[[Diagnostic], None] | None = None,
    ) -> None:
        """Ask the store in a thread and take the answer in the interface's; a newer question of a group wins. What is
        not answered is told to ``refused``, or on the status line; that is asked again where the store was held."""
        self.take_back(group)

        async def work() -> None:
            try:
                answer = await answer_of(question)
                if self.stands:
                    then(answer)
            except Exception as error:  # a bug of ours costs the answer and not the dashboard
                finding = finding_of(error)
                if finding.code == HELD and refused is None:
                    self.unanswered[group] = question, then
                (refused or self.refused)(finding)

        ask_beside(self, work, group, alone=True)

    def on_unmount(self) -> None:
        """A screen that was left holds nothing large any more: its parts point at one another, so it would else keep
        all of it until the collector comes by."""
        self.model = None
        self.unanswered.clear()

    def take_back(self, group: str) -> None:
        """Ask no more what could not be answered."""
        self.unanswered.pop(group, None)

    @property
    def stands(self) -> bool:
        """Whether there is a screen to show anything on: one that is being closed loses its parts before itself."""
        return self.is_attached and self.app.is_running and bool(self.query(TopLine))

    def _arrived(self, model: M) -> None:
        self.model, self.reading = model, False
        if not self.unanswered:
            self.say("")
        self.present(model)
        self.gone = frozenset(run.run_id for run in self.runs_on_show if runner_gone(run))

    def _not_read(self, finding: Diagnostic) -> None:
        self.reading = False
        self.refused(finding)

    @property
    def behind(self) -> bool:
        """Whether the store has something to tell that came after this was read."""
        news, live = self.board.news, self.board.live_of(self.follows)
        if self.lists_runs and news.runs != self.news.runs:
            return True
        return live is not None and live.generation > self.news.told.get(live.run_id, 0)

    def notice_deaths(self) -> bool:
        """Whether a run on show has lost its process since the last time."""
        dead = {run.run_id for run in self.runs_on_show if run.run_id not in self.gone and runner_gone(run)}
        self.gone |= dead
        return bool(dead)
