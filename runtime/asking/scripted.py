"""Answers from a script: for tests, and to replay what was recorded. No model, no clock, no network.

The script is a function of the request, so it can tell requests apart by their text, decoding or number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from runtime.asking.backend import OnResult
from runtime.asking.request import END, Answer, Request, Result
from runtime.unwritten_rows import KEEP_SECONDS


@dataclass
class Scripted:
    """``script`` gives a text or a whole result; ``asked`` keeps what was asked, in order. Tokens are words.

    ``together`` requests are taken and then answered last first: no caller may lean on the order.
    """

    script: Callable[[Request], str | Result]
    together: int = 8
    keep_seconds: float = KEEP_SECONDS
    between: Callable[[], None] = lambda: None
    asked: list[Request] = field(default_factory=list)

    def answer(self, requests: Iterator[Request], on_result: OnResult) -> None:
        taken: list[Request] = []
        for request in requests:
            taken.append(request)
            if len(taken) == self.together:
                self._give(taken, on_result)
        self._give(taken, on_result)

    def _give(self, taken: list[Request], on_result: OnResult) -> None:
        self.asked += taken
        for request in reversed(taken):
            on_result(request, self._result(request))
            self.between()
        taken.clear()

    def _result(self, request: Request) -> Result:
        said = self.script(request)
        if not isinstance(said, str):
            return said
        prompt = sum(len(str(turn.get("content", "")).split()) for turn in request.messages)
        return Answer(said, END, prompt, len(said.split()) + 1, 0.0)

    def confirm(self) -> None:
        """A script does not change."""

    def facts(self) -> dict[str, Any]:
        return {"backend": "script"}

    def close(self) -> None:
        """It holds nothing."""
