"""An asker that answers from a table: what it was asked is counted, and nothing is asked of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from compiler.step_params import Sample
from runtime.asking.request import Answer, Request, Result, Unanswered

DECODE = Sample(max_new_tokens=64, temperature=1, top_p=1, top_k=None, seed=0)


@dataclass
class Scripted:
    """``answers`` gives the text of an answer by the last turn of a prompt and the number of the sample: a text, a text
    with a stop reason, or why there is none."""

    answers: Callable[[str, int], str | tuple[str, str] | Unanswered]
    asked: list[tuple[str, int]] = field(default_factory=list)

    def request(self, messages: Sequence[dict], decode: Sample, sample: int = 0) -> Request:
        return Request("model", tuple(messages), decode, sample)

    def ask(self, requests: Sequence[Request]) -> list[Result]:
        return [self._result(request) for request in requests]

    def _result(self, request: Request) -> Result:
        content = request.messages[-1]["content"]
        self.asked.append((content, request.sample))
        found = self.answers(content, request.sample)
        if isinstance(found, Unanswered):
            return found
        text, stop = found if isinstance(found, tuple) else (found, "end_of_turn")
        return Answer(text, stop, 7, len(text.split()), 0.01)
