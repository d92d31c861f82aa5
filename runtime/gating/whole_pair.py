"""Two models under a metric of the whole set: the difference of both on items that are resampled for both alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from compiler.measure_params import Compared
from runtime.gating import wording
from runtime.gating.comparison import Comparison
from runtime.gating.decision import Decision, Verdict
from runtime.gating.whole_set import WholeSet, why_no_bound
from runtime.measuring.slices import Mask
from runtime.measuring.whole import resampled
from runtime.statistics import Bounds, one_sided, two_sided

Floats = npt.NDArray[np.float64]
_UNBOUNDED = Bounds(float("-inf"), float("inf"))


@dataclass(frozen=True)
class WholePair:
    """The same items of both sides; ``answers`` and ``other`` are the items' own values, items × templates."""

    ours: WholeSet
    theirs: WholeSet
    answers: Floats
    other: Floats
    lower_is_better: bool

    def compared(self, complete: Mask, level: float) -> Comparison:
        """The comparison of the items of a mask, each of which has all its answers. It is one of improvements."""
        sides = [
            (self.ours.among(complete), self.answers[complete]),
            (self.theirs.among(complete), self.other[complete]),
        ]
        (first, ours), (second, theirs) = reversed(sides) if self.lower_is_better else sides
        half, columns = len(first.columns), [*first.columns, *second.columns]
        groups = [(first.score, range(half)), (second.score, range(half, len(columns)))]
        left, right = resampled(columns, groups, first.seed)
        assert left is not None and right is not None  # complete items have been counted
        found, items = left.less(right), len(ours)
        obstacle = why_no_bound(found, items)
        return Comparison(
            n=items,
            templates=half,
            estimate=found.estimate,
            shown=_UNBOUNDED if obstacle else found.bounds(two_sided(level)),
            gated=_UNBOUNDED if obstacle else found.bounds(one_sided(level)),
            p_value=found.below(found.estimate),
            p_gain=found.above(found.estimate),
            deviation=float("nan") if obstacle else found.standard_error * sqrt(items),
            gained=int(np.count_nonzero(ours > theirs)),
            lost=int(np.count_nonzero(ours < theirs)),
            test="paired bootstrap over items, BCa interval",
            obstacle=obstacle,
            p_above=lambda delta: found.above(found.estimate - delta),
            p_below=lambda delta: found.below(found.estimate - delta),
        )


def undecided_whole(requirement: Compared) -> Decision:
    """Against a blessed run, whose file has what each item scored and not what was counted in it."""
    name = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
    reason = wording.paragraph(
        [
            f"{name} is a number of the whole set, and a baseline's file has none of what is counted in each item",
            "evaluate the earlier model in the same eval and compare with that",
        ]
    )
    unit, level = requirement.metric.unit, float(requirement.level)
    return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", 0.0, level=level)
