"""Instructions for texts that are there (instruction backtranslation): people wrote the answer, a model the question.

One request a text, with a wording of our own or through a template of the user's. What comes of it is looked at by the
rules for every answer, against the text, and by those of ``instructions_of_texts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.step_params import Greedy, Sample
from runtime.asking.request import Answer, Unanswered
from runtime.generating.answer_faults import broken, in_other_script
from runtime.generating.best_of_n import Verdict
from runtime.generating.instructions_of_texts import backtranslate_prompt, instruction_given_up, written_instruction
from runtime.generating.responding import UNANSWERED, Asks, Prompted, Tried

_AT_ONCE = 4_096  # requests


@dataclass(frozen=True)
class Backtranslating:
    decode: Greedy | Sample
    asker: Asks
    max_words: int

    def tried(self, texts: Sequence[Prompted]) -> Iterator[Tried]:
        """What came of each text, in order. The text is what its prompt calls ``expected``. What was not asked, since a
        budget had ended, is none."""
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            requests = [self.asker.request(one.messages, self.decode) for one in some]
            for one, request, result in zip(some, requests, self.asker.ask(requests), strict=True):
                if isinstance(result, Unanswered):
                    if not result.by_budget:
                        yield Tried(one, request.hash, 0, "", Verdict(UNANSWERED, f"{result.reason}: {result.detail}"))
                    continue
                instruction = written_instruction(result.text)
                verdict = self._verdict(result, instruction, one.expected)
                yield Tried(one, request.hash, 0, instruction, verdict)

    def _verdict(self, result: Answer, instruction: str, text: str) -> Verdict:
        if fault := broken(result.text, result.stop_reason):
            return Verdict(fault.rule, fault.detail)
        if left := instruction_given_up(instruction, text, self.max_words):
            return Verdict(left.rule, left.detail, left.value)
        fault = in_other_script(instruction, text)
        return Verdict() if fault is None else Verdict(fault.rule, fault.detail)


def own_prompt(row_id: str, text: str) -> Prompted:
    """A text as it is asked about without a template."""
    return Prompted(row_id, ({"role": "user", "content": backtranslate_prompt(text)},), text)
