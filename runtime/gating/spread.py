"""``spread(metric, templates) <= limit``: best minus worst template mean, how much the wording of a prompt matters.

The interval shown, and the bound that decides under a level, are made of those of every pair of templates
(``runtime/statistics/extremes.py``): the spread is within the limit exactly when every pair differs by no more than
that, so each pair is tested at the level and the widest one decides (intersection-union, Berger 1982, Technometrics
24:295). Plain numbers of which a pair does not vary, or of fewer than 3 items, allow no bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from compiler.step_params import SpreadRequirement
from runtime.gating import wording
from runtime.gating.comparing import holds, why_no_bound
from runtime.gating.decision import Decision, Verdict
from runtime.measuring.aggregates import SHOWN_LEVEL, finite
from runtime.statistics import Bounds, one_sided, two_sided
from runtime.statistics.extremes import OfTwo, spread_bounds, spread_upper
from runtime.statistics.paired_means import difference_bounds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """The number of each template, the interval of the largest difference, and with a level the bound that decides."""

    means: Floats
    items: int
    shown: Bounds
    bound: float | None

    @property
    def estimate(self) -> float:
        return float(self.means.max() - self.means.min())


def decide_spread(requirement: SpreadRequirement, answers: Floats, templates: tuple[str, ...]) -> Decision:
    """Decide from a matrix items × templates; columns in the order of ``templates``; NaN is missing."""
    unit, limit = requirement.metric.unit, float(requirement.limit)
    level = None if requirement.level is None else float(requirement.level)
    obstacle = why_no_spread(answers)
    if not obstacle and level is not None and unit != "share":
        obstacle = _why_no_pair_bound(answers, templates)
    if obstacle:
        return Decision(
            Verdict.INCONCLUSIVE, wording.paragraph([obstacle]), unit, "none", limit, n=len(answers), level=level
        )
    shown = spread_bounds(answers.shape[1], _between(answers, unit), two_sided(level or SHOWN_LEVEL))
    bound = None if level is None else upper_bound(answers, unit, level)
    return spread_decision(requirement, Spread(answers.mean(axis=0), len(answers), shown, bound), templates)


def spread_decision(requirement: SpreadRequirement, found: Spread, templates: tuple[str, ...]) -> Decision:
    """The decision on a spread over templates that was measured of complete answers."""
    return decision_on(requirement, found, _means_sentence(requirement, found, templates), "templates")


def decision_on(requirement: SpreadRequirement, found: Spread, means_sentence: str, of: str) -> Decision:
    """The decision on a spread over ``of`` that was measured; its reason begins with the sentence on the means."""
    unit, limit = requirement.metric.unit, float(requirement.limit)
    level = None if requirement.level is None else float(requirement.level)
    estimate, bound, shown = found.estimate, found.bound, found.shown
    deciding = estimate if bound is None else bound
    if _within(requirement, deciding):
        verdict = Verdict.PASS
    elif bound is None or not _within(requirement, estimate):
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.INCONCLUSIVE
    parts = [
        means_sentence,
        *_interval_sentence(shown, unit, level),
        _deciding_sentence(requirement, estimate, bound, verdict),
    ]
    if bound is not None:
        parts.append(_what_passes(limit - (bound - estimate), unit))
    return Decision(
        verdict=verdict,
        reason=wording.paragraph(parts),
        unit=unit,
        test="estimate only" if bound is None else f"every pair of {of} within the limit",
        threshold=limit,
        n=found.items,
        estimate=estimate,
        low=shown.low,
        high=finite(shown.high),
        bound=None if bound is None else finite(bound),
        level=level,
        clearance=limit - deciding,
    )


def upper_bound(answers: Floats, unit: str, level: float) -> float:
    """The largest upper bound of |difference| over all pairs of templates, each one-sided at ``level``."""
    return spread_upper(answers.shape[1], _between(answers, unit), one_sided(level))


def _between(answers: Floats, unit: str) -> OfTwo:
    """The interval of the difference of two templates, item by item."""
    return lambda first, second, tail: difference_bounds(answers[:, first] - answers[:, second], unit, tail)


def _why_no_pair_bound(answers: Floats, templates: tuple[str, ...]) -> str | None:
    """Why the plain numbers of some two templates allow no bound of their difference, or None."""
    for first, second in combinations(range(answers.shape[1]), 2):
        if why := why_no_bound(answers[:, first] - answers[:, second]):
            return f"between `{templates[first]}` and `{templates[second]}` {why}"
    return None


def _interval_sentence(shown: Bounds, unit: str, level: float | None) -> list[str]:
    """The interval of a spread, where there is one: a plain number of one item has none."""
    if finite(shown.high) is None:
        return []
    ends = f"{wording.size(shown.low, unit)} to {wording.size(shown.high, unit)}"
    return [f"the {wording.percent(level or SHOWN_LEVEL)} interval is {ends}"]


def _what_passes(critical: float, unit: str) -> str:
    if critical < 0:
        return "with as many items that scatter as much, no spread is small enough to pass"
    return f"with as many items that scatter as much, a spread of {wording.size(critical, unit)} or less passes"


def why_no_spread(answers: Floats) -> str | None:
    """Why the spread cannot be decided, or None."""
    if answers.shape[1] < 2:
        return "the evaluation has one template only, so there is no spread to measure"
    if not len(answers):
        return "nothing was measured: there are no items"
    missing = int(np.count_nonzero(np.isnan(answers)))
    if missing:
        text = f"{wording.count(missing, 'answers')} {wording.verb(missing, 'is', 'are')} missing"
        return f"{text}, so the templates were not measured on the same items"
    return None


def _within(requirement: SpreadRequirement, number: float) -> bool:
    return holds(number, requirement.op, float(requirement.limit))


def _means_sentence(requirement: SpreadRequirement, found: Spread, templates: tuple[str, ...]) -> str:
    unit, means = requirement.metric.unit, found.means
    best, worst = int(means.argmax()), int(means.argmin())
    name = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
    if best == worst:
        return f"{name} is {wording.value(float(means[0]), unit)} under every template, on {found.items:,} items"
    return (
        f"{name} is {wording.value(float(means[best]), unit)} under `{templates[best]}` and "
        f"{wording.value(float(means[worst]), unit)} under `{templates[worst]}`, "
        f"{wording.size(found.estimate, unit)} apart on {wording.count(found.items, 'items')}"
    )


def _deciding_sentence(requirement: SpreadRequirement, spread_of: float, bound: float | None, verdict: Verdict) -> str:
    deciding = spread_of if bound is None else bound
    shown, limit = wording.apart(wording.size, deciding, float(requirement.limit), requirement.metric.unit)
    if bound is None or requirement.level is None:
        side = "within" if verdict is Verdict.PASS else "beyond"
        return f"the estimate alone decides, as the requirement names no level; it is {side} the limit of {limit}"
    level = wording.percent(float(requirement.level))
    at = f"the one-sided {level} upper bound of the widest pair is {shown}"
    if verdict is Verdict.PASS:
        return f"{at}, within the limit of {limit}"
    if verdict is Verdict.FAIL:
        return f"{at}, and the estimate itself is beyond the limit of {limit}"
    return f"{at}, beyond the limit of {limit} although the estimate is within it: more items would narrow it"
