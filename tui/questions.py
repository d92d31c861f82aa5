"""Questions that screens ask: each in a thread of its own.

Not in the pool that Textual uses: it has few threads, is waited for when the dashboard is left, and the look at the
events goes through it. A question is pure Python or numpy for seconds sometimes, which nobody can cancel; its thread is
a daemon's, so whoever has pressed `q` gets the terminal back (``leave`` stops what DuckDB computes, and waits a moment
for what is nearly done). A thread costs 50 µs.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from runtime.looks import interrupt_looks, keep_others_out

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.worker import WorkType

PATIENCE_S = 1.0  # with what is still computed when the dashboard is left

T = TypeVar("T")
_threads: set[Thread] = set()


async def answer_of(question: Callable[[], T]) -> T:
    """What a question gives, or its exception. Whoever stops waiting leaves it to itself."""
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[Any], None], what: Any) -> None:
        if not answer.done():  # nobody waits any more
            how(what)

    def work() -> None:
        try:
            how, what = answer.set_result, context.run(question)
        except Exception as error:
            how, what = answer.set_exception, error  # type: ignore[assignment]
        _threads.discard(thread)
        with suppress(RuntimeError):  # the loop is closed: the dashboard was left
            loop.call_soon_threadsafe(tell, how, what)

    thread = Thread(target=work, name="question", daemon=True)
    _threads.add(thread)
    thread.start()
    return await answer


def ask_beside(
    node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, alone: bool = False
) -> None:
    """Let a coroutine that waits for answers run beside the interface, until its screen goes; ``alone`` in its group,
    in the place of the one before."""
    node.run_worker(cast("WorkType[None]", work), group=group, exclusive=alone)


def leave(seconds: float = PATIENCE_S) -> None:
    """Stop what is still computed, and wait for it so long at most. One that has waited for its turn at the store gets
    it when the one before is stopped, and is stopped then."""
    deadline = time.monotonic() + seconds
    while _threads and time.monotonic() < deadline:
        interrupt_looks()
        for thread in tuple(_threads):
            thread.join(0.02)


def leave_for_good() -> None:
    """The same at the end of the process: what computes on has nothing more to ask."""
    leave()
    if _threads:
        keep_others_out(10 * PATIENCE_S)
