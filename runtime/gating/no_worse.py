"""``metric no_worse_than baseline by margin at level``: non-inferiority on the same items.

Pass when the one-sided lower bound of candidate minus baseline lies above minus the margin. Fail when the drop is
larger than allowed and real: the estimate is below minus the margin and the upper bound below zero. What lies
between is inconclusive, and so are plain numbers whose differences allow no bound. Where less is better, the bounds
change places.
"""

from __future__ import annotations

from compiler.power import minimum_detectable, non_inferiority_n
from compiler.step_params import NoWorseRequirement
from runtime.gating import wording
from runtime.gating.compared import Judgement, Told, passing_sentence
from runtime.gating.comparing import holds
from runtime.gating.comparison import Comparison
from runtime.gating.decision import Verdict
from runtime.measuring.aggregates import finite


def judge(found: Comparison, margin: float) -> Verdict:
    if holds(found.gated.low, ">", -margin):
        return Verdict.PASS
    if holds(found.estimate, "<", -margin) and holds(found.gated.high, "<", 0.0):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE


def judge_no_worse(requirement: NoWorseRequirement, found: Comparison, told: Told) -> Judgement:
    margin = float(requirement.margin)
    verdict = judge(found, margin)
    is_drop = holds(found.estimate, "<", -margin)
    return Judgement(
        verdict,
        threshold=-margin,
        bound=found.gated.low,
        clearance=found.gated.low + margin,
        worse_p=found.p_value if is_drop else 1.0,
        sentences=_sentences(requirement, found, told, verdict),
    )


def _sentences(requirement: NoWorseRequirement, found: Comparison, told: Told, verdict: Verdict) -> list[str]:
    unit, level, margin = told.unit, float(requirement.level), float(requirement.margin)
    if found.obstacle:
        return [found.obstacle]
    lower, allowed = wording.apart(told.change, found.gated.low, -margin, unit)
    bound = f"the one-sided {wording.percent(level)} {told.worse_end} bound is {lower}"
    within = f"{told.better_side} the {allowed} that the margin allows"
    passing = passing_sentence(found.estimate - found.gated.low - margin, told)
    if verdict is Verdict.PASS:
        return [f"{bound}, {within}", passing]
    if verdict is Verdict.FAIL:
        side = "above" if told.lower_is_better else "below"
        upper = f"the one-sided {told.better_end} bound is {told.change(found.gated.high)}, {side} zero"
        return [f"the {told.worse} is larger than the {wording.size(margin, unit)} allowed and real: {upper}", passing]
    return [
        f"{bound}, not {within}, and a larger {told.worse} is not proven either",
        _what_would_help(found, margin, level, told),
        passing,
    ]


def _what_would_help(found: Comparison, margin: float, level: float, told: Told) -> str:
    distance = found.estimate + margin
    detectable = minimum_detectable(found.deviation, found.n, level)
    if holds(found.estimate, "<=", -margin) or finite(detectable) is None:
        return f"at this estimate more items would rather show a {told.worse} than settle in its favour"
    needed = max(found.n + 1, non_inferiority_n(found.deviation, distance, level))
    able = f"these items detect a change of {wording.size(detectable, told.unit)} with a power of 80%"
    return f"{able}; about {needed:,} items would be needed if the estimate is the truth"
