"""``metric >= threshold [at level]``: a floor or a ceiling on one model's metric.

With a level the one-sided bound has to clear the threshold, so that passing is evidence; without one
the estimate decides, and the reason says so. Where an answer is missing nothing passes: which ones are lost
is seldom chance. It still fails where the share does with all of them counted as good; a plain number has no
best case. Plain answers that do not vary are inconclusive on either side of the threshold: they allow no bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from compiler.power import POWER, non_inferiority_n, share_minimum_detectable
from compiler.step_params import BoundRequirement
from runtime.gating import wording
from runtime.gating.comparing import holds, why_no_bound
from runtime.gating.decision import Decision, Verdict
from runtime.measuring.aggregates import SHOWN_LEVEL, aggregate, finite
from runtime.statistics import one_sided
from runtime.statistics.clustered import (
    Clusters,
    clustered_standard_error,
    effective_answers,
    mean_bounds,
    mean_tail_probability,
    share_bounds,
)
from runtime.statistics.proportion import chance_of_at_least, chance_of_at_most, clopper_pearson

Floats = npt.NDArray[np.float64]
_MOST_ITEMS = 1_000_000  # beyond this, saying how many items would be needed helps nobody


@dataclass(frozen=True, slots=True)
class _Rule:
    op: str
    threshold: float
    level: float | None
    unit: str
    samples: int = 1
    votes: int = 1  # of an answer: a pair is judged in both orders

    @property
    def is_floor(self) -> bool:
        return self.op in (">=", ">")

    @property
    def tail(self) -> float:
        return one_sided(self.level or SHOWN_LEVEL)

    def holds(self, number: float) -> bool:
        return holds(number, self.op, self.threshold)


def decide_bound(requirement: BoundRequirement, answers: Floats, samples: int = 1, votes: int = 1) -> Decision:
    """Decide from a matrix items × templates of the model's answers, each the mean of so many; NaN is missing."""
    level = None if requirement.level is None else float(requirement.level)
    samples *= votes
    rule = _Rule(requirement.op, float(requirement.threshold), level, requirement.metric.unit, samples, votes)
    shown = aggregate(answers, rule.unit, level or SHOWN_LEVEL, samples)
    name = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
    if shown.estimate is None:
        reason = f"Nothing was measured: there is no answer from which {name} could be taken."
        return Decision(Verdict.INCONCLUSIVE, reason, rule.unit, "none", rule.threshold, level=level)
    clusters = Clusters.of_rows(answers, rule.samples)
    obstacle = _why_no_bound(rule, clusters)
    if obstacle:
        reason = wording.paragraph([_estimate_sentence(rule, name, answers, interval=False), obstacle])
        n, estimate, test = shown.n, shown.estimate, _test(rule, answers.shape[1] * samples)
        return Decision(
            Verdict.INCONCLUSIVE, reason, rule.unit, test, rule.threshold, n=n, estimate=estimate, level=level
        )
    verdict, deciding = _verdict(rule, answers, shown.missing)
    distance = (deciding - rule.threshold) * (1 if rule.is_floor else -1)
    return Decision(
        verdict=verdict,
        reason=_reason(rule, name, answers, verdict, deciding),
        unit=rule.unit,
        test=_test(rule, answers.shape[1] * samples),
        threshold=rule.threshold,
        n=shown.n,
        estimate=shown.estimate,
        low=shown.low,
        high=shown.high,
        bound=None if level is None else finite(deciding),
        level=level,
        p_value=None if level is None else _p_value(rule, clusters, beyond=rule.is_floor),
        minimum_detectable=_minimum_detectable(rule, clusters),
        clearance=distance,
        worse_p=_worse_p(rule, answers),
    )


def _verdict(rule: _Rule, answers: Floats, missing: int) -> tuple[Verdict, float]:
    """The verdict and the number that decided it (the bound, or without a level the estimate)."""
    if not missing:
        return _verdict_of_complete(rule, answers)
    if rule.unit != "share":
        return Verdict.INCONCLUSIVE, _verdict_of_complete(rule, answers)[1]
    bad, good = (0.0, 1.0) if rule.is_floor else (1.0, 0.0)
    _, deciding = _verdict_of_complete(rule, np.nan_to_num(answers, nan=bad))
    at_best, _ = _verdict_of_complete(rule, np.nan_to_num(answers, nan=good))
    return (Verdict.FAIL if at_best is Verdict.FAIL else Verdict.INCONCLUSIVE), deciding


