"""``spread(metric, SLICE) <= limit``: best minus worst mean over groups of different items, such as languages.

Nothing is paired, so each two groups are compared by Welch's interval. The spread is within the limit exactly when no
two groups differ by more, so each pair is tested at the level and the widest one decides (intersection-union).
Templates are asked of the same items, and are compared item by item: see ``spread``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from compiler.step_params import SpreadRequirement
from runtime.gating import wording
from runtime.gating.comparing import why_no_bound
from runtime.gating.decision import Decision, Verdict
from runtime.gating.spread import Spread, decision_on
from runtime.gating.worst import Member
from runtime.measuring.aggregates import SHOWN_LEVEL
from runtime.measuring.slice_names import SMALL
from runtime.statistics import Bounds, one_sided, two_sided
from runtime.statistics.extremes import spread_bounds, spread_upper
from runtime.statistics.groups import share_difference_bounds, welch_bounds
from spec_lang.plain_text import one_line

Floats = npt.NDArray[np.float64]


def decide_group_spread(requirement: SpreadRequirement, members: Sequence[Member]) -> Decision:
    """Decide from the answers of each group. A pool of small slices cannot fail the gate, and can keep it from
    passing."""
    found = _decide(requirement, members)
    large = [member for member in members if not member.is_small]
    if found.verdict is Verdict.FAIL and len(large) < len(members):
        without = _decide(requirement, large)
        if without.verdict is not Verdict.FAIL:
            note = f"It does not without the pool of small slices, whose fewer than {SMALL} items cannot fail a gate."
            return replace(found, verdict=Verdict.INCONCLUSIVE, reason=f"{found.reason} {note}")
    return found


def _decide(requirement: SpreadRequirement, members: Sequence[Member]) -> Decision:
    unit, limit = requirement.metric.unit, float(requirement.limit)
    level = None if requirement.level is None else float(requirement.level)
    items = sum(len(member.answers) for member in members)
    obstacle = _obstacle(requirement, members)
    if obstacle:
        return Decision(Verdict.INCONCLUSIVE, wording.paragraph([obstacle]), unit, "none", limit, n=items, level=level)
    values = [member.answers.mean(axis=1) for member in members]
    means = np.array([group.mean() for group in values])

    def difference(first: int, second: int, tail: float) -> Bounds:
        between = share_difference_bounds if unit == "share" else welch_bounds
        return between(values[first], values[second], tail)

    shown = spread_bounds(len(values), difference, two_sided(level or SHOWN_LEVEL))
    bound = None if level is None else spread_upper(len(values), difference, one_sided(level))
    sentence = _means_sentence(requirement, members, means.tolist(), items)
    return decision_on(requirement, Spread(means, items, shown, bound), sentence, "groups")


def _obstacle(requirement: SpreadRequirement, members: Sequence[Member]) -> str | None:
    """Why the spread cannot be decided, or None."""
    if len(members) < 2:
        groups = wording.count(len(members), "groups")
        return f"the slice {requirement.over} has {groups}, so there is no spread to measure"
    missing = sum(int(np.count_nonzero(np.isnan(member.answers))) for member in members)
    if missing:
        text = f"{wording.count(missing, 'answers')} {wording.verb(missing, 'is', 'are')} missing"
        return f"{text}, and which ones are missing is seldom chance"
    if requirement.metric.unit == "share" or requirement.level is None:
        return None
    for member in members:
        if why := why_no_bound(member.answers.mean(axis=1)):
            return f"in `{one_line(member.name, 40)}` {why}"
    return None


def _means_sentence(
    requirement: SpreadRequirement, members: Sequence[Member], means: Sequence[float], items: int
) -> str:
    unit = requirement.metric.unit
    best, worst = means.index(max(means)), means.index(min(means))
    of = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
    sizes = [wording.count(len(member.answers), "items") for member in members]
    named = [
        f"{wording.value(means[at], unit)} in `{one_line(members[at].name, 40)}` ({sizes[at]})" for at in (best, worst)
    ]
    apart = wording.size(max(means) - min(means), unit)
    return f"{of} is {named[0]} and {named[1]}, {apart} apart, over {len(members)} groups and {items:,} items"
