"""A metric of the whole set under a gate: what was counted in each item, and bounds from resampled items.

BLEU or a macro F1 is no mean of numbers of items, so no formula has its interval. Items are resampled, both sides of a
comparison alike, and the bound is that of the BCa interval. Too few items, and resamples that do not differ (every item
right), bound nothing: then only an estimate without a level decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from compiler.step_params import BoundRequirement, Metric, MetricRef, SpreadRequirement
from runtime.gating import wording
from runtime.gating.comparing import holds
from runtime.gating.decision import Decision, Verdict
from runtime.gating.evidence import Evidence
from runtime.gating.spread import Spread, spread_decision, why_no_spread
from runtime.measuring.aggregates import SHOWN_LEVEL, finite
from runtime.measuring.slices import Mask, Part
from runtime.measuring.whole import FEWEST_ITEMS, Group, Score, missing_in, resampled, score_of
from runtime.statistics import Bounds, one_sided, two_sided
from runtime.statistics.resampling import Resampled

Floats = npt.NDArray[np.float64]
_UNBOUNDED = Bounds(float("-inf"), float("inf"))
_TEST = "bootstrap over items, BCa bound"


@dataclass(frozen=True)
class WholeSet:
    """One model's items: a matrix items × statistics a template, a row of NaN where an answer is missing."""

    score: Score
    columns: tuple[Floats, ...]
    seed: int

    @classmethod
    def of(cls, evidence: Evidence, metric: Metric, model: str) -> WholeSet:
        position = {row_id: index for index, row_id in enumerate(evidence.row_ids)}
        found: dict[str, list[tuple[int, list[float]]]] = {template: [] for template in evidence.templates}
        for row_id, template, statistics in evidence.store.query(
            "SELECT row_id, template, statistics FROM item_metrics "
            "WHERE step_hash = ? AND metric = ? AND model = ? AND statistics IS NOT NULL",
            [evidence.step_hash, metric.name, model],
        ):
            found[template].append((position[row_id], statistics))
        columns = []
        for rows in found.values():
            matrix = np.full((len(position), len(rows[0][1]) if rows else 0), np.nan)
            matrix[[place for place, _ in rows]] = [statistics for _, statistics in rows]
            columns.append(matrix)
        return cls(score_of(metric.function, metric.args), tuple(columns), evidence.seed)

    def among(self, mask: Mask) -> WholeSet:
        return replace(self, columns=tuple(column[mask] for column in self.columns))

    def of_part(self, part: Part) -> WholeSet:
        """The items and the cells of a part."""
        chosen = self.columns if part.columns is None else tuple(self.columns[at] for at in part.columns)
        return replace(self, columns=chosen).among(part.mask)

    @property
    def everything(self) -> Group:
        return self.score, range(len(self.columns))


def whole_set_of(metric: MetricRef, evidence: Evidence) -> WholeSet | None:
    """What was counted of a model, where the metric is one of the whole set."""
    found = evidence.metrics.get(metric.metric)
    return WholeSet.of(evidence, found, metric.model) if found is not None and found.whole else None


def why_no_bound(found: Resampled, items: int) -> str | None:
    """Why resamples of so many items allow no bound, or None when they do."""
    if items < FEWEST_ITEMS:
        return (
            f"fewer than {FEWEST_ITEMS} items hardly show how a whole set varies, so no bound can be computed from them"
        )
    return None if found.varies else "resampled items do not differ, so no bound can be computed from them"


def decide_whole_bound(requirement: BoundRequirement, answers: WholeSet) -> Decision:
    """``bleu(model) >= threshold [at level]``; any missing answer leaves it open, since it has no worst case."""
    unit, threshold = requirement.metric.unit, float(requirement.threshold)
    level = None if requirement.level is None else float(requirement.level)
    items, missing = missing_in(answers.columns)
    (found,) = resampled(answers.columns, [answers.everything], answers.seed)
    if found is None or not np.isfinite(found.estimate):
        name = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
        reason = f"Nothing was measured: there is no answer from which {name} could be taken."
        return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", threshold, level=level)
    is_floor = requirement.op in (">=", ">")
    obstacle = why_no_bound(found, items)
    shown = _UNBOUNDED if obstacle else found.bounds(two_sided(level or SHOWN_LEVEL))
    gated = _UNBOUNDED if obstacle else found.bounds(one_sided(level or SHOWN_LEVEL))
    deciding = found.estimate if level is None else gated.low if is_floor else gated.high
    verdict = Verdict.INCONCLUSIVE
    if not missing and (level is None or not obstacle):
        verdict = _bound_verdict(requirement, found.estimate, deciding)
    distance = found.estimate - threshold
    return Decision(
        verdict=verdict,
        reason=wording.paragraph(_bound_sentences(requirement, answers, found, shown, deciding, verdict, obstacle)),
        unit=unit,
        test="estimate only" if level is None else _TEST,
        threshold=threshold,
        n=items,
        estimate=found.estimate,
        low=finite(shown.low),
        high=finite(shown.high),
        bound=None if level is None else finite(deciding),
        level=level,
        p_value=None if level is None else found.above(distance) if is_floor else found.below(distance),
        clearance=(deciding - threshold) * (1 if is_floor else -1),
        worse_p=found.below(distance) if is_floor else found.above(distance),
    )


