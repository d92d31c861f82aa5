"""Self-Instruct: instructions from instructions, then inputs and outputs for them (Wang et al. 2022, arXiv:2212.10560).

A round shows seeds and tasks of earlier rounds, asks for more, and takes those that break no rule and are new against
the whole pool: all seeds, and every task taken so far, also those of the same round. Tasks that were taken are put into
the pool at once and asked for instances as far as the target needs them; what a task is rejected for, and each of its
instances, stays as a candidate. Everything goes by the order of the prompts and of the items in an answer, and what is
drawn comes from the step and the round, so the same answers make the same rows.

It ends when the target is reached, a budget is used up, or ``patience`` rounds brought nothing.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from compiler.hashing import hash_text
from compiler.step_params import Greedy, SelfInstruct
from runtime.asking import Answer, Request, Result, Unanswered
from runtime.generating import instances, task_lists
from runtime.generating.answer_faults import EMPTY, cut_off
from runtime.generating.candidates import Candidate
from runtime.generating.instance_rules import SURPLUS, judged
from runtime.generating.instances import Instances
from runtime.generating.novelty import Nearest, Pool
from runtime.generating.task_rules import Broken, TaskRules
from runtime.generating.work import BUDGET, NOTHING_NEW, TARGET, Ended, Work
from spec_lang.plain_text import visible

UNANSWERED, NOVELTY, NO_INSTANCE, SPARE = "unanswered", "novelty", "no_instance", "target_reached"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Example:
    """A task that a prompt can show."""

    row_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """A new task that was taken, on its way to its instances."""

    text: str
    parents: tuple[str, ...]
    asked: tuple[str, ...]
    round: int
    nearest: Nearest | None = None

    def after(self, request: Request) -> Task:
        """The task, with what was asked for it."""
        return replace(self, asked=(*self.asked, request.hash))


def generate(work: Work) -> Ended:
    """All rounds; candidates are in ``work``. Raises what asking raises."""
    made = _SelfInstruct(work)
    if not made.human:
        return Ended(NOTHING_NEW, f"no seed has a text in the column `{visible(made.method.instruction)}`")
    return made.run()


@dataclass
class _SelfInstruct:
    work: Work
    made: list[Example] = field(default_factory=list)  # tasks of earlier rounds that have an instance
    waiting: deque[Task] = field(default_factory=deque)
    asked: Counter[str] = field(default_factory=Counter)  # how often each question was asked
    spent: Unanswered | None = None  # the budget that ended

    def __post_init__(self) -> None:
        assert isinstance(self.work.params.method, SelfInstruct)
        self.method = self.work.params.method
        texts = ((row.row_id, row.values.get(self.method.instruction)) for row in self.work.rows)
        # A source may give one instruction several rows, one for each input.
        first: dict[str, str] = {}
        for row_id, text in texts:
            if isinstance(text, str) and text.strip():
                first.setdefault(text, row_id)
        self.human = [Example(row_id, text) for text, row_id in first.items()]
        self.pool = Pool()
        for one in self.human:
            self.pool.add(one.text, one.text)
        self.rows = {one.text: one.row_id for one in self.human}
        self.rules = TaskRules(self.method, first)

    def run(self) -> Ended:
        quiet, number = 0, 0
        while self.spent is None and len(self.made) < self.method.target and quiet < self.method.patience:
            before = len(self.made)
            self._round(number)
            self._instances(number)
            number += 1
            quiet = 0 if len(self.made) > before else quiet + 1
            self.work.ctx.progress(len(self.made), self.method.target, "instructions", round=number)
        for task in self.waiting:
            why = SPARE if self.spent is None else self.spent.reason
            self._reject(task, Broken(why, None, "it was not asked for instances any more"))
        self.work.candidates.name_nearest(self.rows)
        return self._ended(number, quiet)

    def _ended(self, rounds: int, quiet: int) -> Ended:
        got, target = len(self.made), self.method.target
        of = f"{got:,} of {target:,} instructions in {rounds:,} round{'s' * (rounds != 1)}"
        if got >= target:
            return Ended(TARGET, of, rounds)
        if self.spent is not None:
            return Ended(BUDGET, f"{self.spent.detail}: {of}", rounds)
        return Ended(NOTHING_NEW, f"{quiet:,} rounds one after another brought nothing: {of}", rounds)

    # --- tasks ----------------------------------------------------------------------------------

    def _round(self, number: int) -> None:
        """Ask for tasks, and take those that are good and new."""
        drawn = random.Random(int(hash_text(f"{self.work.drawing}:{number}"), 16))
        shown = [self._examples(drawn) for _ in range(self.method.prompts)]
        header = task_lists.header(max(map(len, shown)), self.method.new_tasks)
        questions = [task_lists.prompt([one.text for one in examples], self.method.new_tasks) for examples in shown]
        requests = [self._request(text) for text in questions]
        for examples, request, result in zip(shown, requests, self.work.asker.ask(requests), strict=True):
            parents = tuple(one.row_id for one in examples)
            if not isinstance(result, Answer):
                if not self._is_spent(result):
                    self._add(Broken(UNANSWERED, result.reason, result.detail), parents, (request.hash,), number)
                continue
            self._tasks(result, examples, header, parents, request.hash, number)

    def _examples(self, drawn: random.Random) -> list[Example]:
        """Seeds and tasks of earlier rounds, mixed; seeds stand in where there are none yet."""
        machine = _sample(self.made, self.method.machine_examples, drawn)
        wanted = self.method.human_examples + self.method.machine_examples - len(machine)
        examples = _sample(self.human, wanted, drawn) + machine
        return _sample(examples, len(examples), drawn)

    def _tasks(
        self,
        answer: Answer,
        examples: Sequence[Example],
        header: str,
        parents: tuple[str, ...],
        asked: str,
        number: int,
    ) -> None:
        left, new = cut_off(answer.text, answer.stop_reason, "the answer"), self.method.new_tasks
        listed = task_lists.read_tasks(answer.text, len(examples), new, cut_off=left is not None)
        if not listed.items:
            self._add(Broken(EMPTY, None, "no task is in the answer"), parents, (asked,), number)
        cut = len(listed.items) - 1 if self.method.truncated == "last" else 0
        for place, text in enumerate(listed.items):
            broken = Broken(left.rule, None, left.detail) if left and listed.cut and place >= cut else None
            broken = broken or self.rules.broken(text, [one.text for one in examples], header)
            self._judge(Task(text, parents, (asked,), number), broken)
        for text in listed.surplus:
            self._judge(Task(text, parents, (asked,), number), Broken(SURPLUS))

    def _judge(self, task: Task, broken: Broken | None) -> None:
        """Take a task that breaks no rule and is new; it counts for the next one at once."""
        limit = self.work.params.novelty
        if broken is None:
            near = self.pool.nearest(task.text)
            task = replace(task, nearest=near)
            if near is not None and limit is not None and not near.passes(limit.op, limit.limit):
                broken = Broken(NOVELTY, f"{near.similarity:.3f}")
        if broken is not None:
            self._reject(task, broken)
            return
        self.pool.add(task.text, task.text)  # it has no row yet: `rows` will say which
        self.waiting.append(task)

    # --- instances ------------------------------------------------------------------------------

    def _instances(self, number: int) -> None:
        """Ask for instances of the tasks that wait, as many at a time as the target lacks."""
        while self.waiting and self.spent is None and (lacking := self.method.target - len(self.made)) > 0:
            batch = [self.waiting.popleft() for _ in range(min(lacking, len(self.waiting)))]
            told = self._kinds(batch)
            requests = [self._instance_request(task, kind) for task, kind in told if isinstance(kind, bool)]
            results = zip(requests, self.work.asker.ask(requests), strict=True)
            for task, kind in told:
                if isinstance(kind, bool):
                    self._instances_of(task, kind, *next(results))
                else:
                    self._unanswered(task, kind)

    def _kinds(self, tasks: Sequence[Task]) -> list[tuple[Task, bool | Unanswered]]:
        """Which of the tasks are classifications, or why that is not known; without inputs it makes no difference."""
        if not self.method.classification or self.method.input is None:
            return [(task, False) for task in tasks]
        requests = [self._greedy(instances.kind_prompt(task.text), instances.KIND_TOKENS) for task in tasks]
        return [
            (task.after(request), instances.is_classification(one.text) if isinstance(one, Answer) else one)
            for task, request, one in zip(tasks, requests, self.work.asker.ask(requests), strict=True)
        ]

    def _instance_request(self, task: Task, classification: bool) -> Request:
        text = task.text
        if self.method.input is not None:
            text = instances.instance_prompt(task.text, self.method.instances, classification=classification)
        return self._greedy(text, self.method.instance_tokens)

    def _instances_of(self, task: Task, classification: bool, request: Request, result: Result) -> None:
        task = task.after(request)
        if not isinstance(result, Answer):
            self._unanswered(task, result)
            return
        cut = cut_off(result.text, result.stop_reason) is not None
        found = (
            instances.read_output(result.text, cut_off=cut)
            if self.method.input is None
            else instances.read_instances(result.text, classification=classification, cut_off=cut)
        )
        self._rows(task, found, classification, result.stop_reason)

    def _unanswered(self, task: Task, result: Unanswered) -> None:
        rule, value = (result.reason, None) if self._is_spent(result) else (UNANSWERED, result.reason)
        self._reject(task, Broken(rule, value, result.detail))

    def _rows(self, task: Task, found: Instances, classification: bool, stop_reason: str) -> None:
        """A candidate an instance; a task with none that is accepted makes no row, and is shown in no prompt."""
        if not found.found:
            self._reject(task, Broken(NO_INSTANCE, None, "the answer has no output"))
            return
        first: str | None = None
        facts = {"classification": True} if classification else {}
        for one, broken in judged(found, self.method.instances, _SHOWN, stop_reason):
            values = {self.method.output: one.output}
            if self.method.input is not None:
                values[self.method.input] = one.input
            row_id = self._reject(task, broken, values, facts)
            first = first or (row_id if broken is None else None)
        if first is not None:
            self.made.append(Example(first, task.text))

    # --- asking and keeping ---------------------------------------------------------------------

    def _request(self, text: str) -> Request:
        """A question for tasks. The same one again is asked for another answer."""
        sample = self.asked[text]
        self.asked[text] += 1
        return self.work.asker.request([{"role": "user", "content": text}], self.work.params.decode, sample)

    def _greedy(self, text: str, tokens: int) -> Request:
        return self.work.asker.request([{"role": "user", "content": text}], Greedy(max_new_tokens=tokens))

    def _is_spent(self, result: Unanswered) -> bool:
        if result.by_budget:
            self.spent = self.spent or result
        return result.by_budget

    def _add(self, broken: Broken, parents: tuple[str, ...], asked: tuple[str, ...], number: int) -> None:
        """A candidate of an answer that holds no task."""
        told = (broken.rule, broken.value, broken.detail)
        self.work.candidates.add(Candidate({}, *told, parents=parents, requests=asked, round=number))

    def _reject(
        self,
        task: Task,
        broken: Broken | None,
        values: dict[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> str:
        """A candidate of a task, rejected unless ``broken`` is None; the id of its row."""
        broken = broken or Broken("")
        row_id = self.work.candidates.add(
            Candidate(
                {self.method.instruction: task.text, **(values or {})},
                broken.rule,
                broken.value,
                broken.detail,
                task.parents,
                task.asked,
                task.round,
                task.nearest.key if task.nearest is not None else None,
                task.nearest.similarity if task.nearest is not None else None,
                facts or None,
            )
        )
        if not broken.rule or task.text not in self.rows:
            self.rows[task.text] = row_id
        return row_id


_SHOWN = instances.shown_texts()


def _sample(items: Sequence[T], count: int, drawn: random.Random) -> list[T]:
    """So many of the items, in an order drawn at random. ``random()`` alone is promised to stay the same in every
    version of Python, so nothing else draws."""
    left = list(items)
    found = []
    for _ in range(min(count, len(left))):
        place = int(drawn.random() * len(left))
        left[place], left[-1] = left[-1], left[place]
        found.append(left.pop())
    return found
