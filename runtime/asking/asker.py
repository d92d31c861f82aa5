"""The facade that every step asks models through: looked up first, the rest asked, each result kept as it comes.

Results come back in the order of the requests, whatever order they came in. A budget, a failure and a prompt that
cannot be put to the model are results too (``Unanswered``): they cost the step nothing of the rest. A look-up costs one
query (12 ms) however many requests there are, so ask for many at once: a local model also decodes up to 64 together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from compiler.asking_params import AskingBudget
from runtime.asking.backend import Backend
from runtime.asking.budget import Spent, ended, is_metered, out_of_time, require_metered, timed_out
from runtime.asking.kept import KeptRequests
from runtime.asking.request import Request, Result, Unanswered, Writing
from runtime.asking.stats import AskingStats
from runtime.asking.unanswered import requests_unanswered
from runtime.context import StepContext
from runtime.models.protocols import Message
from runtime.unwritten_rows import KEEP_SECONDS
from spec_lang.diagnostics import DiagnosticError

_METERED_TOGETHER = 64  # requests taken ahead where their answers decide when to end


@dataclass
class Asker:
    """``model`` is the hash of what names the model. A context manager: leaving it frees the model.

    ``spent`` and the budget are those of the asker's life: one step may ask it many times.
    """

    ctx: StepContext
    model: str
    backend: Backend
    budget: AskingBudget = field(default_factory=AskingBudget)
    tells: bool = True  # of its progress, in requests
    stats: AskingStats = field(default_factory=AskingStats, init=False)
    spent: Spent = field(default_factory=Spent, init=False)

    def __post_init__(self) -> None:
        self.kept = KeptRequests(self.ctx)
        self._counted: set[str] = set()  # against the budget
        self._seen: set[str] = set()  # by the stats
        self._failed: dict[str, Result] = {}  # not kept, and not tried again by this asker
        self._missing_answers: dict[str, Unanswered] = {}  # given, and asked anew by the next run
        self._began: float | None = None
        self._done = 0
        self._told = 0.0
        self.kept.waiting.keep_seconds = self.backend.keep_seconds
        self.backend.between = self.kept.waiting.between_batches
        if is_metered(self.budget):
            self.backend.together = min(self.backend.together, _METERED_TOGETHER)

    def request(self, messages: Sequence[Message], decode: Writing, sample: int = 0) -> Request:
        """A request to this asker's model."""
        return Request(self.model, tuple(messages), decode, sample)

    def ask(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request, in their order. Equal requests are one.

        Raises DiagnosticError where no request can be answered (the model cannot be loaded, a server refuses the key),
        when the model changed while it was asked (SFT0526; nothing of it stays) and when the store stays held
        (SFT0901); Interrupted. What came before stays kept, but for a changed model.
        """
        order = list({request.hash: request for request in requests}.values())
        hashes = [request.hash for request in order]
        found = self._failed | self.kept.known(hashes)
        new = [one for one in hashes if one not in self._seen]
        known = sum(one in found for one in new)
        self.stats.wanted += len(new)
        self.stats.known += known
        self._done += known
        self._report()
        given: dict[str, Result] = {}
        while len(given) < len(order):
            came: dict[str, Result] = {}
            self._answer(order, found, came)
            found |= came | self.kept.known(list(came))  # of two runs that ask at once, the first answer counts
            given = self._given(order, found)
        self._report(now=True)
        return [given[one.hash] for one in requests]

    def _answer(self, order: Sequence[Request], known: dict[str, Result], came: dict[str, Result]) -> None:
        """Asks what is not known, as far as the budget goes."""
        began = time.monotonic()
        if self._began is None:
            self._began = began
        launched = self.spent.copy()

        def take(request: Request, result: Result) -> None:
            came[request.hash] = result
            require_metered(self.budget, result)
            if isinstance(result, Unanswered) and not result.lasting:
                self._failed[request.hash] = result
            launched.pay(result)
            self.stats.came(result)
            self.kept.keep(request, result)
            self._done += 1
            self._report()

        try:
            self.backend.answer(self._missing(order, known, launched), take)
        finally:
            self.stats.seconds += time.monotonic() - began
            self.kept.waiting.flush()
            if came:
                self._confirm(list(came))

    def _missing(self, order: Sequence[Request], known: dict[str, Result], launched: Spent) -> Iterator[Request]:
        for request in order:
            new = request.hash not in self._counted
            if new and (ended(self.budget, launched) is not None or timed_out(self.budget, self.elapsed)):
                return
            launched.requests += new
            if request.hash not in known:
                self.ctx.stop.check()
                yield request
            elif new:
                launched.pay(known[request.hash])

    def _given(self, order: Sequence[Request], found: dict[str, Result]) -> dict[str, Result]:
        """What each request comes to, counted against the budget in the order of asking; up to one that was not asked
        though the budget has room for it. An answer of another run leaves it, where the one paid here was longer."""
        given: dict[str, Result] = {}
        for request in order:
            one = request.hash
            over = None if one in self._counted else ended(self.budget, self.spent)
            if over is None and one not in found and not timed_out(self.budget, self.elapsed):
                return given
            result = over or found.get(one) or out_of_time(self.budget)
            if one in found and over is None and one not in self._counted:
                self._counted.add(one)
                self.spent.take(result)
            if one not in self._seen:
                self._seen.add(one)
                self.stats.given(request, result)
            if isinstance(result, Unanswered) and not result.lasting and not result.by_budget:
                self._missing_answers[one] = result
            given[one] = result
        return given

    def require_answers(self) -> None:
        """Raises DiagnosticError SFT0534 when a request failed that the next run asks anew: what is made without its
        answer would be kept under the hash of what is made with it. Answers that came stay."""
        if self._missing_answers:
            raise requests_unanswered(list(self._missing_answers.values()), len(self._seen))

    def _confirm(self, hashes: list[str]) -> None:
        try:
            self.backend.confirm()
        except DiagnosticError:
            self.kept.forget(hashes)
            raise

    @property
    def elapsed(self) -> float:
        """Seconds since this asker first asked."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def _report(self, now: bool = False) -> None:
        if self.tells and (now or time.monotonic() - self._told >= KEEP_SECONDS):
            self._told = time.monotonic()
            rate = self.stats.output_tokens / self.elapsed if self.stats.output_tokens and self.elapsed else None
            shown = None if rate is None else round(rate, 1)
            self.ctx.progress(self._done, self.stats.wanted, "requests", tokens_per_second=shown)

    def summary(self) -> dict[str, Any]:
        """What asking came to, as JSON for the summary of the step."""
        return self.stats.summary() | self.backend.facts()

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.backend.close()
