"""What a judge says of an answer. An answer without a verdict is missing, with the reason: it neither passed nor
failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from compiler.judged_params import judged_name
from runtime.metrics.answer import Answer, Explained, JudgedAs

_NOT_JUDGED = JudgedAs(None, None, "not_judged")


def rate(answers: Sequence[Answer], check: Callable[[], None], *, judge: str, labels: str) -> list[Explained]:
    """1 where the label is one of ``labels`` (JSON), 0 where it is another."""
    met = frozenset(json.loads(labels))
    return [_explained(answer, judge, lambda said: float(said.label in met)) for answer in answers]


def judge_score(answers: Sequence[Answer], check: Callable[[], None], *, judge: str) -> list[Explained]:
    """The label's place from 0 for the worst, of a scale its number."""
    return [_explained(answer, judge, lambda said: said.score) for answer in answers]


def win_rate(answers: Sequence[Answer], check: Callable[[], None], *, judge: str, against: str) -> list[Explained]:
    """1 where the answer is preferred to that of ``against``, 0 where that one is, a half for a tie, with a reason."""
    name = judged_name(judge, against)
    found = []
    for answer in answers:
        value, reason = _explained(answer, name, lambda said: None if said.score is None else said.score / 2)
        said = answer.judged.get(name)
        found.append((value, f"tie: {said.reason}" if value is not None and said and said.reason else reason))
    return found


def _explained(answer: Answer, judge: str, value: Callable[[JudgedAs], float | None]) -> Explained:
    said = answer.judged.get(judge, _NOT_JUDGED)
    if said.label is None:
        return None, f"no verdict: {said.reason or 'no_label'}"
    return value(said), ""
