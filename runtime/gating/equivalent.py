"""``metric equivalent baseline within margin at level``: neither worse nor better by more than the margin.

Two one-sided tests (TOST, Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657), each at the level: pass when both
one-sided bounds lie inside of the margin, which is when the two-sided interval at 2·level - 1 does (90% for 95%). Fail
when the change is larger than allowed and real: the estimate lies outside of the margin, and the two-sided interval at
the level excludes zero. A change of either sign fails, so each side gets half of the error.
"""

from __future__ import annotations

from compiler.power import equivalence_margin, equivalence_n
from compiler.step_params import EquivalentRequirement
from runtime.gating import wording
from runtime.gating.compared import Judgement, Told
from runtime.gating.comparing import holds
from runtime.gating.comparison import Comparison
from runtime.gating.decision import Verdict
from runtime.measuring.aggregates import finite


def tost_p(found: Comparison, margin: float) -> float:
    """The larger of both one-sided p-values: small when the difference lies clearly inside of the margin."""
    return max(found.p_above(-margin), found.p_below(margin))


def judge(found: Comparison, margin: float) -> Verdict:
    if holds(found.gated.low, ">", -margin) and holds(found.gated.high, "<", margin):
        return Verdict.PASS
    real = holds(found.shown.low, ">", 0.0) or holds(found.shown.high, "<", 0.0)
    if holds(abs(found.estimate), ">", margin) and real:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE


def judge_equivalent(requirement: EquivalentRequirement, found: Comparison, told: Told) -> Judgement:
    margin = float(requirement.margin)
    verdict = judge(found, margin)
    worse_side = -found.gated.low >= found.gated.high  # the side that lies nearer to its margin, or further beyond it
    beyond = holds(abs(found.estimate), ">", margin)
    return Judgement(
        verdict,
        threshold=-margin if worse_side else margin,
        bound=found.gated.low if worse_side else found.gated.high,
        clearance=margin - max(-found.gated.low, found.gated.high),
        worse_p=min(1.0, 2 * min(found.p_value, found.p_gain)) if beyond else 1.0,
        sentences=_sentences(requirement, found, told, verdict),
    )


def _sentences(requirement: EquivalentRequirement, found: Comparison, told: Told, verdict: Verdict) -> list[str]:
    unit, level, margin = told.unit, float(requirement.level), float(requirement.margin)
    if found.obstacle:
        return [found.obstacle]
    size = wording.size(margin, unit)
    low, high = told.ends(*found.gated)
    both = f"{wording.change(low, unit)} and {wording.change(high, unit)}"
    ends = f"the one-sided {wording.percent(level)} bounds are {both}"
    p = f"p = {tost_p(found, margin):.3g} for a change of more than {size}"
    room = margin - max(found.estimate - found.gated.low, found.gated.high - found.estimate)
    passing = (
        f"with as many items that scatter as much, a change of at most {wording.size(room, unit)} either way passes"
        if room > 0
        else "with as many items that scatter as much, no change is small enough to pass"
    )
    if verdict is Verdict.PASS:
        return [f"{ends}, both within {size} ({p})", passing]
    if verdict is Verdict.FAIL:
        excluded = f"the {wording.percent(level)} interval excludes no change"
        return [f"the change is larger than the {size} allowed and real: {excluded}", passing]
    smallest = equivalence_margin(found.deviation, found.n, level)
    able = (
        f"these items show two equal models equal within {wording.size(smallest, unit)} with a power of 80%, "
        f"and within {size} it takes about {equivalence_n(found.deviation, margin, level):,}"
        if finite(smallest) is not None and margin > 0
        else "no number of items shows that nothing at all has changed"
    )
    return [f"{ends}, not both within {size} ({p}), and a larger change is not proven either", able, passing]
