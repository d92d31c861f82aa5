"""``worst(metric, axis) >= threshold``: the worst template, number of examples or slice has to clear it.

That is one claim about each of them, so each is decided as ``metric >= threshold`` is, at the same level, and the
requirement's verdict is the worst one (intersection-union, Berger 1982, Technometrics 24:295): to pass wrongly, the
truly worst one has to pass wrongly. No correction is needed, and none would be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from compiler.measure_params import WorstRequirement
from compiler.step_params import BoundRequirement
from runtime.gating import wording
from runtime.gating.bound import decide_bound
from runtime.gating.decision import Decision, Verdict, worst
from runtime.gating.whole_set import WholeSet, decide_whole_bound
from runtime.measuring.slice_names import SMALL
from spec_lang.plain_text import one_line

Floats = npt.NDArray[np.float64]
_ORDER = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
_NAMED = 6


@dataclass(frozen=True)
class Member:
    """One of an axis: a template, a number of examples or a slice. ``answers`` is a matrix items × cells with NaN where
    one is missing; ``whole`` what was counted in them, where the metric is one of the whole set. ``is_pool``: several
    slices that are too small alone; ``is_small``: even so they are too small to fail a gate."""

    name: str
    answers: Floats
    is_small: bool = False
    whole: WholeSet | None = None
    is_pool: bool = False


def decide_worst(requirement: WorstRequirement, members: Sequence[Member], samples: int) -> Decision:
    """Decide from all members of the axis. Numbers are those of the weakest one."""
    rule = _rule_of_one(requirement)
    if not members:
        reason = "Nothing was measured: the axis has no values."
        return Decision(Verdict.INCONCLUSIVE, reason, requirement.metric.unit, "none", float(rule.threshold))
    decisions = [
        decide_bound(rule, member.answers, samples) if member.whole is None else decide_whole_bound(rule, member.whole)
        for member in members
    ]
    pairs = list(zip(members, decisions, strict=True))
    verdict = worst(_eased(member, decision) for member, decision in pairs)
    weakest, decision = min(pairs, key=lambda pair: (_ORDER.index(pair[1].verdict), pair[1].clearance))
    sentences = [_all_of_them(pairs), f"Weakest, `{one_line(weakest.name, 60)}`: {decision.reason}"]
    if decision.verdict is Verdict.FAIL and verdict is not Verdict.FAIL:
        note = f"Only the pool of small slices fails, and its fewer than {SMALL} items cannot fail the gate."
        sentences.insert(1, note)
    if all(member.is_pool for member in members):
        sentences.insert(0, none_alone(requirement.over or ""))
        verdict = worst([verdict, Verdict.INCONCLUSIVE])
    test = f"{decision.test}, of each" if rule.level is not None else decision.test
    return replace(decision, verdict=verdict, reason=" ".join(sentences), test=test)


def none_alone(name: str) -> str:
    """What is said where a claim is about each value of a slice, and all of them were pooled."""
    return f"No slice by {name} was looked at alone: each has fewer than {SMALL} items, so all were decided together."


def _eased(member: Member, decision: Decision) -> Verdict:
    fails = decision.verdict is Verdict.FAIL and member.is_small
    return Verdict.INCONCLUSIVE if fails else decision.verdict


def _rule_of_one(requirement: WorstRequirement) -> BoundRequirement:
    return BoundRequirement(
        text=requirement.text,
        metric=requirement.metric,
        op=requirement.op,
        threshold=requirement.threshold,
        level=requirement.level,
        each=None,
    )


def _all_of_them(pairs: Sequence[tuple[Member, Decision]]) -> str:
    """The estimates of all, the worst first."""
    ordered = sorted(pairs, key=lambda pair: pair[1].clearance)
    named = [
        f"`{one_line(member.name, 40)}` {'not measured' if d.estimate is None else wording.value(d.estimate, d.unit)}"
        for member, d in ordered[:_NAMED]
    ]
    if len(ordered) > _NAMED:
        named.append(f"{len(ordered) - _NAMED} more")
    return f"From the worst on: {wording.listing(named)}."
