"""Instructions made into harder ones and into others of their field, round after round, each with a new answer.

After Evol-Instruct (arXiv 2304.12244). In every round each instruction goes through one operation, drawn by a hash of
its row and the round. What is accepted takes its parent's place in the next round; where it was given up, the parent is
tried again with the next draw. An instruction counts only with an answer to it, which the same model writes and which
the templates of the rows ask for. An instruction that stands among the rows, or was written before, is a ``duplicate``.

A prompt that was asked before is asked for another answer, so an instruction that was given up is tried anew also under
the same operation. A greedy model would give the same one: such an attempt at a row is left out.

Two requests a row and round at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from compiler.respond_params import Rewrite
from compiler.step_params import Greedy, Sample
from runtime.asking.request import Result, Unanswered, messages_text
from runtime.generating.answer_faults import broken, fault_of, in_other_script
from runtime.generating.best_of_n import DUPLICATE, Verdict, same_answer
from runtime.generating.evolving import answer_given_up, evolve_prompt, evolved, given_up, operation_of
from runtime.generating.responding import UNANSWERED, Asks, as_answer
from runtime.generating.turns import question, template_of
from runtime.models.protocols import Message

_AT_ONCE = 2_048  # rows
OF_ANSWER = "answer_"  # before the rules that an answer to a new instruction breaks
UNASKABLE = "empty_column"
_AGAIN = Verdict(DUPLICATE, "it stands among the rows, or was written before")


@dataclass(frozen=True, slots=True)
class Written:
    """What the instruction of the row ``row_id`` has come to: it stands in the row ``own``, which is the same one
    before anything was evolved. ``values`` are columns of it, as text."""

    row_id: str
    values: Mapping[str, str | None]
    own: str


@dataclass(frozen=True, slots=True)
class Evolved:
    """One attempt at a row: what it was made of, by which operation and requests, and what became of it."""

    of: Written
    round: int
    operation: str
    requests: tuple[str, ...]
    instruction: str
    answer: str
    verdict: Verdict


@dataclass(frozen=True)
class Rewriting:
    params: Rewrite
    decode: Greedy | Sample
    asker: Asks
    seed: int
    asked: Counter[str] = field(default_factory=Counter, init=False)  # how often each prompt was asked
    made: set[tuple[str, str]] = field(default_factory=set, init=False)  # attempts: a row and what was asked for it

    def run(self, rows: Sequence[Written], take: Callable[[Evolved], str]) -> int:
        """All attempts, round by round, rows in order, each given to ``take``: the id of the row that it makes, or
        nothing where it makes none. What was not asked, since a budget had ended, is no attempt; so many are given
        back."""
        now, left_out = list(rows), 0
        seen = {same_answer(row.values.get(self.params.column) or "") for row in rows}
        for round in range(self.params.rounds):
            for start in range(0, len(now), _AT_ONCE):
                for place, one in self._evolved(now[start : start + _AT_ONCE], round):
                    if one is None:
                        left_out += 1
                        continue
                    text = same_answer(one.instruction)
                    if one.verdict.accepted and text in seen:
                        one = replace(one, verdict=_AGAIN)
                    if own := take(one):
                        seen.add(text)
                        values = {**one.of.values, self.params.column: one.instruction}
                        now[start + place] = Written(one.of.row_id, values, own)
        return left_out

    def _evolved(self, rows: Sequence[Written], round: int) -> Iterator[tuple[int, Evolved | None]]:
        """Attempts at some rows: the instructions first, then answers to those that are any good. None is one that a
        budget left out."""
        attempts = list(self._attempts(rows, round))
        results = self._ask([_turn(prompt) for _, _, prompt in attempts])
        found: dict[int, Evolved | None] = {}
        answering: list[tuple[int, Evolved, tuple[Message, ...]]] = []
        for (place, operation, _), (request, result) in zip(attempts, results, strict=True):
            if isinstance(result, Unanswered) and result.by_budget:
                found[place] = None
                continue
            row = rows[place]
            one = self._instruction(row, round, operation, request, result)
            found[place] = one
            if one.verdict.accepted:
                template = template_of(self.params.templates, row.row_id, self.seed)
                asked = question(template, {**row.values, self.params.column: one.instruction})
                if asked is None:
                    found[place] = replace(one, verdict=Verdict(UNASKABLE, "a column that its template needs is empty"))
                else:
                    answering.append((place, one, asked))
        answers = self._ask([asked for _, _, asked in answering])
        for (place, one, asked), (request, result) in zip(answering, answers, strict=True):
            over = isinstance(result, Unanswered) and result.by_budget
            found[place] = None if over else self._answered(one, asked, request, result)
        yield from sorted(found.items(), key=lambda item: item[0])

    def _attempts(self, rows: Sequence[Written], round: int) -> Iterator[tuple[int, str, str]]:
        """Place, operation and prompt of each row that there is another attempt at."""
        for place, row in enumerate(rows):
            operation = operation_of(self.seed, row.row_id, round, self.params.operations)
            prompt = evolve_prompt(operation, row.values.get(self.params.column) or "")
            if not isinstance(self.decode, Greedy) or (row.row_id, prompt) not in self.made:
                self.made.add((row.row_id, prompt))
                yield place, operation, prompt

    def _ask(self, prompts: Sequence[tuple[Message, ...]]) -> list[tuple[str, Result]]:
        requests = [self.asker.request(prompt, self.decode, self._sample(prompt)) for prompt in prompts]
        return [(request.hash, result) for request, result in zip(requests, self.asker.ask(requests), strict=True)]

    def _sample(self, prompt: Sequence[Message]) -> int:
        """Which answer to a prompt is asked for; a greedy model has one."""
        if isinstance(self.decode, Greedy):
            return 0
        text = messages_text(prompt)
        self.asked[text] += 1
        return self.asked[text] - 1

    def _instruction(self, row: Written, round: int, operation: str, request: str, result: Result) -> Evolved:
        parent = row.values.get(self.params.column) or ""
        if isinstance(result, Unanswered):
            return Evolved(row, round, operation, (request,), "", "", Verdict(UNANSWERED, _why(result)))
        text = evolved(result.text)
        verdict = Verdict()
        if fault := broken(result.text, result.stop_reason):
            verdict = Verdict(fault.rule, fault.detail)
        elif left := given_up(text, parent, Fraction(self.params.too_like), self.params.max_words):
            verdict = Verdict(left.rule, left.detail, left.value)
        elif fault := in_other_script(text, parent):
            verdict = Verdict(fault.rule, fault.detail)
        return Evolved(row, round, operation, (request,), text, "", verdict)

    def _answered(self, one: Evolved, asked: Sequence[Message], request: str, result: Result) -> Evolved:
        one = replace(one, requests=(*one.requests, request))
        if isinstance(result, Unanswered):
            return replace(one, verdict=Verdict(OF_ANSWER + UNANSWERED, _why(result)))
        text, shown = as_answer(result.text), "\n".join(str(turn["content"]) for turn in asked)
        if fault := fault_of(result.text, result.stop_reason, shown, ""):
            return replace(one, answer=text, verdict=Verdict(OF_ANSWER + fault.rule, fault.detail))
        if left := answer_given_up(text, one.instruction):
            return replace(one, answer=text, verdict=Verdict(OF_ANSWER + left.rule, left.detail, left.value))
        return replace(one, answer=text)


def _why(result: Unanswered) -> str:
    return f"{result.reason}: {result.detail}"


def _turn(text: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": text},)
