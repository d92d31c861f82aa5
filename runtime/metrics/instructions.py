"""Metrics of IFEval, an answer and of the whole set; what they count is in :mod:`runtime.ifeval`.

The whole set's is a ratio: instructions that were followed over instructions, so a row with three of them weighs three.
The 541 rows of IFEval take 0.25 s of processor time strict and 0.4 s loose, and the first language a second more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from runtime.ifeval.verdicts import Mode, Verdicts, verdicts
from runtime.metrics.answer import Answer, Explained
from runtime.metrics.whole import Statistics, WholeMetric
from spec_lang.diagnostics import fatal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def ifeval(
    answers: Sequence[Answer], check: Callable[[], None], *, mode: Mode = "strict", languages: str
) -> list[Explained]:
    """1 where all instructions of the row are followed; otherwise the note names those that are not."""
    _same_model(languages)
    found: list[Explained] = []
    for answer in answers:
        check()
        found.append(_explained(answer, _of(answer, mode)))
    return found


def _explained(answer: Answer, found: Verdicts) -> Explained:
    if found.reason is not None:
        return None, found.reason
    pairs = zip(answer.columns["instructions"], found.followed, strict=True)
    missed = [name for name, followed in pairs if not followed]
    return float(not missed), f"not followed: {', '.join(missed)}" if missed else ""


def _counted(answers: Sequence[Answer], *, mode: Mode = "strict", languages: str) -> Statistics:
    _same_model(languages)
    found = [_of(answer, mode) for answer in answers]
    return [None if one.reason is not None else (sum(one.followed), len(one.followed)) for one in found]


def _share(sums: npt.NDArray[np.float64], *, mode: Mode = "strict", languages: str) -> npt.NDArray[np.float64]:
    import numpy as np

    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _of(answer: Answer, mode: Mode) -> Verdicts:
    return verdicts(answer.output, answer.columns["instructions"], answer.columns["arguments"], mode)


def _same_model(languages: str) -> None:
    """Raises SFT0314 where languages are told by another model than the one that is in the step's hash."""
    from runtime.languages import model_hash

    if languages != model_hash():
        raise fatal(
            "SFT0314",
            "the model that tells languages is not the one that this plan was made with",
            "install the version of py3langid that was there then, or make the plan anew",
        )


def _why_not(answer: Answer, *, mode: Mode = "strict", languages: str) -> str:
    return _of(answer, mode).reason or ""


IFEVAL_INSTRUCTIONS = WholeMetric(_counted, _share, _why_not)
