"""Which of the answers to one prompt are taken: a pure rule over what was found of each.

An answer falls to the first of these rules: a fault of its own; ``verify``, where a verifier said no; ``unverified``,
where one could not tell, which is neither right nor wrong; ``duplicate`` of an earlier one that passed; ``no_score``,
where the best is wanted and it could not be measured; ``not_first``, ``not_best``; ``per_prompt``. The cap keeps easy
prompts, to which every answer is right, from outnumbering the hard ones (ReST-EM, arXiv 2312.06585, keeps ten).

Answers are in the order of their samples, so the same answers give the same verdicts however they came in. Of equal
scores the earlier sample is the better one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Keep: TypeAlias = Literal["all", "first", "best"]
VERIFY, UNVERIFIED, DUPLICATE = "verify", "unverified", "duplicate"
NO_SCORE, NOT_FIRST, NOT_BEST, OVER_CAP = "no_score", "not_first", "not_best", "per_prompt"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verifier said of an answer: 1, 0, or None where it could not tell; and why, where it said so."""

    name: str
    value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer and what was found of it. ``fault`` and ``detail`` are set where it is not worth verifying; ``score``
    is how good it is, more is better, and None where that could not be measured."""

    text: str
    fault: str = ""
    detail: str = ""
    verified: tuple[Verification, ...] = ()
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rule`` is empty for an answer that is taken. ``value`` is what was measured, of a verifier or as a score."""

    rule: str = ""
    detail: str = ""
    value: float | None = None

    @property
    def accepted(self) -> bool:
        return not self.rule


def decide(answers: Sequence[Checked], keep: Keep, cap: int | None) -> list[Verdict]:
    """A verdict for each of the answers to one prompt, which are in the order of their samples. At most ``cap`` are
    taken: of ``best`` the best ones, one without a cap; of ``first`` one; of ``all`` the first ones."""
    verdicts: dict[int, Verdict] = dict(_unfit(answers, keep))
    passed = [place for place in range(len(answers)) if place not in verdicts]
    if keep == "best":
        passed.sort(key=lambda place: (-_number(answers[place].score), place))
    most = len(answers) if cap is None else cap
    if keep != "all":
        most = 1 if cap is None or keep == "first" else cap
    for rank, place in enumerate(passed):
        value = answers[place].score if keep == "best" else _verified_value(answers[place])
        verdicts[place] = Verdict("", "", value) if rank < most else Verdict(*_too_many(keep, cap, passed), value)
    return [verdicts[place] for place in range(len(answers))]


def verification_of(verified: Sequence[Verification]) -> Verdict:
    """What several verifiers say together: no where one says no, and nothing where none does and one cannot tell."""
    wrong = next((one for one in verified if one.value is not None and not one.value), None)
    if wrong is not None:
        return Verdict(VERIFY, _said(wrong), 0.0)
    unknown = next((one for one in verified if one.value is None), None)
    return Verdict(UNVERIFIED, _said(unknown)) if unknown is not None else Verdict(value=1.0 if verified else None)


def same_answer(text: str) -> str:
    """What two answers have in common that are the same one: white space and the way letters are composed aside."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _unfit(answers: Sequence[Checked], keep: Keep) -> Iterator[tuple[int, Verdict]]:
    """Verdicts of those that no rule of choosing has to look at."""
    seen: dict[str, int] = {}
    for place, answer in enumerate(answers):
        if answer.fault:
            yield place, Verdict(answer.fault, answer.detail)
            continue
        said = verification_of(answer.verified)
        if not said.accepted:
            yield place, said
            continue
        before = seen.setdefault(same_answer(answer.text), place)
        if before != place:
            yield place, Verdict(DUPLICATE, f"it is the answer of sample {before}", said.value)
        elif keep == "best" and answer.score is None:
            yield place, Verdict(NO_SCORE, "how good it is could not be measured")


def _too_many(keep: Keep, cap: int | None, passed: Sequence[int]) -> tuple[str, str]:
    if keep == "first":
        return NOT_FIRST, f"sample {passed[0]} passed before it"
    if keep == "best" and cap is None:
        return NOT_BEST, f"sample {passed[0]} is better, or as good and earlier"
    return OVER_CAP, f"{cap} answers to its prompt were taken"


def _said(one: Verification) -> str:
    return f"{one.name}: {one.reason}" if one.reason else one.name


def _number(score: float | None) -> float:
    return 0.0 if score is None else score


def _verified_value(answer: Checked) -> float | None:
    return verification_of(answer.verified).value
