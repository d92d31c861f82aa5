"""What the rules that compare two models share: pairs, what stands in the way, the wording, the row of the result.

A rule (``no_worse.py``, ``no_regression.py``, ``equivalent.py``) gets a :class:`Comparison` of complete pairs and gives
a :class:`Judgement`. A missing pair, or a baseline that was measured otherwise, makes any rule inconclusive: which
pairs are missing is seldom chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from compiler.measure_params import Compared
from compiler.power import minimum_detectable
from runtime.gating import wording
from runtime.gating.comparison import Comparison, compare
from runtime.gating.decision import Decision, Verdict
from runtime.measuring.aggregates import finite
from runtime.measuring.slices import Mask

Floats = npt.NDArray[np.float64]
C = TypeVar("C", bound=Compared)


@dataclass(frozen=True, slots=True)
class Against:
    """The other side of a comparison: how reasons call it, and what was not done there as it is done here."""

    shown: str
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """How a change reads. Comparisons are in improvements; a metric of which less is better shows them negated."""

    unit: str
    lower_is_better: bool

    def change(self, improvement: float, unit: str = "", digits: int = 1) -> str:
        return wording.change(self.signed(improvement), self.unit, digits)

    def signed(self, improvement: float) -> float:
        """The change of the metric; never a negative zero."""
        return (-improvement if self.lower_is_better else improvement) + 0.0

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """An interval of improvements as one of changes."""
        return (self.signed(high), self.signed(low)) if self.lower_is_better else (low, high)

    @property
    def worse_end(self) -> str:
        """Which bound of a change is the one that could be a deterioration."""
        return "upper" if self.lower_is_better else "lower"

    @property
    def better_end(self) -> str:
        return "lower" if self.lower_is_better else "upper"

    @property
    def better_side(self) -> str:
        return "below" if self.lower_is_better else "above"

    @property
    def worse(self) -> str:
        """What a deterioration is called."""
        return "rise" if self.lower_is_better else "drop"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of complete pairs. ``threshold``, ``bound`` and ``clearance`` are improvements;
    ``sentences`` follow those on the difference and the flips."""

    verdict: Verdict
    threshold: float
    bound: float | None
    clearance: float
    worse_p: float
    sentences: Sequence[str]


Judge: TypeAlias = Callable[[C, Comparison, Told], Judgement]


def decide_compared(
    requirement: C,
    judge: Judge[C],
    candidate: Floats,
    baseline: Floats,
    seed: int,
    against: Against,
    whole: Callable[[Mask], Comparison] | None = None,
) -> Decision:
    """Decide from two matrices items × templates over the same items and templates; NaN is missing. Of a metric of the
    whole set these are the items' own values, and ``whole`` compares the sets of some items."""
    unit, level = requirement.metric.unit, float(requirement.level)
    told = Told(unit, requirement.metric.better == "lower")
    absent = np.isnan(candidate) | np.isnan(baseline)
    complete = ~absent.any(axis=1)
    if not complete.any():
        sentences = ["nothing was measured: there is no item that both sides answered", *against.differs]
        return Decision(Verdict.INCONCLUSIVE, wording.paragraph(sentences), unit, "none", 0.0, level=level)
    sides = (candidate[complete], baseline[complete])
    if whole is not None:
        found = whole(complete)
    else:
        found = compare(*(reversed(sides) if told.lower_is_better else sides), unit, level, seed)
    judged = judge(requirement, found, told)
    in_the_way = _in_the_way(against, int(np.count_nonzero(absent)))
    parts = [_difference_sentence(requirement, found, told, against), _flips_sentence(found, told)]
    low, high = told.ends(*found.shown)
    return Decision(
        verdict=Verdict.INCONCLUSIVE if in_the_way else judged.verdict,
        reason=wording.paragraph([*parts, *(in_the_way or judged.sentences)]),
        unit=unit,
        test=found.test,
        threshold=told.signed(judged.threshold),
        n=found.n,
        estimate=told.signed(found.estimate),
        low=finite(low),
        high=finite(high),
        bound=None if judged.bound is None else finite(told.signed(judged.bound)),
        level=level,
        gained=found.gained,
        lost=found.lost,
        p_value=found.p_value,
        minimum_detectable=finite(minimum_detectable(found.deviation, found.n, level)),
        clearance=judged.clearance,
        worse_p=1.0 if in_the_way else judged.worse_p,
    )


def _in_the_way(against: Against, missing: int) -> list[str]:
    """Why these pairs decide nothing, whatever they say; empty when nothing stands in the way."""
    unlike = "so the two sides were not measured alike and the comparison decides nothing"
    told = [f"{item}, {unlike}" for item in against.differs]
    if missing:
        pairs = f"{wording.count(missing, 'pairs')} {wording.verb(missing, 'is', 'are')} missing ({wording.WHERE})"
        told.append(f"{pairs}, so the comparison is not complete and decides nothing")
    return told


def _difference_sentence(requirement: Compared, found: Comparison, told: Told, against: Against) -> str:
    level = float(requirement.level)
    under = f" under {found.templates} templates each" if found.templates > 1 else ""
    text = (
        f"`{requirement.metric.metric}` of `{requirement.metric.model}` against {against.shown}: "
        f"{told.change(found.estimate)} on {wording.count(found.n, 'paired items')}{under}"
    )
    low, high = told.ends(*found.shown)
    if finite(low) is None:
        return text
    ends = f"{wording.change(low, told.unit)} to {wording.change(high, told.unit)}"
    return f"{text} ({wording.percent(level)} interval {ends})"


def _flips_sentence(found: Comparison, told: Told) -> str:
    flips = f"{wording.count(found.gained, 'answers')} got better and {found.lost:,} got worse"
    return f"{flips} (p = {found.p_value:.3g} for a {told.worse})"


def passing_sentence(critical: float, told: Told) -> str:
    """The estimate from which on these items would pass, everything else being as it is."""
    direction = "less" if told.lower_is_better else "more"
    return f"with as many items that scatter as much, a change of {told.change(critical)} or {direction} passes"
