"""``metric no_worse_than baseline by margin at level``: non-inferiority on the same items.

Pass when the one-sided lower bound of candidate minus baseline lies above minus the margin. Fail when the drop is
larger than allowed and real: the estimate is below minus the margin and the upper bound below zero. What lies
between is inconclusive, and so is any missing pair, because which pairs are missing is seldom chance, and so are
plain numbers whose differences allow no bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from compiler.step_params import NoWorseRequirement
from runtime.gating import wording
from runtime.gating.comparing import holds, why_no_bound
from runtime.gating.decision import Decision, Verdict
from runtime.measuring.aggregates import finite
from runtime.statistics import Bounds, one_sided, two_sided
from runtime.statistics.paired import Pairs, mcnemar_mid_p, tango
from runtime.statistics.paired_means import adjusted_bounds, adjusted_standard_error, paired_t_bounds, sign_flip_p
from runtime.statistics.power import minimum_detectable, non_inferiority_n

Floats = npt.NDArray[np.float64]
_UNBOUNDED = Bounds(float("-inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus baseline on ``n`` complete items: estimate, both bounds at each tail, evidence of a drop."""

    n: int
    templates: int
    estimate: float
    shown: Bounds  # two-sided
    gated: Bounds  # each end one-sided
    p_value: float  # small when the candidate is worse
    deviation: float  # standard deviation of per-item differences
    gained: int
    lost: int
    test: str
    obstacle: str | None  # why there are no bounds; they are infinite then


def compare(candidate: Floats, baseline: Floats, unit: str, level: float, seed: int) -> Comparison:
    """Compare two complete matrices items × templates (same rows, same columns, no NaN, at least one row)."""
    differences = candidate.mean(axis=1) - baseline.mean(axis=1)
    n, templates = candidate.shape
    obstacle = None if unit == "share" else why_no_bound(differences)
    gained, lost = int(np.count_nonzero(candidate > baseline)), int(np.count_nonzero(candidate < baseline))
    if unit == "share" and templates == 1:
        both = int(np.count_nonzero((candidate == baseline) & (candidate > 0.5)))
        pairs = Pairs(both, n - both - gained - lost, gained, lost)
        shown, gated = tango(pairs, two_sided(level)), tango(pairs, one_sided(level))
        p_value, test = mcnemar_mid_p(pairs), "McNemar mid-p, Tango interval"
    elif unit == "share":
        shown, gated = adjusted_bounds(differences, two_sided(level)), adjusted_bounds(differences, one_sided(level))
        p_value, test = sign_flip_p(differences, seed), "sign-flip by item, adjusted t interval"
    else:
        shown, gated = paired_t_bounds(differences, two_sided(level)), paired_t_bounds(differences, one_sided(level))
        p_value, test = sign_flip_p(differences, seed), "sign-flip by item, paired t interval"
    if obstacle:
        shown, gated = _UNBOUNDED, _UNBOUNDED
    return Comparison(
        n,
        templates,
        float(differences.mean()),
        shown,
        gated,
        p_value,
        float("nan") if obstacle else _deviation(differences, unit),
        gained,
        lost,
        test,
        obstacle,
    )


def _deviation(differences: Floats, unit: str) -> float:
    """Standard deviation of the differences; for shares with the pseudo-items, as no flips do not mean no noise."""
    if unit == "share":
        return adjusted_standard_error(differences) * sqrt(len(differences) + 2)
    return float(differences.std(ddof=1))