def _bound_verdict(requirement: BoundRequirement, estimate: float, deciding: float) -> Verdict:
    threshold = float(requirement.threshold)
    if holds(deciding, requirement.op, threshold):
        return Verdict.PASS
    on_the_right_side = requirement.level is not None and holds(estimate, requirement.op, threshold)
    return Verdict.INCONCLUSIVE if on_the_right_side else Verdict.FAIL


def _bound_sentences(
    requirement: BoundRequirement,
    answers: WholeSet,
    found: Resampled,
    shown: Bounds,
    deciding: float,
    verdict: Verdict,
    obstacle: str | None,
) -> list[str]:
    unit, level = requirement.metric.unit, requirement.level
    items, missing = missing_in(answers.columns)
    under = f" under {len(answers.columns)} templates each" if len(answers.columns) > 1 else ""
    name = f"`{requirement.metric.metric}` of `{requirement.metric.model}`"
    text = f"{name} is {wording.value(found.estimate, unit)} on {wording.count(items, 'items')}{under}"
    if not obstacle:
        ends = f"{wording.value(shown.low, unit)} to {wording.value(shown.high, unit)}"
        text += f" ({wording.percent(float(level or SHOWN_LEVEL))} interval {ends})"
    parts = [text]
    is_floor = requirement.op in (">=", ">")
    kind = "floor" if is_floor else "ceiling"
    decided, threshold = wording.apart(wording.value, deciding, float(requirement.threshold), unit)
    if missing:
        are = wording.verb(missing, "is", "are")
        parts.append(f"{wording.count(missing, 'answers')} {are} missing, and no worst case can be assumed for them")
    if level is None:
        side = "meets" if holds(deciding, requirement.op, float(requirement.threshold)) else "misses"
        parts.append(
            f"the estimate alone decides, as the requirement names no level; it {side} the {kind} of {threshold}"
        )
    elif obstacle:
        parts.append(obstacle)
    else:
        met = holds(deciding, requirement.op, float(requirement.threshold))
        side = ("clears" if met else "does not clear") if is_floor else ("stays within" if met else "exceeds")
        end = "lower" if is_floor else "upper"
        at = wording.percent(float(level))
        parts.append(f"the one-sided {at} {end} bound is {decided} and {side} the {kind} of {threshold}")
    if verdict is Verdict.FAIL and level is not None:
        parts.append("the estimate itself lies on the wrong side")
    return parts


def decide_whole_spread(
    requirement: SpreadRequirement, answers: Floats, found: WholeSet, templates: tuple[str, ...]
) -> Decision:
    """``spread(bleu(model), templates) <= limit [at level]``. ``answers`` are the items' own values, NaN is missing."""
    unit, limit = requirement.metric.unit, float(requirement.limit)
    level = None if requirement.level is None else float(requirement.level)
    obstacle = why_no_spread(answers)
    if not obstacle:
        groups = [(found.score, [place]) for place in range(len(found.columns))]
        numbers = [number for number in resampled(found.columns, groups, found.seed) if number is not None]
        widest = Resampled.spread(numbers)
        obstacle = why_no_bound(widest, len(answers))
    if obstacle:
        reason = wording.paragraph([obstacle])
        return Decision(Verdict.INCONCLUSIVE, reason, unit, "none", limit, n=len(answers), level=level)
    bound = None
    if level is not None:
        pairs = [first.less(second).bounds(one_sided(level)) for first, second in combinations(numbers, 2)]
        bound = max(max(-low, high) for low, high in pairs)
    means = np.array([number.estimate for number in numbers])
    measured = Spread(means, len(answers), widest.bounds(two_sided(level or SHOWN_LEVEL)), bound)
    return spread_decision(requirement, measured, templates)