def _verdict_of_complete(rule: _Rule, answers: Floats) -> tuple[Verdict, float]:
    clusters = Clusters.of_rows(answers, rule.samples)
    estimate = clusters.mean
    if rule.level is None:
        return (Verdict.PASS if rule.holds(estimate) else Verdict.FAIL), estimate
    bounds = share_bounds(clusters, rule.tail) if rule.unit == "share" else mean_bounds(clusters, rule.tail)
    bound = bounds.low if rule.is_floor else bounds.high
    if rule.holds(bound):
        return Verdict.PASS, bound
    return (Verdict.INCONCLUSIVE if rule.holds(estimate) else Verdict.FAIL), bound


def _why_no_bound(rule: _Rule, clusters: Clusters) -> str | None:
    if rule.level is None or rule.unit == "share":
        return None
    return why_no_bound(clusters.sums / clusters.sizes)


def _worse_p(rule: _Rule, answers: Floats) -> float:
    """The p-value of a failure: of the answers with all missing ones counted as good, as the failure itself is."""
    if np.isnan(answers).any():
        if rule.unit != "share":
            return 1.0
        answers = np.nan_to_num(answers, nan=1.0 if rule.is_floor else 0.0)
    return _p_value(rule, Clusters.of_rows(answers, rule.samples), beyond=not rule.is_floor)


def _p_value(rule: _Rule, clusters: Clusters, *, beyond: bool) -> float:
    """P(an estimate at least this high | truth at the threshold), or at most this high when not ``beyond``."""
    if rule.unit == "share":
        effective = effective_answers(clusters, rule.tail)
        chance = chance_of_at_least if beyond else chance_of_at_most
        return chance(clusters.mean * effective, effective, rule.threshold)
    below = mean_tail_probability(clusters, rule.threshold)
    return 1 - below if beyond else below


def _test(rule: _Rule, asked: int) -> str:
    if rule.level is None:
        return "estimate only"
    if rule.unit != "share":
        return "one-sided t bound"
    return "one-sided Clopper-Pearson bound" if asked == 1 else "one-sided Korn-Graubard bound"


def _minimum_detectable(rule: _Rule, clusters: Clusters) -> float | None:
    if rule.level is None:
        return None
    if rule.unit == "share":
        effective = effective_answers(clusters, rule.tail)
        return finite(share_minimum_detectable(rule.threshold, effective, rule.level, rule.is_floor))
    normal = NormalDist()
    return finite((normal.inv_cdf(rule.level) + normal.inv_cdf(POWER)) * clustered_standard_error(clusters))


def items_needed(rule: _Rule, clusters: Clusters) -> int | None:
    """Items with which the bound would clear the threshold if the estimate stayed; None when no sane number would."""
    assert rule.level is not None
    distance = abs(clusters.mean - rule.threshold)
    if distance == 0:
        return None
    if rule.unit != "share":
        error = clustered_standard_error(clusters)
        if isnan(error):
            return None
        needed = max(clusters.count + 1, non_inferiority_n(error * clusters.count**0.5, distance, rule.level, 0.5))
        return needed if needed <= _MOST_ITEMS else None
    worth = effective_answers(clusters, rule.tail) / clusters.count  # effective answers an item

    def clears(items: int) -> bool:
        bounds = clopper_pearson(clusters.mean * items * worth, items * worth, rule.tail)
        return rule.holds(bounds.low if rule.is_floor else bounds.high)

    low, high = clusters.count, clusters.count
    while not clears(high):
        low, high = high, high * 2
        if high > _MOST_ITEMS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if clears(middle) else (middle, high)
    return high