def decide_no_worse(requirement: NoWorseRequirement, candidate: Floats, baseline: Floats, seed: int) -> Decision:
    """Decide from two matrices items × templates over the same items and templates; NaN is missing."""
    unit, margin, level = requirement.metric.unit, float(requirement.margin), float(requirement.level)
    absent = np.isnan(candidate) | np.isnan(baseline)
    complete = ~absent.any(axis=1)
    if not complete.any():
        reason = "Nothing was measured: there is no item that both models answered."
        return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", -margin, level=level)
    found = compare(candidate[complete], baseline[complete], unit, level, seed)
    missing = int(np.count_nonzero(absent))
    verdict = Verdict.INCONCLUSIVE if missing else judge(found, margin)
    is_drop = holds(found.estimate, "<", -margin) and not missing
    return Decision(
        verdict=verdict,
        reason=_reason(requirement, found, verdict, missing),
        unit=unit,
        test=found.test,
        threshold=-margin,
        n=found.n,
        estimate=found.estimate,
        low=finite(found.shown.low),
        high=finite(found.shown.high),
        bound=finite(found.gated.low),
        level=level,
        gained=found.gained,
        lost=found.lost,
        p_value=found.p_value,
        minimum_detectable=finite(minimum_detectable(found.deviation, found.n, level)),
        clearance=found.gated.low + margin,
        worse_p=found.p_value if is_drop else 1.0,
    )


def judge(found: Comparison, margin: float) -> Verdict:
    if holds(found.gated.low, ">", -margin):
        return Verdict.PASS
    if holds(found.estimate, "<", -margin) and holds(found.gated.high, "<", 0.0):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE


def _reason(requirement: NoWorseRequirement, found: Comparison, verdict: Verdict, missing: int) -> str:
    unit, level, margin = requirement.metric.unit, float(requirement.level), float(requirement.margin)
    lower, allowed = wording.apart(wording.change, found.gated.low, -margin, unit)
    parts = [_difference_sentence(requirement, found), _flips_sentence(found)]
    if missing:
        pairs = f"{wording.count(missing, 'pairs')} {wording.verb(missing, 'is', 'are')} missing ({wording.WHERE})"
        return wording.paragraph([*parts, f"{pairs}, so the comparison is not complete and decides nothing"])
    if found.obstacle:
        return wording.paragraph([*parts, found.obstacle])
    bound = f"the one-sided {wording.percent(level)} lower bound is {lower}"
    if verdict is Verdict.PASS:
        parts.append(f"{bound}, above the {allowed} that the margin allows")
    elif verdict is Verdict.FAIL:
        upper = f"the one-sided upper bound is {wording.change(found.gated.high, unit)}, below zero"
        parts.append(f"the drop is larger than the {wording.size(margin, unit)} allowed and real: {upper}")
    else:
        parts.append(f"{bound}, not above the {allowed} that the margin allows, and a larger drop is not proven either")
        parts.append(_what_would_help(found, margin, level, unit))
    return wording.paragraph(parts)


def _difference_sentence(requirement: NoWorseRequirement, found: Comparison) -> str:
    unit, level = requirement.metric.unit, float(requirement.level)
    under = f" under {found.templates} templates each" if found.templates > 1 else ""
    text = (
        f"`{requirement.metric.metric}` of `{requirement.metric.model}` against `{requirement.baseline}`: "
        f"{wording.change(found.estimate, unit)} on {wording.count(found.n, 'paired items')}{under}"
    )
    if finite(found.shown.low) is None:
        return text
    ends = f"{wording.change(found.shown.low, unit)} to {wording.change(found.shown.high, unit)}"
    return f"{text} ({wording.percent(level)} interval {ends})"


def _flips_sentence(found: Comparison) -> str:
    flips = f"{wording.count(found.gained, 'answers')} got better and {found.lost:,} got worse"
    return f"{flips} (p = {found.p_value:.3g} for a drop)"


def _what_would_help(found: Comparison, margin: float, level: float, unit: str) -> str:
    distance = found.estimate + margin
    detectable = minimum_detectable(found.deviation, found.n, level)
    if holds(found.estimate, "<=", -margin) or finite(detectable) is None:
        return "at this estimate more items would rather show a drop than settle in its favour"
    needed = max(found.n + 1, non_inferiority_n(found.deviation, distance, level))
    able = f"these items detect a change of {wording.size(detectable, unit)} with a power of 80%"
    return f"{able}; about {needed:,} items would be needed if the estimate is the truth"
