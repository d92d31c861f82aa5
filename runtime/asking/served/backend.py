"""Requests answered by a server: so many at once, each tried until it is answered or given up.

One event loop on the calling thread: results are handed on, kept and stopped between looks at the requests under way.
A failure waits longer each time and asks for no more than the server allows; a server that fails half of its calls
costs time and no answer. It stops at once where every request would meet the same: a refused key, an unknown model, a
server that answers nothing any more, or one that became another model in mid-run.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from runtime.asking.backend import OnResult
from runtime.asking.kept import KeptRequests
from runtime.asking.model import ServedModel
from runtime.asking.request import Answer, Request, Result, Unanswered
from runtime.asking.served.body import body_of, has_tools, size
from runtime.asking.served.failure import CalledWrong, Failure, Hopeless, OtherLimit, Refusal
from runtime.asking.served.pace import Pace, pause_after
from runtime.asking.served.response import read
from runtime.asking.served.settings import Served, read_key
from runtime.asking.served.stopping import called_wrong, gone, hopeless, other_model, too_long_a_wait
from runtime.context import StepContext
from spec_lang.plain_text import one_line

_LOOK = 0.1  # seconds between looks at what is under way, and at the wish to stop
_GRACE = 10.0  # seconds for what is under way when asking stops
_LONGEST_WAIT = 600.0  # seconds that a server may ask to wait
_CALLED_WRONG = 3  # requests that a server which never answered may call wrong
_IN_A_ROW = 30  # attempts that fail with no answer between: with a request given up, the server is gone


@dataclass
class ServedBackend:
    """See ``backend.Backend``."""

    ctx: StepContext
    model: ServedModel
    between: Callable[[], None] = lambda: None
    together: int = 0
    keep_seconds: float = 0.1

    def __post_init__(self) -> None:
        self.served = Served.of(self.model.local)
        self.together = self.served.concurrency
        self.pace = Pace(self.served.requests_per_minute, self.served.tokens_per_minute)
        self.key: str | None = None
        self.told: str | None = None  # what the server called itself
        self.limit = "max_tokens"
        self.answered = False  # ever, in this run or before
        self.failed_in_a_row = 0
        self.retried_for: Counter[str] = Counter()
        self.stopping = False
        self._called_wrong: list[tuple[Request, Unanswered]] = []  # before anything was answered
        self._loop: asyncio.Runner | None = None
        self._client: Any = None  # keeps its connections from call to call

    def answer(self, requests: Iterator[Request], on_result: OnResult) -> None:
        first = next(requests, None)
        if first is None:
            return
        self.key = read_key(self.served)
        self.told = self.told or KeptRequests(self.ctx).served_as(self.model.hash)
        self.answered = self.answered or self.told is not None
        self.stopping = False
        if self._loop is None:
            self._loop = asyncio.Runner()
        self._loop.run(self._all(chain([first], requests), on_result))

    async def _all(self, requests: Iterator[Request], on_result: OnResult) -> None:
        if self._client is None:
            from runtime.asking.served.client import client_of

            self._client = client_of(self.served, self.key)
        under_way: dict[asyncio.Task[Result], Request] = {}
        more = True
        try:
            while more or under_way:
                while more and len(under_way) < self.together:
                    request = next(requests, None)
                    if more := request is not None:
                        under_way[asyncio.create_task(self._one(self._client, request))] = request
                if under_way:
                    await self._take(under_way, on_result)
                self.between()
            self._settle(on_result)
        finally:
            await self._wind_up(under_way, on_result)

    async def _take(self, under_way: dict[asyncio.Task[Result], Request], on_result: OnResult) -> None:
        """Hands on what is done. Raises DiagnosticError for what stops asking."""
        done, _ = await asyncio.wait(under_way, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            request = under_way.pop(task)
            try:
                result = task.result()
            except Hopeless as stop:
                raise hopeless(self.served, stop) from None
            self._judge(request, result, on_result)

    def _judge(self, request: Request, result: Result, on_result: OnResult) -> None:
        if isinstance(result, Answer):
            if self._is_other(result):
                raise other_model(self.served, str(self.told), str(result.served))
            self.told = self.told or result.served
            self.answered = True
            self._settle(on_result)
        elif isinstance(result, CalledWrong) and not self.answered:
            self._called_wrong.append((request, result))
            if len(self._called_wrong) >= _CALLED_WRONG:
                raise called_wrong(self.served, result)
            return
        elif not result.lasting and (not self.answered or self.failed_in_a_row >= _IN_A_ROW):
            raise gone(self.served, result)
        on_result(request, result)

    def _is_other(self, answer: Answer) -> bool:
        return answer.served is not None and self.told not in (None, answer.served)

    def _settle(self, on_result: OnResult) -> None:
        """Requests that were called wrong before anything was answered: it is about them if others are answered now."""
        for request, result in self._called_wrong:
            on_result(request, Unanswered(result.reason, result.detail, attempts=result.attempts))
        self._called_wrong.clear()

    async def _wind_up(self, under_way: dict[asyncio.Task[Result], Request], on_result: OnResult) -> None:
        """What is under way when asking stops gets a moment: it is paid for. Only answers are handed on."""
        self.stopping = True
        task = asyncio.current_task()
        at_once = task is not None and task.cancelling()  # a second Ctrl-C
        until = time.monotonic() + (0.0 if at_once else _GRACE)
        while under_way and (left := until - time.monotonic()) > 0:
            done, _ = await asyncio.wait(under_way, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                request = under_way.pop(one)
                result = None if one.cancelled() or one.exception() is not None else one.result()
                if isinstance(result, Answer) and not self._is_other(result):
                    on_result(request, result)
        for one in under_way:
            one.cancel()

    async def _one(self, client: Any, request: Request) -> Result:
        """One request until it is answered or given up. Raises Hopeless."""
        if has_tools(request):
            return Unanswered("no_tools", "calls of tools cannot be put to a served model", lasting=True)
        failure, attempts = Failure("stopped", "asking stopped"), 0
        while attempts <= self.served.retries and not self.stopping:
            attempts += 1
            limit = self.limit
            try:
                answer = await self._attempt(client, request, attempts)
                self.failed_in_a_row = 0
                return answer
            except OtherLimit as other:
                if limit == "max_completion_tokens":
                    raise Hopeless(400, str(other)) from None
                self.limit, attempts = "max_completion_tokens", attempts - 1
                continue
            except Refusal as refused:
                kind = Unanswered if refused.sure or self.answered else CalledWrong
                return kind(refused.name, refused.detail, refused.sure, attempts)
            except Failure as failed:
                failure = failed
            self.failed_in_a_row += 1
            if attempts <= self.served.retries:
                self._tell(failure)
                await self._wait(failure, attempts)
        return Unanswered(failure.name, failure.detail, attempts=attempts)

    async def _attempt(self, client: Any, request: Request, attempts: int) -> Answer:
        from runtime.asking.served.client import complete

        body, tokens = body_of(request, self.served.name, self.limit), size(request)
        while (pause := self.pace.pause(tokens)) > 0:
            if self.stopping:
                raise Failure("stopped", "asking stopped")
            await asyncio.sleep(min(pause, _LOOK))
        went, began = self.pace.go(tokens), time.monotonic()
        try:
            async with asyncio.timeout(self.served.timeout):  # the client's own limit is one for each piece
                found = read(await complete(client, body, self.key), self.key)
        except TimeoutError:
            raise Failure("timeout", f"no answer within {self.served.timeout} s") from None
        except (Failure, Refusal, Hopeless, OtherLimit):
            raise
        except Exception as error:  # of what a server sends, nothing ends the run with a traceback
            raise Failure("unreadable", f"the response cannot be read ({type(error).__name__})") from error
        if found.output_tokens is not None:
            went.tokens = found.output_tokens + (found.prompt_tokens or 0)
        return Answer(
            text=found.text,
            stop_reason=found.stop_reason,
            prompt_tokens=found.prompt_tokens,
            output_tokens=found.output_tokens,
            seconds=round(time.monotonic() - began, 3),
            cost=self.served.cost(found.prompt_tokens, found.output_tokens),
            attempts=attempts,
            served=found.model,
        )

    def _tell(self, failure: Failure) -> None:
        """Of each kind of failure the first one."""
        if not self.retried_for[failure.name]:
            shown = one_line(failure.detail, 200)
            self.ctx.note(f"`{self.served.endpoint}`: {shown}; it is asked again, up to {self.served.retries} times")
        self.retried_for[failure.name] += 1

    async def _wait(self, failure: Failure, failures: int) -> None:
        """Before the next attempt; what the server asks for holds all requests back. Raises Hopeless."""
        if failure.wait is not None:
            if failure.wait > _LONGEST_WAIT:
                raise Hopeless(429, too_long_a_wait(failure.wait))
            self.pace.hold(failure.wait)
        until = time.monotonic() + pause_after(failures, failure.wait)
        while not self.stopping and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK))

    def confirm(self) -> None:
        """What a server serves is told by the name in its answers, which each of them was looked at for."""

    def facts(self) -> dict[str, Any]:
        told: dict[str, Any] = {} if self.told is None else {"served": self.told}
        if self.retried_for:
            told["retried_for"] = dict(sorted(self.retried_for.items()))
        return told

    def close(self) -> None:
        if self._loop is not None:
            if self._client is not None:
                self._loop.run(self._client.close())
            self._loop.close()
        self._loop = self._client = None