def _reason(rule: _Rule, name: str, answers: Floats, verdict: Verdict, deciding: float) -> str:
    shown = aggregate(answers, rule.unit, rule.level or SHOWN_LEVEL, rule.samples)
    assert shown.estimate is not None
    kind = "floor" if rule.is_floor else "ceiling"
    decided, threshold = wording.apart(wording.value, deciding, rule.threshold, rule.unit)
    parts = [_estimate_sentence(rule, name, answers)]
    if rule.level is None:
        side = "meets" if rule.holds(shown.estimate) else "misses"
        parts.append(
            f"the estimate alone decides, as the requirement names no level; it {side} the {kind} of {threshold}"
        )
    else:
        end = "lower" if rule.is_floor else "upper"
        met, unmet = ("clears", "does not clear") if rule.is_floor else ("stays within", "exceeds")
        side = met if rule.holds(deciding) else unmet
        level = wording.percent(rule.level)
        parts.append(f"the one-sided {level} {end} bound is {decided} and {side} the {kind} of {threshold}")
    if shown.missing:
        parts.append(_missing_sentence(rule, shown.missing, verdict))
    elif verdict is Verdict.INCONCLUSIVE:
        parts.append(_what_would_help(rule, answers))
    if verdict is Verdict.FAIL and rule.level is not None:
        parts.append("the estimate itself lies on the wrong side")
    if rule.level is not None:
        parts.append(_what_passes(rule, Clusters.of_rows(answers, rule.samples)))
    return wording.paragraph(parts)


def _estimate_sentence(rule: _Rule, name: str, answers: Floats, *, interval: bool = True) -> str:
    shown = aggregate(answers, rule.unit, rule.level or SHOWN_LEVEL, rule.samples)
    assert shown.estimate is not None
    templates = answers.shape[1]
    under = f" under {templates} templates each" if templates > 1 else ""
    under += f", asked {rule.samples // rule.votes} times" if rule.samples > rule.votes else ""
    under += ", judged in both orders" if rule.votes > 1 else ""
    text = f"{name} is {wording.value(shown.estimate, rule.unit)} on {wording.count(shown.n, 'items')}{under}"
    if not interval or shown.low is None or shown.high is None:
        return text
    ends = f"{wording.value(shown.low, rule.unit)} to {wording.value(shown.high, rule.unit)}"
    return f"{text} ({wording.percent(rule.level or SHOWN_LEVEL)} interval {ends})"


def _missing_sentence(rule: _Rule, missing: int, verdict: Verdict) -> str:
    answers = f"{wording.count(missing, 'answers')} {wording.verb(missing, 'is', 'are')} missing"
    if verdict is Verdict.FAIL:
        return f"{answers}; counted as good, the verdict stays the same"
    return f"{answers} ({wording.WHERE}), and an evaluation that lost answers does not pass"


def _what_passes(rule: _Rule, clusters: Clusters) -> str:
    """The estimate from which on as many items would pass, as they resemble each other now."""
    side = "more" if rule.is_floor else "less"
    if rule.unit != "share":
        bounds = mean_bounds(clusters, rule.tail)
        critical = rule.threshold + clusters.mean - (bounds.low if rule.is_floor else bounds.high)
        return f"with as many items that scatter as much, {wording.value(critical, rule.unit)} or {side} passes"
    worth = effective_answers(clusters, rule.tail)
    wrong, right = rule.threshold, 1.0 if rule.is_floor else 0.0

    def clears(share: float) -> bool:
        bounds = clopper_pearson(share * worth, worth, rule.tail)
        return rule.holds(bounds.low if rule.is_floor else bounds.high)

    if not clears(right):
        return "with as many items no score passes"
    for _ in range(40):
        middle = (wrong + right) / 2
        wrong, right = (wrong, middle) if clears(middle) else (middle, right)
    return f"with as many items, {wording.value(right, rule.unit)} or {side} passes"


def _what_would_help(rule: _Rule, answers: Floats) -> str:
    needed = items_needed(rule, Clusters.of_rows(answers, rule.samples))
    if needed is None:
        return "more items alone would not settle it at this estimate"
    return f"about {needed:,} items would settle it if the estimate stayed"
