"""The seam behind which models answer requests: local weights, a server, a script.

A backend takes requests from an iterator when it has room for them, and gives each result back as it comes. Taking the
next one is what counts as asking it: the iterator ends where a budget does, so no backend knows of budgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

from runtime.asking.request import Request, Result

OnResult: TypeAlias = Callable[[Request, Result], None]


class Backend(Protocol):
    """``between`` is called between pieces of work, from the thread that called ``answer``, and may raise to stop.
    ``together`` is a hint: how many requests may be taken before the results of the first ones are needed. A result may
    wait ``keep_seconds`` until it is written: what a kill costs."""

    between: Callable[[], None]
    together: int
    keep_seconds: float

    def answer(self, requests: Iterator[Request], on_result: OnResult) -> None:
        """Every request that was taken gets one result, in any order, on the calling thread. What one request comes to
        never ends the others. Raises DiagnosticError for what no request can be answered with, and what ``between``
        raises."""

    def confirm(self) -> None:
        """Raises DiagnosticError when what answered was not what its hash names; its answers are then taken back."""

    def facts(self) -> dict[str, Any]:
        """For the summary of the step: device, precision, how it decoded."""

    def close(self) -> None:
        """Frees what it holds."""
