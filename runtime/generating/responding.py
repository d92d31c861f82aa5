"""Prompts asked and answers judged: rejection sampling, best-of-n, and rationalisation, apart from files and stores.

Every prompt is asked ``samples`` times, each time with random numbers of its own (Brown et al. 2024, arXiv 2407.21787;
ReST-EM, arXiv 2312.06585). An answer without a fault is put to the verifiers, and ``best_of_n`` says which ones are
taken. Where a hint is given, prompts of which no answer was taken are asked again with the expected answer in view
(STaR, arXiv 2203.14465); what comes of it is verified in the same way, and the row that is made of it is the prompt's
own, without the hint. A prompt that was not asked at all, because a budget had ended, gets no hint either.

Costs what asking costs; verifying some microseconds an answer, or what a program takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from compiler.respond_params import Respond
from compiler.step_params import Greedy, Sample
from runtime.asking.request import Answer as Written
from runtime.asking.request import Request, Result, Unanswered, messages_text
from runtime.generating.answer_faults import fault_of
from runtime.generating.best_of_n import NOT_BEST, OVER_CAP, Checked, Verdict, Verification, decide
from runtime.generating.hints import MENTIONS_HINT, mentioned
from runtime.generating.verifying import Verifiers
from runtime.metrics import Answer
from runtime.models.protocols import Message

UNANSWERED = "unanswered"
_AT_ONCE = 4_096  # requests
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")


class Asks(Protocol):
    """What is needed of an asker."""

    def request(self, messages: Sequence[Message], decode: Greedy | Sample, sample: int = 0) -> Request: ...

    def ask(self, requests: Sequence[Request]) -> list[Result]: ...


@dataclass(frozen=True, slots=True)
class Prompted:
    """A row and how it is shown to the model; ``expected`` may be empty."""

    row_id: str
    messages: tuple[Message, ...]
    expected: str

    @property
    def text(self) -> str:
        """All that the model is told, without roles."""
        return "\n".join(turn["content"] for turn in self.messages if isinstance(turn.get("content"), str))


@dataclass(frozen=True, slots=True)
class Tried:
    """One answer to a prompt, what it was asked by, and what became of it. ``text`` is what a row would get."""

    prompt: Prompted
    request: str
    sample: int
    text: str
    verdict: Verdict
    rationalised: bool = False
    verified: tuple[Verification, ...] = ()


@dataclass(frozen=True)
class Responding:
    """``hints`` are prompts with a hint, by the id of their row."""

    params: Respond
    decode: Greedy | Sample
    asker: Asks
    verifiers: Verifiers
    hints: Mapping[str, Prompted]

    def tried(self, prompts: Sequence[Prompted]) -> Iterator[Tried]:
        """All answers: those of each prompt by their samples, the prompts in order, and after them those with a hint.
        What was not asked, since a budget had ended, is none."""
        left: list[Prompted] = []
        for prompt, answers in self._asked(prompts, self.params.samples, hinted=False):
            yield from answers
            if answers and not any(one.verdict.accepted for one in answers) and prompt.row_id in self.hints:
                left.append(prompt)
        if self.params.hint_samples is not None:
            for _, answers in self._asked(left, self.params.hint_samples, hinted=True):
                yield from answers

    def _asked(
        self, prompts: Sequence[Prompted], samples: int, *, hinted: bool
    ) -> Iterator[tuple[Prompted, list[Tried]]]:
        size = max(1, _AT_ONCE // samples)
        for start in range(0, len(prompts), size):
            some = prompts[start : start + size]
            shown = [self.hints[prompt.row_id] if hinted else prompt for prompt in some]
            requests = [
                self.asker.request(one.messages, self.decode, sample) for one in shown for sample in range(samples)
            ]
            results = self.asker.ask(requests)
            given = [
                _Given(number // samples, some[number // samples], request.hash, number % samples, result, hinted)
                for number, (request, result) in enumerate(zip(requests, results, strict=True))
                if not (isinstance(result, Unanswered) and result.by_budget)
            ]
            yield from self._decided(some, given)

    def _decided(self, prompts: Sequence[Prompted], given: Sequence[_Given]) -> Iterator[tuple[Prompted, list[Tried]]]:
        """Verdicts of the answers to some prompts, verified together: opening an engine for each would take longer."""
        checked = self._checked(given)
        of: list[list[tuple[_Given, Checked]]] = [[] for _ in prompts]
        for one, found in zip(given, checked, strict=True):
            of[one.place].append((one, found))
        for prompt, those in zip(prompts, of, strict=True):
            verdicts = decide([found for _, found in those], self.params.take, self.params.per_prompt)
            if self.params.lower:  # as the metric has it, which was turned round to rank by
                verdicts = [_turned(verdict) for verdict in verdicts]
            yield (
                prompt,
                [
                    Tried(prompt, one.request, one.sample, found.text, verdict, one.hinted, found.verified)
                    for (one, found), verdict in zip(those, verdicts, strict=True)
                ],
            )

    def _checked(self, given: Sequence[_Given]) -> list[Checked]:
        """What is found of each answer; only those without a fault are verified, and only what passed is scored."""
        checked = [self._without_fault(one) for one in given]
        sound = [place for place, found in enumerate(checked) if not found.fault]
        answers = [given[place].answer(checked[place].text) for place in sound]
        for place, said in zip(sound, self.verifiers.verify(answers), strict=True):
            checked[place] = replace(checked[place], verified=said)
        by = self.params.by
        if by is not None:
            pairs = [
                (place, answer)
                for place, answer in zip(sound, answers, strict=True)
                if all(one.value for one in checked[place].verified)
            ]
            scores = self.verifiers.scores(by, [answer for _, answer in pairs], lower=self.params.lower)
            for (place, _), score in zip(pairs, scores, strict=True):
                checked[place] = replace(checked[place], score=score)
        return checked

    def _without_fault(self, given: _Given) -> Checked:
        if isinstance(given.result, Unanswered):
            return Checked("", UNANSWERED, f"{given.result.reason}: {given.result.detail}")
        text, prompt = as_answer(given.result.text), given.prompt
        fault = fault_of(given.result.text, given.result.stop_reason, prompt.text, prompt.expected)
        if fault is not None:
            return Checked(text, fault.rule, fault.detail)
        if given.hinted and (said := mentioned(text, self.params.hint_wording, prompt.text, prompt.expected)):
            return Checked(text, MENTIONS_HINT, f"it says {said!r}, and its row will not show the hint")
        return Checked(text)


def _turned(verdict: Verdict) -> Verdict:
    ranked = verdict.value is not None and verdict.rule in ("", NOT_BEST, OVER_CAP)
    return replace(verdict, value=0.0 - verdict.value) if ranked and verdict.value is not None else verdict


def as_answer(text: str) -> str:
    """An answer as a row has it: without white space around it, but for the indentation of a program's first line."""
    text = _BLANK_LINES.sub("", text.rstrip())
    return text if text.startswith(("  ", "\t")) else text.lstrip()


@dataclass(frozen=True, slots=True)
class _Given:
    """What came of one request; ``place`` is that of its prompt."""

    place: int
    prompt: Prompted
    request: str
    sample: int
    result: Result
    hinted: bool

    def answer(self, text: str) -> tuple[str, Answer]:
        """The answer as metrics see it, beside the id of its row."""
        assert isinstance(self.result, Written)
        return self.prompt.row_id, Answer(
            output=text,
            expected=self.prompt.expected,
            prompt=messages_text(self.prompt.messages),
            seconds=self.result.seconds,
            prompt_tokens=self.result.prompt_tokens,
            output_tokens=self.result.output_tokens,
            stop_reason=self.result.stop_reason,
        )
