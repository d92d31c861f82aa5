"""``metric no_significant_regression baseline at level``: only a drop that is significant fails.

Fail when the one-sided p-value of a drop is at most 1 - level, pass otherwise. It controls false alarms and nothing
else: few items make it pass whatever happened. So the smallest drop that these items would have shown stands in every
reason, and items so few that a loss on every one of them would not be significant are inconclusive: a test that cannot
fail decides nothing.
"""

from __future__ import annotations

from compiler.power import minimum_detectable, non_inferiority_n
from compiler.step_params import NoRegressionRequirement
from runtime.gating import wording
from runtime.gating.compared import Judgement, Told
from runtime.gating.comparing import SLACK
from runtime.gating.comparison import Comparison
from runtime.gating.decision import Verdict
from runtime.measuring.aggregates import finite
from runtime.statistics import one_sided
from runtime.statistics.paired_means import SIGN_DRAWS

_HALVES = 2.0


def smallest_p(found: Comparison) -> float:
    """The p-value that a loss on every item would have: 1 / 2ⁿ, and half of that by the mid-p. Random draws have
    none below the one that no draw reaches."""
    if "mid-p" in found.test:
        return _HALVES**-found.n / 2
    return max(_HALVES**-found.n, 1 / (SIGN_DRAWS + 1))


def _undecided(found: Comparison, level: float) -> str | None:
    """Why the test decides nothing, or None. Where plain numbers allow no interval the sign-flip test still holds; of
    a whole set both come from the same resamples."""
    if found.obstacle and "bootstrap" in found.test:
        return found.obstacle
    if smallest_p(found) <= one_sided(level) + SLACK:
        return None
    at = f"at {wording.percent(level)}"
    if _HALVES**-found.n < smallest_p(found):
        return f"the test draws at random and gives no p below {smallest_p(found):.1g}, so it cannot fail {at}"
    items = wording.count(found.n, "items")
    return f"with {items} even a loss on every one of them is not significant {at}, so this test cannot fail"


def judge_no_regression(requirement: NoRegressionRequirement, found: Comparison, told: Told) -> Judgement:
    alpha = one_sided(float(requirement.level))
    if _undecided(found, float(requirement.level)):
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.FAIL if found.p_value <= alpha + SLACK else Verdict.PASS
    return Judgement(
        verdict,
        threshold=0.0,
        bound=found.gated.high,
        clearance=found.p_value - alpha,
        worse_p=found.p_value,
        sentences=_sentences(requirement, found, told, verdict),
    )


def _sentences(requirement: NoRegressionRequirement, found: Comparison, told: Told, verdict: Verdict) -> list[str]:
    level = float(requirement.level)
    at = f"at {wording.percent(level)}"
    if verdict is Verdict.INCONCLUSIVE:
        return [_undecided(found, level) or ""]
    if verdict is Verdict.FAIL:
        return [
            f"the {told.worse} is significant {at}",
            "`no_worse_than … by` would allow one up to a margin that you name",
        ]
    detectable = finite(minimum_detectable(found.deviation, found.n, level))
    told_so = [f"no {told.worse} is significant {at}, which does not prove that there is none"]
    if detectable is None:
        return told_so
    size = wording.size(detectable, told.unit)
    half = non_inferiority_n(found.deviation, detectable / 2, level)
    told_so.append(
        f"a true {told.worse} of {size} would have been found with a power of 80%, a smaller one less often; "
        f"half of it takes about {half:,} items"
    )
    return told_so
